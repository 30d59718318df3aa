/** Other people's tools as judges of our files: qemu-img and small independent readers in Python. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hostStore, openDisk, openNodeFile, formatNamed, type Disk } from '#disk';
import { packedRoom } from '../../../src/disk/packing/packer.ts';
import { seededRandom } from '../../../src/disk/testing/random.ts';

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

export function run(command: string, ...argv: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Runs and fails with the tool's own words. */
export async function mustRun(command: string, ...argv: string[]): Promise<string> {
  const { code, output } = await run(command, ...argv);
  if (code !== 0) throw new Error(`${command} ${argv.join(' ')}: ${code}: ${output}`);
  return output;
}

export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gd-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const store = hostStore();

/** Writes the same patchwork of random data, repeated text and holes everywhere, in whole steps. */
export async function writePattern(disk: Disk, seed: number, stepBytes = 512): Promise<void> {
  const random = seededRandom(seed);
  for (let piece = 0; piece < 40; piece += 1) {
    const length = (1 + random.pick(400)) * stepBytes;
    const offset = random.pick(Math.floor((disk.sizeBytes - length) / stepBytes)) * stepBytes;
    if (piece % 5 === 4) await disk.zero(offset, length);
    else if (piece % 2 === 0) await disk.write(random.bytes(length), offset);
    else await disk.write(Buffer.alloc(length, `piece ${piece} of ${seed}; `), offset);
    if (piece % 10 === 9) await disk.flush();
  }
  const end = random.bytes(stepBytes);
  await disk.write(end, disk.sizeBytes - stepBytes);
}

/** A cluster as the disk's format stores it; undefined where that is not smaller. */
export async function compress(disk: Disk, cluster: Uint8Array): Promise<Uint8Array | undefined> {
  return await disk.layer.writer?.compress?.(cluster, Buffer.alloc(packedRoom(cluster.length)));
}

export interface Making {
  readonly path: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly options?: Partial<Parameters<NonNullable<ReturnType<typeof formatNamed>['create']>>[1]>;
}

/** Creates a disk in a new file and opens it for writing. */
export async function make({ path, format, sizeBytes, options }: Making): Promise<Disk> {
  const file = await openNodeFile(path, 'create');
  const random = seededRandom(sizeBytes + path.length);
  await formatNamed(format).create?.(file, {
    sizeBytes,
    nowMs: Date.UTC(2026, 0, 2),
    newIdentity: () => random.bytes(16),
    createNeighbour: (name) => openNodeFile(join(dirname(path), name), 'create'),
    ...options,
  });
  await file.close();
  return openDisk({ path, store, access: 'write', format });
}

/** The whole content of a disk that is known to be small. */
export async function contentOf(disk: Disk): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}

/** qemu-img finds the same content in a file of the format (as QEMU calls it) and in a raw one. */
export async function assertSame(format: string, path: string, rawPath: string): Promise<void> {
  await mustRun('qemu-img', 'compare', '-f', format, '-F', 'raw', path, rawPath);
}
