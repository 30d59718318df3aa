/**
 * A machine of its own for a test, with a real systemd as its first process: systemd-nspawn(1) on an almost
 * empty root of its own, with this system's /usr and this tree, both read-only. Nothing of the system that
 * runs the test is changed; its network is loopback alone.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, withDeadline } from '#lib';

const tree = fileURLToPath(new URL('../../', import.meta.url));
const bootLimitMs = 60_000;
const lookMs = 100;

/** A reason to skip, or false. */
export const withoutSystemd: string | false =
  process.getuid?.() !== 0
    ? 'only root may make a machine'
    : spawnSync('systemd-nspawn', ['--version']).status !== 0
      ? 'systemd-container is not installed'
      : spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0
        ? false
        : 'namespaces may not be made here';

export class SystemdMachine implements AsyncDisposable {
  readonly #root: string;
  #nspawn: ChildProcess | undefined;
  #said = '';

  private constructor(root: string) {
    this.#root = root;
  }

  static async make(): Promise<SystemdMachine> {
    const machine = new SystemdMachine(makeRoot());
    try {
      await machine.boot();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when all units have started. */
  async boot(): Promise<void> {
    const args = ['--directory', this.#root, '--boot', '--private-network', '--console=pipe'];
    const alone = ['--register=no', '--keep-unit'];
    const nodePrefix = dirname(dirname(process.execPath));
    const binds = ['/usr', `${tree}:/opt/gantry`, `${nodePrefix}:/opt/node`];
    const child = spawn(
      'systemd-nspawn',
      [...args, ...alone, ...binds.map((bind) => `--bind-ro=${bind}`)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#nspawn = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-4000);
      });
    await withDeadline('systemd to have started', bootLimitMs, undefined, async (signal) => {
      while (!/^(running|degraded)/.test(this.run('systemctl', 'is-system-running').out)) {
        if (child.exitCode !== null) throw new Error(`systemd-nspawn ended: ${this.#said}`);
        await systemClock.sleep(lookMs, signal);
      }
    });
  }

  /** Shuts the system down as `systemctl reboot` does, and boots it again. */
  async reboot(): Promise<void> {
    const child = this.#nspawn;
    if (!child) throw new Error('the machine does not run');
    const ended = once(child, 'exit');
    this.must('systemctl', 'reboot');
    await ended;
    await this.boot();
  }

  /** Runs a program in the machine. */
  run(...words: readonly string[]): { readonly code: number; readonly out: string; err: string } {
    const first = this.firstProcess;
    if (first === undefined) return { code: 1, out: '', err: 'the machine does not run' };
    const namespaces = ['--mount', '--root', '--wd', '--pid', '--net', '--ipc', '--uts'];
    const path = '/opt/node/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      ['--target', first, ...namespaces, '--', ...words],
      { encoding: 'utf8', env: { PATH: path, HOME: '/root' }, maxBuffer: 4 * 1024 * 1024 },
    );
    return { code: status ?? 1, out: stdout, err: stderr };
  }

  /** As `run`; anything but exit code 0 is an error with what was said. */
  must(...words: readonly string[]): string {
    const { code, out, err } = this.run(...words);
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}\n${out}\n${err}`);
    return out;
  }

  gantry(...words: readonly string[]): string {
    return this.must('/opt/gantry/gantry', ...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#nspawn;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      // With the first process of a namespace all others end.
      const first = this.firstProcess;
      if (first === undefined) child.kill('SIGKILL');
      else process.kill(Number(first), 'SIGKILL');
      await ended;
    }
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Its id outside; undefined while the machine does not run. */
  get firstProcess(): string | undefined {
    const pid = this.#nspawn?.pid;
    if (pid === undefined) return undefined;
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .split(' ')
        .find((one) => one !== '');
    } catch {
      return undefined;
    }
  }
}

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'gm-'));
  chmodSync(root, 0o755);
  for (const folder of [
    'etc/systemd/system',
    'opt/gantry',
    'opt/node',
    'usr',
    'var/log/journal',
    'root',
  ])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    if (existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink())
      symlinkSync(readlinkSync(`/${name}`), join(root, name));
  }
  for (const name of ['alternatives', 'group', 'ld.so.cache', 'nsswitch.conf', 'passwd'])
    cpSync(join('/etc', name), join(root, 'etc', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  writeFileSync(join(root, 'etc/os-release'), readFileSync('/etc/os-release'));
  const target = join(root, 'etc/systemd/system/default.target');
  symlinkSync('/usr/lib/systemd/system/multi-user.target', target);
  writeFileSync(join(root, 'etc/hostname'), 'machine\n');
  // An empty one is filled, an absent one makes systemd ask as at a first start.
  writeFileSync(join(root, 'etc/machine-id'), '');
  return root;
}
