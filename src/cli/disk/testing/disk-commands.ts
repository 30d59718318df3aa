/** For tests: commands of `gantry disk` on plain files as processes of their own, with no coordinator, and other people's tools. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const main = fileURLToPath(new URL('../../main.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function start(folder: string, words: readonly string[]): ChildProcess {
  const environment = { ...process.env, GANTRY_DATA: join(folder, 'no-installation') };
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return spawn(process.execPath, [main, 'disk', ...words], {
    cwd: folder,
    stdio: [...stdio],
    env: environment,
  });
}

export async function ended(child: ChildProcess): Promise<Ran> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

export const gantry = (folder: string, ...words: readonly string[]): Promise<Ran> =>
  ended(start(folder, words));

export async function must(folder: string, ...words: readonly string[]): Promise<string> {
  const { code, out, err } = await gantry(folder, ...words);
  assert.equal(code, 0, `gantry disk ${words.join(' ')}: ${err}`);
  return out;
}

export async function tool(
  folder: string,
  command: string,
  ...argv: readonly string[]
): Promise<string> {
  const child = spawn(command, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const { code, out, err } = await ended(child);
  assert.equal(code, 0, `${command} ${argv.join(' ')}: ${out}${err}`);
  return out;
}

export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gc-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A raw image with random data at its start, zeros behind. */
export async function makeRaw(
  path: string,
  dataBytes: number,
  sizeBytes = dataBytes,
): Promise<void> {
  const bytes = Buffer.alloc(sizeBytes);
  randomFillSync(bytes, 0, dataBytes);
  await writeFile(path, bytes);
}
