/**
 * Free clusters of NTFS: the file $Bitmap, found through the first records of the master file table. Believed only where
 * the volume is not marked dirty, its log says that nothing was under way, and the bitmap covers its own clusters.
 */
import { abortReason, miB } from '#lib';
import type { Structure } from '../structure.ts';
import { readStructure } from '../structure.ts';
import type { FreeReading } from './free-space.ts';
import { eachClearRun, RangeList } from './ranges.ts';
import type { GuestWindow } from './window.ts';

const records = { table: 0, log: 2, volume: 3, bitmap: 6 } as const;
const attributes = { list: 0x20, volumeInformation: 0x70, data: 0x80, end: 0xffff_ffff } as const;
const maxRuns = 65536;
const volumeIsDirty = 1;
const logIsClean = 2;
const noClient = 0xffff;

interface Volume {
  readonly window: GuestWindow;
  readonly clusterBytes: number;
  readonly clusters: number;
  readonly recordBytes: number;
  readonly tableCluster: number;
}

interface Run {
  readonly cluster: number;
  readonly count: number;
}

function read(
  window: GuestWindow,
  structure: string,
  offset: number,
  length: number,
): Promise<Structure> {
  return readStructure(window, { format: 'ntfs', structure, offset }, length);
}

/** Undefined when this is not such a file system. */
export async function readNtfs(
  window: GuestWindow,
  signal: AbortSignal | undefined,
): Promise<FreeReading | undefined> {
  if (window.sizeBytes < 4096) return undefined;
  const boot = await read(window, 'boot sector', 0, 512);
  if (boot.latin1(3, 8) !== 'NTFS    ') return undefined;
  const volume = parseVolume(window, boot);
  const table = runsOf(volume, await readRecord(volume, records.table));
  const covered = (table?.[0]?.count ?? 0) * volume.clusterBytes;
  if (table?.[0]?.cluster !== volume.tableCluster || covered < 16 * volume.recordBytes) {
    return { reason: 'its file table is in an odd place' };
  }
  const dirty = await whyDirty(volume);
  if (dirty !== undefined) return { reason: dirty };
  const runs = runsOf(volume, await readRecord(volume, records.bitmap));
  if (runs === undefined) return { reason: 'its bitmap is stored in a way that is not known here' };
  return readBitmap(volume, runs, signal);
}

function parseVolume(window: GuestWindow, boot: Structure): Volume {
  const sectorBytes = boot.u16le(11);
  const perCluster = boot.u8(13);
  // above 128 it is the negative of a power of two
  const sectors = perCluster > 128 ? 2 ** (256 - perCluster) : perCluster;
  const clusterBytes = sectorBytes * sectors;
  boot.demand(sectorBytes >= 256 && sectorBytes <= 4096, 11, 'sectors of an unknown size');
  boot.demand(clusterBytes >= 512 && clusterBytes <= 2 * miB, 13, 'clusters of an unknown size');
  boot.demand(Number.isInteger(Math.log2(clusterBytes)), 13, 'clusters of an unknown size');
  const clusters = Math.floor((boot.u64le(40) * sectorBytes) / clusterBytes);
  boot.demand(
    clusters > 16 && clusters * clusterBytes <= window.sizeBytes,
    40,
    'longer than its place',
  );
  const size = boot.bytes.readInt8(64);
  const recordBytes = size > 0 ? size * clusterBytes : 2 ** -size;
  boot.demand(recordBytes >= 512 && recordBytes <= 65536, 64, 'records of an unknown size');
  const tableCluster = boot.u64le(48);
  boot.demand(tableCluster < clusters, 48, 'its file table is not in the volume');
  return { window, clusterBytes, clusters, recordBytes, tableCluster };
}

/** A record of the file table, with the last two bytes of each sector put back in their places. */
async function readRecord(volume: Volume, number: number): Promise<Structure> {
  const { window, recordBytes, tableCluster, clusterBytes } = volume;
  const offset = tableCluster * clusterBytes + number * recordBytes;
  const record = await read(window, `file record ${number}`, offset, recordBytes);
  record.demand(record.latin1(0, 4) === 'FILE' && (record.u16le(22) & 1) === 1, 0, 'is not in use');
  const [at, count] = [record.u16le(4), record.u16le(6)];
  record.demand(count === recordBytes / 512 + 1, 6, 'an odd update sequence');
  for (let index = 1; index < count; index += 1) {
    const end = index * 512 - 2;
    record.demand(record.u16le(end) === record.u16le(at), end, 'was not written whole');
    record.bytes.writeUInt16LE(record.u16le(at + index * 2), end);
  }
  return record;
}

/** Where in the record the attribute without a name begins. */
function attributeOf(record: Structure, type: number): number | undefined {
  let at = record.u16le(20);
  while (at + 16 <= record.length && record.u32le(at) !== attributes.end) {
    if (record.u32le(at) === attributes.list) return undefined;
    if (record.u32le(at) === type && record.u8(at + 9) === 0) return at;
    const length = record.u32le(at + 4);
    record.demand(length >= 16, at + 4, 'an attribute without end');
    at += length;
  }
  return undefined;
}

/** The runs of the unnamed data; undefined where they are elsewhere, compressed, sparse or in the record itself. */
function runsOf(volume: Volume, record: Structure): readonly Run[] | undefined {
  const at = attributeOf(record, attributes.data);
  if (at === undefined || record.u8(at + 8) === 0 || record.u16le(at + 12) !== 0) return undefined;
  if (record.u64le(at + 16) !== 0) return undefined;
  const end = at + record.u32le(at + 4);
  const runs: Run[] = [];
  let cluster = 0;
  for (let next = at + record.u16le(at + 32); next < end;) {
    const head = record.u8(next);
    if (head === 0) break;
    const [lengthBytes, offsetBytes] = [head & 15, head >>> 4];
    record.demand(lengthBytes >= 1 && lengthBytes <= 6 && offsetBytes <= 6, next, 'an odd run');
    if (offsetBytes === 0 || runs.length >= maxRuns) return undefined;
    const count = record.slice(next + 1, lengthBytes).readUIntLE(0, lengthBytes);
    cluster += record.slice(next + 1 + lengthBytes, offsetBytes).readIntLE(0, offsetBytes);
    const isInside = count > 0 && cluster >= 0 && cluster + count <= volume.clusters;
    record.demand(isInside, next, 'a run outside the volume');
    runs.push({ cluster, count });
    next += 1 + lengthBytes + offsetBytes;
  }
  return runs;
}

async function whyDirty(volume: Volume): Promise<string | undefined> {
  const record = await readRecord(volume, records.volume);
  const at = attributeOf(record, attributes.volumeInformation);
  if (at === undefined || record.u8(at + 8) !== 0) return 'it does not say whether it is clean';
  const flags = record.u16le(at + record.u16le(at + 20) + 10);
  if ((flags & volumeIsDirty) !== 0) return 'it was not unmounted';
  const [log] = runsOf(volume, await readRecord(volume, records.log)) ?? [];
  if (log === undefined || log.count * volume.clusterBytes < 8192) return 'its log cannot be read';
  const offset = log.cluster * volume.clusterBytes;
  for (const page of [0, 4096]) {
    const restart = await read(volume.window, 'log', offset + page, 512);
    // a log that was never written to
    if (restart.bytes.every((byte) => byte === 0xff)) continue;
    if (restart.latin1(0, 4) !== 'RSTR') return 'its log cannot be read';
    const area = restart.u16le(24);
    const isClean = (restart.u16le(area + 14) & logIsClean) !== 0;
    if (!isClean && restart.u16le(area + 12) !== noClient)
      return 'it was in use: shut Windows down wholly';
  }
  return undefined;
}

async function readBitmap(
  volume: Volume,
  runs: readonly Run[],
  signal: AbortSignal | undefined,
): Promise<FreeReading> {
  const { window, clusterBytes, clusters, tableCluster } = volume;
  const ranges = new RangeList();
  const own = [{ cluster: 0, count: 1 }, { cluster: tableCluster, count: 1 }, ...runs];
  let bit = 0;
  let isOdd = false;
  for (const { cluster, count } of runs) {
    for (let done = 0; done < count * clusterBytes && bit < clusters; done += miB) {
      if (signal?.aborted) throw abortReason(signal);
      const length = Math.min(miB, count * clusterBytes - done);
      const part = await read(window, 'bitmap', cluster * clusterBytes + done, length);
      const first = bit;
      eachClearRun(part.bytes, Math.min(length * 8, clusters - first), (from, to) => {
        const [low, high] = [first + from, first + to];
        isOdd ||= own.some((run) => run.cluster < high && run.cluster + run.count > low);
        ranges.add(window.start + low * clusterBytes, window.start + high * clusterBytes);
      });
      bit += length * 8;
    }
  }
  if (bit < clusters) return { reason: 'its bitmap is too short' };
  if (isOdd) return { reason: 'its bitmap says that it is itself free' };
  return { ranges: ranges.end() };
}
