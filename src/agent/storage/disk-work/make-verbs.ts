/**
 * Verbs that make a new file and leave the old ones as they are. The file appears under its name when it is complete; one that
 * an earlier run of the same work has made is taken for it if its content proves to be what was asked for.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DiskAnswer } from '#api';
import {
  claimDisk,
  compareDisks,
  convertDisk,
  findDataFrom,
  flattenDisk,
  formatNamed,
  joinDisk,
  makeDisk,
  mergeLayers,
  openDisk,
  openNodeFile,
  parentFor,
  readPieceList,
  repairInto,
  roundedSize,
  splitDisk,
  unfinishedPaths,
  variantOf,
  type Disk,
  type NewDisk,
  type PieceList,
} from '#disk';
import { createBlankFloppy, floppyBytes } from '#images';
import { Fault } from '#lib';
import { exists } from '../exists.ts';
import { openOther, openSource, said, type Doing, type Perform, type WorkOf } from './doing.ts';
import { restOf } from './rests.ts';

/** An agent that finds the work undone goes on with what another has copied; the library says how far that is to be trusted. */
const resume = 'possible';

/** Variants that are several files, which do not appear all at once. */
const severalFiles: readonly string[] = [
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
];

interface Made {
  readonly path: string;
  readonly format: string;
  readonly make: () => Promise<void>;
  /** Whether a disk that is there is what would have been made. */
  readonly isMade: (disk: Disk) => Promise<boolean>;
}

async function makeOnce(doing: Doing, { path, format, make, isMade }: Made): Promise<Answer> {
  if (!doing.again || !(await exists(path))) await make();
  else {
    await using disk = await openDisk({ path, store: doing.store, format });
    if (!(await isMade(disk))) {
      throw new Fault('exists', `${path} is there already`, { hint: 'choose another name' });
    }
  }
  return await describeMade(path, format, doing);
}

async function describeMade(path: string, format: string, { store }: Doing): Promise<Answer> {
  await using disk = await openDisk({ path, store, format, parent: 'none' });
  return { path, format, variant: disk.layer.describe().variant, sizeBytes: disk.sizeBytes };
}

type Answer = DiskAnswer<'create'>;

async function isEqual(one: Disk, other: Disk, { signal }: Doing): Promise<boolean> {
  return (await compareDisks(one, other, { signal })).isEqual;
}

type Shape = Pick<
  NewDisk,
  'path' | 'format' | 'variant' | 'blockBytes' | 'sectorBytes' | 'preallocation'
>;

type ShapeAsked = Pick<
  WorkOf<'create'>,
  'allocation' | 'variant' | 'blockBytes' | 'sectorBytes'
> & { readonly format: string };

/** Kinds that take all of their space at once. */
const fixedVariants: readonly (string | undefined)[] = ['fixed', 'full'];

function shapeOf(path: string, asked: ShapeAsked): Shape {
  const { format, allocation, blockBytes, sectorBytes } = asked;
  const variant = variantOf(formatNamed(format), asked.variant ?? allocation);
  if (severalFiles.includes(variant ?? '')) {
    throw new Fault('unsupported', `a ${variant} ${format} consists of several files`, {
      hint: 'make it on the host with: gantry disk convert',
    });
  }
  const isFixed = fixedVariants.includes(variant);
  if (allocation === 'fixed' && !isFixed) {
    throw new Fault('invalid', `a ${variant} ${format} does not take all of its space at once`, {
      hint: 'leave out either the kind or that it is to be fixed',
    });
  }
  const preallocation = isFixed ? 'full' : 'none';
  return { path, format, variant, blockBytes, sectorBytes, preallocation };
}

/** As the library takes it: a method, and whether what is written is compressed. */
function compressionOf(compression: WorkOf<'convert'>['compression']): {
  readonly compression: 'zlib' | 'zstd' | undefined;
  readonly compress: boolean;
} {
  return compression === 'none'
    ? { compression: undefined, compress: false }
    : { compression, compress: true };
}

export const createVerb: Perform<'create'> = async (work, doing) => {
  const { store, signal } = doing;
  const shape = {
    ...shapeOf(work.file, work),
    compression: compressionOf(work.compression ?? 'none').compression,
  };
  const sizeBytes = roundedSize({ ...shape, sizeBytes: work.sizeBytes });
  return await makeOnce(doing, {
    ...shape,
    make: () => makeDisk({ ...shape, sizeBytes, signal }, store),
    isMade: async (disk) => disk.sizeBytes === sizeBytes && disk.parent === undefined,
  });
};

/** 1.44 MB with an empty FAT file system; files are put into it like into any disk. */
export const createFloppyVerb: Perform<'create-floppy'> = async ({ file: path, label }, doing) => {
  const { id, signal } = doing;
  const rest = restOf(path, id);
  return await makeOnce(doing, {
    path,
    format: 'raw',
    make: async () => {
      await createBlankFloppy(rest, label, signal);
      await rename(rest, path);
    },
    isMade: async (disk) => disk.sizeBytes === floppyBytes,
  });
};

export const createChildVerb: Perform<'create-child'> = async (work, doing) => {
  const { store, signal } = doing;
  const { file: path, format, blockBytes } = work;
  const variant = variantOf(formatNamed(format), work.variant);
  await using below = await openOther(work.parent, doing, said(work.parentFormat));
  const parent = await parentFor(path, below);
  const { sizeBytes } = below;
  const wanted = { path, format, variant, blockBytes, sizeBytes, parent, signal };
  const answer = await makeOnce(doing, {
    path,
    format,
    make: () => makeDisk(wanted, store),
    isMade: async (disk) => disk.parent?.layer.file.identity === below.layer.file.identity,
  });
  await protectParent(work.parent);
  return answer;
};

/** A parent is read-only from its first child on (DISK-24). */
export async function protectParent(path: string): Promise<void> {
  await chmod(path, (await stat(path)).mode & 0o555);
}

export const convertVerb: Perform<'convert'> = async (work, doing) => {
  const shape = shapeOf(work.target, work);
  const { snapshot } = work;
  const { compress, compression } = compressionOf(work.compression);
  await using disk = await openSource(work, doing, { snapshot });
  const target = { ...shape, compression };
  return await makeOnce(doing, {
    ...shape,
    make: async () =>
      void (await convertDisk(disk, { ...doing, resume, target, compress, verify: 'compare' })),
    isMade: (made) => isEqual(disk, made, doing),
  });
};

export const repairVerb: Perform<'repair'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  const shape = shapeOf(work.target, { ...work, format: work.format ?? disk.format });
  const { compress, compression } = compressionOf(work.compression);
  const target = { ...shape, compression };
  return await makeOnce(doing, {
    ...shape,
    make: async () => void (await repairInto(disk, { ...doing, resume, target, compress })),
    isMade: (made) => isEqual(disk, made, doing),
  });
};

export const flattenVerb: Perform<'flatten'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  const { file, target } = work;
  const { format } = disk;
  if (target !== undefined) {
    return await makeOnce(doing, {
      path: target,
      format,
      make: async () =>
        void (await flattenDisk(disk, { ...doing, resume, target: { path: target } })),
      isMade: (made) => isEqual(disk, made, doing),
    });
  }
  if (disk.parent !== undefined || !doing.again) {
    await claimDisk(disk, 'flatten');
    await flattenDisk(disk, { ...doing, resume, target: { path: file, existing: 'replace' } });
  }
  return await describeMade(file, format, doing);
};

export const mergeVerb: Perform<'merge'> = async (work, doing) => {
  await using disk = await openSource(work, doing);
  const { layers } = work;
  const target = { path: work.target, format: disk.format };
  return await makeOnce(doing, {
    ...target,
    make: async () => void (await mergeLayers(disk, { ...doing, resume, layers, target })),
    isMade: (made) => isEqual(disk, made, doing),
  });
};

/** The pieces are made in a folder that has another name until all of them are complete. */
export const splitVerb: Perform<'split'> = async (work, doing) => {
  const { target, pieceBytes } = work;
  await using disk = await openSource(work, doing, { parent: 'none' });
  if (!doing.again || !(await exists(target))) {
    const folder = unfinishedPaths(target).part;
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await splitDisk(disk, { ...doing, resume, pieceBytes, folder });
    await rename(folder, target);
  }
  const list = join(target, `${basename(disk.name)}.pieces.json`);
  return { list, pieces: (await readPieceList(list)).pieces.length };
};

export const joinVerb: Perform<'join'> = async (work, doing) => {
  const { file, target: path } = work;
  const list = await readPieceList(file);
  if (!doing.again || !(await exists(path))) await joinDisk(file, path, { ...doing, resume });
  else if (!(await isMadeOf(path, list))) {
    throw new Fault('exists', `${path} is there already`, { hint: 'choose another name' });
  }
  return { path, sizeBytes: list.sizeBytes };
};

async function isMadeOf(path: string, list: PieceList): Promise<boolean> {
  if ((await stat(path)).size !== list.sizeBytes) return false;
  let start = 0;
  for (const { sizeBytes, sha256 } of list.pieces) {
    const hash = createHash('sha256');
    const end = start + sizeBytes - 1;
    if (sizeBytes > 0) await pipeline(createReadStream(path, { start, end }), hash);
    if (sizeBytes > 0 && hash.digest('hex') !== sha256) return false;
    start += sizeBytes;
  }
  return true;
}

/** What was sent before; one that is finished already answers the same again. */
export const uploadVerb: Perform<'upload'> = async (work, doing) => {
  const { file: path, upload, sha256, replaces = false, keepsSize = false } = work;
  const prepare = keepsSize ? (part: string) => growToSizeOf(work, part, doing) : undefined;
  const wanted = { file: path, sha256, replaces, prepare };
  const result = await doing.uploads.finish(upload, wanted, doing.signal);
  return { path, ...result };
};

/** What takes the place of a raw disk has its size. Faults: `refused` where something would be lost behind it. */
async function growToSizeOf({ file }: WorkOf<'upload'>, part: string, doing: Doing): Promise<void> {
  await using disk = await openOther(file, doing);
  const sent = await openNodeFile(part, 'write');
  try {
    const sentBytes = await sent.size();
    if (disk.format !== 'raw' || sentBytes >= disk.sizeBytes) return;
    const offset = await findDataFrom(disk, sentBytes, doing.signal);
    if (offset !== undefined)
      throw new Fault('refused', `${file} holds data after ${offset}, behind what was sent`, {
        facts: { offset },
        hint: 'send what is to be there to its end, or make a new disk',
      });
    await sent.truncate(disk.sizeBytes);
    await sent.sync();
  } finally {
    await sent.close();
  }
}
