/** Verbs on files inside disks as a user runs them: a chain of real files, a real file system, another program at work. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildImage } from '#images';
import { systemClock } from '#lib';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Where images are kept between runs. */
const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const needed = ['qemu-system-x86_64', 'qemu-img', 'qemu-io', 'mke2fs'];
const isMissing = (name: string): boolean =>
  spawnSync('which', [name], { env: { PATH: path } }).status !== 0;
const missing = needed.filter(isMissing);
const skip = missing.length > 0 && `${missing.join(', ')} is not installed`;

describe('files inside disks', { skip }, () => {
  let folder: string;

  before(async () => {
    await buildImage({ kind: 'files', cacheDir });
    folder = await mkdtemp(join(tmpdir(), 'gf-'));
    await mkdir(join(folder, 'data/agent'), { recursive: true });
    await symlink(cacheDir, join(folder, 'data/agent/images'));
    await mkdir(join(folder, 'tree/etc'), { recursive: true });
    await writeFile(join(folder, 'tree/etc/hosts'), 'old\n', { mode: 0o640 });
    tool('mke2fs', '-q', '-t', 'ext4', '-d', 'tree', 'base.raw', '8M');
    tool('qemu-img', 'convert', '-O', 'qcow2', 'base.raw', 'base.qcow2');
    await writeFile(join(folder, 'hosts'), 'new\n');
    await must('create', 'child.qcow2', '--parent', 'base.qcow2');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function tool(program: string, ...args: readonly string[]): string {
    const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe', env: { PATH: path } } as const;
    return execFileSync(program, args, options);
  }

  function start(...words: readonly string[]): ChildProcess {
    return spawn(process.execPath, [main, 'disk', ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GANTRY_DATA: join(folder, 'data') },
    });
  }

  async function gantry(...words: readonly string[]): Promise<{ code: number; text: string }> {
    const child = start(...words);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (text += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, text };
  }

  async function must(...words: readonly string[]): Promise<string> {
    const { code, text } = await gantry(...words);
    assert.equal(code, 0, `gantry disk ${words.join(' ')}: ${text}`);
    return text;
  }

  test('DISK-63 files are listed, extracted and replaced offline, read-only in parents and in disks in use', async () => {
    const parent = await gantry('replace', 'base.qcow2', 'hosts', '/etc/hosts');
    assert.equal(parent.code, 6, parent.text);
    assert.match(parent.text, /cannot change files in .*base\.qcow2/);
    await must('replace', 'child.qcow2', 'hosts', '/etc/hosts');
    await must('extract', 'base.qcow2', '/etc/hosts', '--to', 'from-parent');
    assert.equal(await readFile(join(folder, 'from-parent'), 'utf8'), 'old\n');

    const other = spawn('qemu-io', ['-f', 'qcow2', 'child.qcow2'], { cwd: folder, stdio: 'pipe' });
    try {
      await once(other.stdout, 'data');
      const used = await gantry('replace', 'child.qcow2', 'hosts', '/etc/hosts');
      assert.equal(used.code, 6, used.text);
      assert.match(used.text, /is using it/);
      const listed = await must('files', 'child.qcow2', '/etc');
      assert.match(listed, /is in use by another program: what is read may change meanwhile/);
      assert.match(listed, /-rw-r----- +0:0 +4 +\S+ +hosts/);
    } finally {
      other.kill('SIGKILL');
      await once(other, 'close');
    }
    await must('extract', 'child.qcow2', '/etc/hosts', '--to', 'from-child');
    assert.equal(await readFile(join(folder, 'from-child'), 'utf8'), 'new\n');
    assert.match(tool('qemu-img', 'check', 'child.qcow2'), /No errors/);
  });

  test('a command that is killed leaves no machine', async () => {
    const command = start('files', 'child.qcow2');
    const exited = once(command, 'exit');
    const machine = async (): Promise<number> => {
      for (;;) {
        const found = spawnSync('pgrep', ['-P', String(command.pid), '-f', 'gantry.files']);
        const [pid] = found.stdout.toString().split('\n');
        if (pid !== undefined && pid !== '') return Number(pid);
        assert.equal(command.exitCode, null, 'the command is still at work');
        await systemClock.sleep(20);
      }
    };
    const pid = await machine();
    command.kill('SIGKILL');
    await exited;
    for (let turn = 0; isRunning(pid); turn += 1) {
      assert.ok(turn < 500, 'the machine has ended');
      await systemClock.sleep(20);
    }
  });
});

function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
