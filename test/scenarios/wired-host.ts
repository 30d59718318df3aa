/** A host with an agent and QEMU that is a network namespace, with a cable to a wire that others are on (network-hosts.ts). */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must, NetGuest } from '../../src/agent/testing/net-guest.ts';
import type { Stage } from '../../src/coordinator/testing/stage.ts';

const agentProgram = fileURLToPath(new URL('../../src/agent/main.ts', import.meta.url));
export const hostAddressOf = {
  ada: '198.51.100.1',
  bob: '198.51.100.2',
  cyd: '198.51.100.3',
  dan: '198.51.100.4',
} as const;

/** What becomes of a connection to a port where nobody listens: `refused` by the guest, or `dropped` on the way. */
const knock = `const [, host, port] = process.argv;
require('node:net').connect({ host, port: Number(port) })
  .on('error', ({ code }) => { console.log(code === 'ECONNREFUSED' ? 'refused' : code); process.exit(); });
setTimeout(() => { console.log('dropped'); process.exit(); }, 1500);`;

/** A host with QEMU on the wire, and another cable there, `eno1`, that it has no address at. */
export class WiredHost implements AsyncDisposable {
  readonly name: string;
  readonly space: NetGuest;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(name: string, space: NetGuest, folder: string, child: ChildProcess) {
    this.name = name;
    this.space = space;
    this.#folder = folder;
    this.#child = child;
  }

  static async join(
    stage: Stage,
    name: keyof typeof hostAddressOf,
    driver: 'qemu' | 'simulated' = 'qemu',
  ): Promise<WiredHost> {
    const space = await NetGuest.make();
    space.plug('wire');
    space.run('ip', 'address', 'add', `${hostAddressOf[name]}/24`, 'dev', 'eth0');
    const peer = ['peer', 'name', 'eno1', 'netns', String(space.pid)];
    must('ip', 'link', 'add', 'name', `to-${name}`, 'type', 'veth', ...peer);
    must('ip', 'link', 'set', 'dev', `to-${name}`, 'master', 'wire', 'up');
    const folder = await mkdtemp(join(tmpdir(), 'gr-'));
    await chmod(folder, 0o711);
    const { json } = await stage.send('POST', '/hosts/join-token');
    await writeFile(join(folder, 'token'), (json as { token: string }).token, { mode: 0o600 });
    await writeFile(join(folder, 'authority.pem'), stage.authority);
    await mkdir(join(folder, 'data'), { recursive: true });
    const words = `--data ${folder}/data --runtime ${folder}/run --coordinator ${stage.url} --authority ${folder}/authority.pem --token-file ${folder}/token --driver ${driver} --name ${name}`;
    const args = words.split(' ');
    const inside = [`--net=/proc/${space.pid}/ns/net`, '--', process.execPath, agentProgram];
    const child = spawn('nsenter', [...inside, ...args], { stdio: 'ignore' });
    const host = new WiredHost(name, space, folder, child);
    await stage.until(() => stage.host(name)?.status === 'ready', `${name} is ready`, 60_000);
    return host;
  }

  run(...words: readonly [string, ...string[]]): string {
    const [program, ...args] = words;
    return this.space.run(program, ...args);
  }

  /** What becomes of a TCP connection from here to a port where nobody listens: the receiver refuses it, or it never came. */
  knock(address: string, port: number): string {
    return this.run(process.execPath, '-e', knock, address, String(port)).trim();
  }

  /** As if its power had failed: what ran there is gone, and nothing of it is on the wire. */
  async fail(): Promise<void> {
    this.space.run('ip', 'link', 'set', 'dev', 'eth0', 'down');
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    // By the folder of this host, which no other process names.
    spawnSync('pkill', ['-KILL', '-f', `${this.#folder}/`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.fail();
    this.space[Symbol.dispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
