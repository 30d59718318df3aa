/**
 * Disks of vms as files: made with qemu-img, or with the disk library from what other products have written.
 *
 * Invariant: a disk appears under its name by one rename, whole and flushed; nothing that exists is
 * overwritten.
 */
import { constants, existsSync, type Stats } from 'node:fs';
import { chmod, copyFile, rename, rm, stat } from 'node:fs/promises';
import {
  convertDisk,
  demandSpace,
  hasSystem,
  hostStore,
  makeDisk as makeDiskFile,
  matchDisk,
  openDisk,
  withoutSync,
  type Disk,
  type DiskFile,
  type NewDisk,
} from '#disk';
import { Fault } from '#lib';
import { convertImage, createImage, inspectImage, resizeImage } from '#qemu';
import type { DiskFacts, DiskSourceLike } from '../drivers/storage.ts';
import type { LayerWork } from '../drivers/layer-storage.ts';
import { flushFile } from './atomic-file.ts';
import { claimDrive } from './drives.ts';
import { foreignStore } from './foreign-store.ts';
import { requireDigest } from './packages/hash-file.ts';

const sectorBytes = 512;
/** Of the work on a disk whose file is compared with a manifest first. */
const comparedPart = 0.3;

export interface DiskPlace {
  readonly qemuImg: string;
  /** Absolute. */
  readonly path: string;
  /** Folders in which parents of images may be. */
  readonly folders: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Errors: `exists` when the name is taken by anything but the same disk, made before; `exhausted`;
 * `invalid`; those of qemu-img.
 */
export async function makeDisk(
  place: DiskPlace,
  source: DiskSourceLike,
  onProgress?: (progress: number) => void,
): Promise<number> {
  const { path, signal } = place;
  const present = await stat(path).catch(() => undefined);
  if (present) return requireSame(place, source, present);
  const part = `${path}.part`;
  await rm(part, { force: true });
  try {
    const target = { ...place, path: part };
    const sizeBytes = await makeFrom(target, source, onProgress);
    signal.throwIfAborted();
    await flushFile(part);
    await rename(part, path);
    return sizeBytes;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function makeFrom(
  place: DiskPlace,
  source: DiskSourceLike,
  onProgress: OnProgress,
): Promise<number> {
  switch (source.kind) {
    case 'new':
      return makeEmpty(place, source, onProgress);
    case 'image':
      return makeFromImage(place, source);
    case 'foreign':
      return makeFromForeign(place, source, onProgress);
    case 'drive':
      return makeFromDrive(place, source, onProgress);
  }
}

/** By the disk library, which reads what other products write; with all its parents. */
async function makeFromForeign(
  place: DiskPlace,
  source: Extract<DiskSourceLike, { kind: 'foreign' }>,
  onProgress: OnProgress,
): Promise<number> {
  const store = foreignStore(place.folders);
  const { sourcePath: path, sourceFormat: format, digest } = source;
  let doneBefore = 0;
  if (digest !== undefined) {
    const { size } = await stat(path);
    const onRead = (bytes: number): void =>
      onProgress?.((bytes / Math.max(size, 1)) * comparedPart);
    await requireDigest(path, digest, { signal: place.signal, onRead });
    doneBefore = comparedPart;
  }
  const disk = await openDisk({ path, store, format });
  const told = (part: number): void => onProgress?.(doneBefore + part * (1 - doneBefore));
  return await convertInto(place, disk, { format: source.format }, told);
}

/** A disk of ours, with what it lies on, comes to hold what another product has written. */
export async function matchForeign(
  path: string,
  { sourcePath, sourceFormat }: { readonly sourcePath: string; readonly sourceFormat: string },
  folders: readonly string[],
  { signal, onProgress }: LayerWork,
): Promise<void> {
  const store = foreignStore(folders);
  await using source = await openDisk({ path: sourcePath, store, format: sourceFormat });
  await using target = await openDisk({ path, store, access: 'write' });
  await matchDisk(target, source, {
    signal,
    onProgress: ({ doneBytes, totalBytes }) =>
      onProgress(totalBytes === 0 ? 1 : doneBytes / totalBytes),
  });
}

/** The drive is claimed for as long as it is read: nobody mounts it meanwhile. */
async function makeFromDrive(
  place: DiskPlace,
  { device, format, allocation }: Extract<DiskSourceLike, { kind: 'drive' }>,
  onProgress: OnProgress,
): Promise<number> {
  await using drive = await claimDrive(device, { access: 'read-only', waitMs: 0 });
  const { sizeBytes } = drive;
  // The host knows neither the size nor the holes of a drive as those of a file.
  const wrap = (file: DiskFile): DiskFile => {
    const sized: DiskFile = { ...withoutSync(file), size: async () => sizeBytes };
    delete sized.runAt;
    return sized;
  };
  const disk = await openDisk({ path: device, store: hostStore(), format: 'raw', wrap });
  const preallocation = allocation === 'fixed' ? 'full' : 'none';
  return await convertInto(place, disk, { format, preallocation }, onProgress);
}

type OnProgress = ((progress: number) => void) | undefined;

/** Closes the disk. */
async function convertInto(
  { path, signal, folders }: DiskPlace,
  disk: Disk,
  target: Pick<NewDisk, 'format' | 'preallocation'>,
  onProgress: OnProgress,
): Promise<number> {
  try {
    await convertDisk(disk, {
      target: { path, ...target },
      store: hostStore(folders.filter((folder) => existsSync(folder))),
      signal,
      onProgress: ({ doneBytes, totalBytes }) =>
        onProgress?.(totalBytes === 0 ? 1 : doneBytes / totalBytes),
    });
    return roundUp(disk.sizeBytes);
  } finally {
    await disk.close();
  }
}

/** A request that is made again finds its disk. */
async function requireSame(
  place: DiskPlace,
  source: DiskSourceLike,
  stats: Stats,
): Promise<number> {
  const facts = stats.isFile()
    ? await readDisk(place, source.format).catch(() => undefined)
    : undefined;
  if (facts && facts.sizeBytes >= source.sizeBytes) return facts.sizeBytes;
  throw new Fault('exists', `there is a file ${place.path} already`, {
    hint: 'choose another name, or attach the existing disk',
  });
}

async function makeEmpty(
  place: DiskPlace,
  source: Extract<DiskSourceLike, { kind: 'new' }>,
  onProgress: OnProgress,
): Promise<number> {
  const sizeBytes = roundUp(source.sizeBytes);
  const { format, allocation } = source;
  const { qemuImg, path, signal } = place;
  if (allocation === 'fixed') {
    await makeFixed(place, sizeBytes, onProgress);
    return sizeBytes;
  }
  await createImage(qemuImg, { path, format, sizeBytes, signal });
  return sizeBytes;
}

/** In as few pieces as the file system has room for, all zeros (DISK-07). */
async function makeFixed(
  { path, signal }: DiskPlace,
  sizeBytes: number,
  onProgress: OnProgress,
): Promise<void> {
  await demandSpace(path, sizeBytes);
  let filledBytes = 0;
  const onFill = (bytes: number): void => {
    filledBytes += bytes;
    onProgress?.(filledBytes / sizeBytes);
  };
  const disk = { path, format: 'raw', sizeBytes, preallocation: 'full', signal, onFill } as const;
  await makeDiskFile(disk, hostStore());
}

async function makeFromImage(
  place: DiskPlace,
  source: Extract<DiskSourceLike, { kind: 'image' }>,
): Promise<number> {
  const { qemuImg, path, signal, folders } = place;
  const { imagePath, imageFormat, format } = source;
  const query = { path: imagePath, format: imageFormat, signal };
  const image = await inspectImage(qemuImg, query, folders);
  if (format === imageFormat && image.backing === undefined && image.otherPaths.length === 0) {
    await copyFile(imagePath, path, constants.COPYFILE_FICLONE);
    await chmod(path, 0o600);
  } else {
    await convertImage(qemuImg, {
      from: { path: imagePath, format: imageFormat },
      to: { path, format },
      signal,
    });
  }
  const sizeBytes = Math.max(image.virtualBytes, roundUp(source.sizeBytes));
  if (sizeBytes > image.virtualBytes) {
    await resizeImage(qemuImg, { path, format, sizeBytes, direction: 'grow', signal });
  }
  return sizeBytes;
}

function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / sectorBytes) * sectorBytes;
}

/** A disk in a format that is served: looked at by the library. Errors: as `readDisk`. */
export async function readServed({ path, folders }: DiskPlace, format: string): Promise<DiskFacts> {
  const store = hostStore(folders.filter((folder) => existsSync(folder)));
  await using disk = await openDisk({ path, format, store });
  const { sizeBytes, parent, layer } = disk;
  const fileBytes = (await layer.file.storedBytes?.()) ?? (await layer.file.size());
  return { sizeBytes, fileBytes, backing: parent?.name ?? null, system: await hasSystem(disk) };
}

/** Also while a running vm has it open. Errors: `not-found`, `corrupt`, `invalid` when it leads elsewhere. */
export async function readDisk(place: DiskPlace, format: 'qcow2' | 'raw'): Promise<DiskFacts> {
  const { qemuImg, path, folders, signal } = place;
  const stats = await stat(path).catch(() => undefined);
  if (!stats) throw new Fault('not-found', `there is no disk ${path}`);
  const info = await inspectImage(qemuImg, { path, format, inUse: 'yes', signal }, folders);
  return {
    sizeBytes: info.virtualBytes,
    fileBytes: info.actualBytes ?? stats.size,
    backing: info.backing?.path ?? null,
    system: await looksInstalled(place, format),
  };
}

/** Of one that cannot be read, as while its parents are away, nothing is said. */
async function looksInstalled({ path, folders }: DiskPlace, format: string): Promise<boolean> {
  const store = hostStore(folders.filter((folder) => existsSync(folder)));
  try {
    await using disk = await openDisk({ path, format, store });
    return await hasSystem(disk);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
