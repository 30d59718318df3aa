/** Disk files of other products for a vm, and what they and the layers above them hold, by the disk library. */
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostStore, makeDisk, openDisk, parentFor, type Disk } from '#disk';
import { miB } from '#lib';

export interface FileOfDisk {
  readonly path: string;
  readonly format: string;
}

/** A differencing disk, over a parent that has the pattern in its second MiB, which stays as it is. */
export async function makeChild(
  child: FileOfDisk & { readonly sizeBytes: number },
  pattern = 1,
): Promise<void> {
  const { path, format, sizeBytes } = child;
  const below = { path: join(dirname(path), `parent.${format}`), format };
  const store = hostStore();
  await makeDisk({ ...below, sizeBytes }, store);
  await fill(below, 1, pattern);
  await chmod(below.path, 0o444);
  await using on = await openDisk({ ...below, store });
  await makeDisk({ path, format, sizeBytes, parent: await parentFor(path, on) }, store);
}

/** One MiB of it. */
export async function fill(file: FileOfDisk, region: number, pattern: number): Promise<void> {
  await using disk = await open(file, 'write');
  await disk.write(Buffer.alloc(miB, pattern), region * miB);
  await disk.flush();
}

/** The first byte of each of its first MiB, with all that it lies on. */
export async function firstBytes(file: FileOfDisk, count: number): Promise<number[]> {
  await using disk = await open(file, 'read');
  const bytes: number[] = [];
  const sector = Buffer.alloc(512);
  for (let region = 0; region < count; region += 1) {
    await disk.read(sector, region * miB);
    bytes.push(sector[0] ?? 0);
  }
  return bytes;
}

function open({ path, format }: FileOfDisk, access: 'read' | 'write'): Promise<Disk> {
  return openDisk({ path, format, access, store: hostStore([dirname(path)]) });
}
