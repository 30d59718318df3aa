/**
 * Copies the content of a disk into another: what every other verb that writes is made of. Zeros are not written
 * to a target that is new. Reads, compression and writes overlap; memory is the buffers of the pipeline.
 */
import { Fault, miB } from '#lib';
import type { Disk } from '../disk.ts';
import type { StoredCluster } from '../layer.ts';
import { packedRoom } from '../packing/packer.ts';
import { dataRuns, unitOf } from '../moving/data-runs.ts';
import { SpanMover } from '../moving/span-mover.ts';
import { isZero } from '../zeros.ts';
import { defaultInFlight, eachInFlight } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import { spansOf, type Span, type SpanRange } from './spans.ts';

/** Each way to a thread and back costs as much as some 200 KiB: pieces are large. */
const plainChunkBytes = 2 * miB;
/** Of a source that is compressed, whose clusters take memory until they are unpacked. */
const packedChunkBytes = miB;
/** Enough to keep the thread pool busy. */
const compressedChunkBytes = 512 * 1024;
const compressedInFlight = 6;
/** Spans that threads move take no memory, and no thread waits until the program has heard of the last one. */
const movedInFlight = 16;

export interface CopyOptions extends VerbOptions {
  /** `new`: reads as zeros all over. `used`: zeros must be written too. */
  readonly target: 'new' | 'used';
  /** Store compressed clusters. */
  readonly compress?: boolean | undefined;
  readonly inFlight?: number | undefined;
  /** Only this part of the source. Its start lies on a border of chunks and clusters. */
  readonly range?: SpanRange | undefined;
  /** Where progress is counted, when the copy is a part of something larger. */
  readonly meter?: ProgressMeter | undefined;
}

/** Faults: `invalid` when the target is smaller; `unsupported` when it cannot compress; `cancelled`. */
export async function copyDisk(source: Disk, target: Disk, options: CopyOptions): Promise<void> {
  if (target.sizeBytes < source.sizeBytes) {
    const text = `${target.name} has ${target.sizeBytes} bytes, ${source.name} ${source.sizeBytes}`;
    throw new Fault('invalid', `the target is too small: ${text}`);
  }
  const meter = options.meter ?? new ProgressMeter(source.sizeBytes, options);
  const isPlainAndNew = options.compress !== true && options.target === 'new';
  const mover = isPlainAndNew ? SpanMover.between(source, target) : undefined;
  const put =
    options.compress === true ? compressor(target) : plainWriter(target, options.target, mover);
  // a cluster to be compressed is never cut in two; each one at work takes memory for its compressor
  const compress = options.compress === true;
  const size = compress ? Math.max(compressedChunkBytes, target.blockBytes) : plainChunkBytes;
  const inFlight = options.inFlight ?? (compress ? compressedInFlight : defaultInFlight);
  try {
    await eachInFlight(
      spansOf(source, size, options.range, compress ? size : packedChunkBytes),
      () => Math.max(inFlight, mover?.isMoving === true ? movedInFlight : 0),
      async (span, buffer) => {
        meter.add(0);
        await put(source, span, buffer);
        meter.add(span.chunkLength);
      },
      compress ? size + (size / target.blockBytes) * packedRoom(target.blockBytes) : size,
    );
  } finally {
    mover?.end();
  }
  if (options.target === 'used' && target.sizeBytes > source.sizeBytes) {
    await target.zero(source.sizeBytes, target.sizeBytes - source.sizeBytes);
  }
  if (options.meter === undefined) meter.end();
}

type PutSpan = (source: Disk, span: Span, buffer: Buffer) => Promise<void>;

function plainWriter(target: Disk, state: 'new' | 'used', mover: SpanMover | undefined): PutSpan {
  const unit = unitOf(target);
  return async (source, { chunk, chunkLength, start, end }, buffer) => {
    if (state === 'used' && start > chunk) await target.zero(chunk, start - chunk);
    if (state === 'used' && chunk + chunkLength > end && end >= start) {
      const from = Math.max(end, chunk);
      if (chunk + chunkLength > from) await target.zero(from, chunk + chunkLength - from);
    }
    if (start === end) return;
    if ((await mover?.move(start, end - start)) === true) return;
    const bytes = buffer.subarray(0, end - start);
    await source.read(bytes, start);
    const { data, gaps } = dataRuns(bytes, start, unit);
    if (state === 'used') for (const { at, length } of gaps) await target.zero(start + at, length);
    for (const { at, length } of data) {
      await target.write(bytes.subarray(at, at + length), start + at);
      mover?.count(length, start + at + length);
    }
  };
}

interface PackedCluster {
  readonly offset: number;
  /** Undefined: it did not become smaller. */
  readonly stored: Uint8Array | undefined;
}

function isSmaller(cluster: PackedCluster): cluster is PackedCluster & StoredCluster {
  return cluster.stored !== undefined;
}

/** What did not become smaller, adjacent clusters as one. */
function plainRuns(
  clusters: readonly PackedCluster[],
  unit: number,
): readonly { readonly start: number; readonly end: number }[] {
  const runs: { readonly start: number; end: number }[] = [];
  for (const { offset, stored } of clusters) {
    const last = runs.at(-1);
    if (stored !== undefined) continue;
    if (last?.end === offset) last.end += unit;
    else runs.push({ start: offset, end: offset + unit });
  }
  return runs;
}

/** Whole clusters, compressed side by side behind the data in the buffer, stored in the order of the disk. */
function compressor(target: Disk): PutSpan {
  const { writer } = target.layer;
  const compress = writer?.compress?.bind(writer);
  if (compress === undefined || writer?.writeCompressed === undefined) {
    const text = `${target.name}: ${target.format} does not store compressed clusters`;
    throw new Fault('unsupported', text);
  }
  const unit = target.blockBytes;
  let turn: Promise<void> = Promise.resolve();
  return async (source, span, buffer) => {
    if (span.start === span.end) return;
    const first = Math.floor(span.start / unit) * unit;
    const last = Math.ceil(span.end / unit) * unit;
    const before = turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    turn = promise;
    try {
      const bytes = buffer.subarray(0, last - first);
      const inside = Math.min(last, source.sizeBytes) - first;
      await source.read(bytes.subarray(0, inside), first);
      bytes.fill(0, inside);
      const work: Promise<PackedCluster>[] = [];
      let room = bytes.length;
      for (let at = 0; at < bytes.length; at += unit) {
        const cluster = bytes.subarray(at, at + unit);
        if (isZero(cluster)) continue;
        const into = buffer.subarray(room, room + packedRoom(unit));
        room += into.length;
        work.push(compress(cluster, into).then((stored) => ({ offset: first + at, stored })));
      }
      const made = await Promise.all(work);
      await before;
      const smaller = made.filter(isSmaller);
      if (smaller.length > 0) await target.writeCompressed(smaller);
      for (const { start, end } of plainRuns(made, unit))
        await target.write(bytes.subarray(start - first, Math.min(end - first, inside)), start);
    } finally {
      resolve();
    }
  };
}
