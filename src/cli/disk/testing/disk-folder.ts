/** For tests: a folder with disks, commands of `gantry disk` on them as processes of their own, and other people's tools. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage } from '#images';
import { systemClock } from '#lib';

const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
/** Where images are kept between runs. */
const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';
const toolPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** A reason to skip, or false. */
export function withoutTools(...names: readonly string[]): string | false {
  const env = { PATH: toolPath };
  const missing = names.filter((name) => spawnSync('which', [name], { env }).status !== 0);
  return missing.length > 0 && `${missing.join(', ')} is not installed`;
}

export class DiskFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<DiskFolder> {
    await buildImage({ kind: 'files', cacheDir });
    const path = await mkdtemp(join(tmpdir(), 'gf-'));
    await mkdir(join(path, 'data/agent'), { recursive: true });
    await symlink(cacheDir, join(path, 'data/agent/images'));
    return new DiskFolder(path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  tool(program: string, ...args: readonly string[]): string {
    const options = { cwd: this.path, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync(program, args, { ...options, env: { PATH: toolPath } });
  }

  start(...words: readonly string[]): ChildProcess {
    return spawn(process.execPath, [main, 'disk', ...words], {
      cwd: this.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GANTRY_DATA: this.file('data') },
    });
  }

  async gantry(
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly text: string }> {
    const child = this.start(...words);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (text += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, text };
  }

  async must(...words: readonly string[]): Promise<string> {
    const { code, text } = await this.gantry(...words);
    assert.equal(code, 0, `gantry disk ${words.join(' ')}: ${text}`);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The machine that a command has started, as soon as there is one; undefined when the command has ended. */
export async function untilMachine(command: ChildProcess): Promise<number | undefined> {
  while (command.exitCode === null && command.signalCode === null) {
    const found = spawnSync('pgrep', ['-P', String(command.pid), '-f', 'gantry.files']);
    const [pid] = found.stdout.toString().split('\n');
    if (pid !== undefined && pid !== '') return Number(pid);
    await systemClock.sleep(20);
  }
  return undefined;
}

export async function untilGone(pid: number): Promise<void> {
  for (let turn = 0; isRunning(pid); turn += 1) {
    assert.ok(turn < 500, `process ${pid} has ended`);
    await systemClock.sleep(20);
  }
}

function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
