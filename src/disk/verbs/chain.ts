/**
 * Work on chains of layers: commit a child into its parent, merge a range of a chain into one layer, move a child
 * to another parent, connect it with one that was moved. The content seen through the child is the same at any
 * moment, so each of them can be stopped and begun again.
 */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import type { FileStore } from '../store.ts';
import type { CopyOptions } from './copy.ts';
import { makeDisk, parentFor, type NewDisk } from './create.ts';
import { demandNoSnapshots, demandNothingInside } from './inside.ts';
import { chunkBytes } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import { isResumable, makeResumably, type ResumeChoice, type Resumed } from './resume.ts';

/**
 * Writes what the child holds into its parent, which the caller has opened for writing and which no other child
 * needs. The child stays; it is of no more use and can be deleted. Cut off, it can be begun again: the child still
 * hides what has changed below it. A vhdx or vmdk parent has a new identity by then, and the child is opened
 * with that parent named and its identity not asked for. Faults: `refused`, `unsupported`, host faults, `cancelled`.
 */
export async function commitDisk(
  child: Disk,
  parent: Disk,
  options: VerbOptions = {},
): Promise<void> {
  if (!parent.isWritable || child.parent?.layer.file.identity !== parent.layer.file.identity) {
    throw new Fault(
      'refused',
      `${parent.name} is not the parent of ${child.name}, open for writing`,
    );
  }
  demandNothingInside(child, 'commit');
  if (parent.sizeBytes < child.sizeBytes) {
    if (parent.layer.writer?.resize === undefined) {
      const why = `it is larger than its parent, and a ${parent.format} does not grow in its place`;
      throw new Fault('unsupported', `cannot commit ${child.name}: ${why}`, {
        hint: 'flatten it: that makes one disk of both',
      });
    }
    await parent.resize(child.sizeBytes);
  }
  await copyLayers(child, parent, 0, options);
  await parent.flush();
}

/**
 * Writes what layers hold into a disk below them, the lowest of them first: the disk is opened for writing, their parents
 * do not matter. The layers stay, and hide what has changed below: cut off, it can be begun again. Faults: host faults, `cancelled`.
 */
export async function commitLayers(
  layers: readonly Disk[],
  into: Disk,
  options: VerbOptions = {},
): Promise<void> {
  const meter = new ProgressMeter(
    layers.reduce((sum, { sizeBytes }) => sum + Math.min(sizeBytes, into.sizeBytes), 0),
    options,
  );
  for (const layer of layers) await copyOwn(layer, into, meter);
  await into.flush();
  meter.end();
}

export interface MergeOptions extends VerbOptions, ResumeChoice {
  /** Number of layers, from the disk down, that become one. */
  readonly layers: number;
  readonly target: Omit<NewDisk, 'sizeBytes' | 'parent' | 'signal'>;
  readonly store: FileStore;
}

/** Makes a new layer of the upper layers of a chain, over the next one. The old layers are not touched. Faults: as `makeDisk`. */
export async function mergeLayers(top: Disk, options: MergeOptions): Promise<Resumed> {
  const { layers, target, store, signal } = options;
  const chain = [...top.chain()];
  const below = chain[layers];
  if (below === undefined) {
    throw new Fault('invalid', `${top.name} has only ${chain.length} layers`, {
      hint: 'convert it: that makes one disk of the whole chain',
    });
  }
  const parent = await parentFor(target.path, below);
  const wanted: NewDisk = { ...target, sizeBytes: top.sizeBytes, parent, signal };
  if (isResumable(options, target)) {
    return await makeResumably({
      ...options,
      source: top,
      wanted,
      shape: `${layers} layers`,
      prepare: () => Promise.resolve(),
      copy: (made, range, meter) => copyLayers(top, made, layers - 1, { ...options, range, meter }),
    });
  }
  await makeDisk(wanted, store, (made) => copyLayers(top, made, layers - 1, options));
  return { resumedBytes: 0 };
}

/** Copies what one layer says by itself. */
async function copyOwn(source: Disk, target: Disk, meter: ProgressMeter): Promise<void> {
  const end = Math.min(source.sizeBytes, target.sizeBytes);
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let at = 0; at < end;) {
    const extent = await source.layer.extentAt(at, end - at);
    const isBytes = extent.kind === 'data' || extent.kind === 'compressed';
    const length = isBytes ? Math.min(extent.length, chunkBytes) : extent.length;
    if (extent.kind === 'zero') await target.zero(at, length);
    else if (isBytes) {
      const bytes = buffer.subarray(0, length);
      await source.read(bytes, at);
      await target.write(bytes, at);
    }
    at += length;
    meter.add(length);
  }
}

export type LayerCopyOptions = VerbOptions & Pick<CopyOptions, 'range' | 'meter'>;

/** Copies what the layers down to a depth hold, as far as the target goes, zeros included; what they do not say stays the target's. */
export async function copyLayers(
  source: Disk,
  target: Disk,
  depth: number,
  options: LayerCopyOptions,
): Promise<void> {
  const most = Math.min(source.sizeBytes, target.sizeBytes);
  const { start, end } = options.range ?? { start: 0, end: most };
  const meter = options.meter ?? new ProgressMeter(end, options);
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let at = start; at < end;) {
    const run = await source.runAt(at, end - at);
    const length = run.kind === 'zero' ? run.length : Math.min(run.length, chunkBytes);
    if (run.depth <= depth && run.kind === 'zero') await target.zero(at, length);
    else if (run.depth <= depth) {
      const bytes = buffer.subarray(0, length);
      await source.read(bytes, at);
      await target.write(bytes, at);
    }
    at += length;
    meter.add(length);
  }
  if (options.meter === undefined) meter.end();
}

/**
 * Gives a child, opened for writing with its present parent, another one. Where the two parents differ and the
 * child does not say, what it has shown so far is written into it first. Faults: `unsupported`, `cancelled`.
 */
export async function rebaseDisk(
  child: Disk,
  parent: Disk,
  options: VerbOptions = {},
): Promise<{ readonly copiedBytes: number }> {
  demandConnectable(child);
  demandNoSnapshots(child, 'rebase');
  const copiedBytes = await copyDifferences(child, parent, child, options);
  await child.flush();
  await connectDisk(child, parent);
  return { copiedBytes };
}

/** Writes into a layer over the new parent what the child shows, where it does not say itself and the parents differ. */
export async function copyDifferences(
  child: Disk,
  parent: Disk,
  into: Disk,
  options: VerbOptions,
): Promise<number> {
  const meter = new ProgressMeter(child.sizeBytes, options);
  const [seen, wanted] = [Buffer.alloc(65536), Buffer.alloc(65536)];
  let copiedBytes = 0;
  for (let at = 0; at < child.sizeBytes;) {
    const extent = await child.layer.extentAt(at, Math.min(seen.length, child.sizeBytes - at));
    const length = extent.length;
    if (extent.kind === 'absent') {
      const [now, then] = [seen.subarray(0, length), wanted.subarray(0, length)];
      await child.read(now, at);
      const inside = Math.max(0, Math.min(length, parent.sizeBytes - at));
      if (inside > 0) await parent.read(then.subarray(0, inside), at);
      then.fill(0, inside);
      if (!now.equals(then)) {
        await into.write(now, at);
        copiedBytes += length;
      }
    }
    at += length;
    meter.add(length);
  }
  meter.end();
  return copiedBytes;
}

/**
 * Records where the parent is now. Faults: `stale` when the child names an identity and the parent's is another;
 * `unsupported` when the format has no way to change it.
 */
export async function reconnectDisk(child: Disk, parent: Disk): Promise<void> {
  demandConnectable(child);
  const wanted = child.layer.parentReference?.identity;
  const found = parent.layer.describe().identity;
  if (wanted !== undefined && wanted !== found) {
    throw new Fault('stale', `${parent.name} is not the parent that ${child.name} was made from`, {
      facts: { wanted, found },
      hint: 'rebase instead, which compares the contents',
    });
  }
  await connectDisk(child, parent);
}

async function connectDisk(child: Disk, parent: Disk): Promise<void> {
  const { writer } = child.layer;
  await writer?.setParent?.(await parentFor(child.name, parent));
}

function demandConnectable(child: Disk): void {
  const { writer, parentReference } = child.layer;
  if (writer?.setParent !== undefined && parentReference !== undefined) return;
  throw new Fault(
    'unsupported',
    `${child.name}: the parent of this ${child.format} cannot be changed`,
  );
}
