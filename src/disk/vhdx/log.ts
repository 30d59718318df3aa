/**
 * The log of a VHDX (MS-VHDX 2.3): changes of metadata pages of 4 KiB, written and made durable here before
 * they go to their place. Replay finds the sequence of valid entries that ends with the highest number and
 * gives its pages; nothing else of the log is used.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { readStructure, type Structure } from '../structure.ts';
import { crc32c } from './crc32c.ts';
import { guidBytes, guidText, noGuid } from './guid.ts';
import type { VhdxHeader } from './header.ts';

const pageBytes = 4096;
const headBytes = 64;
const descriptorBytes = 32;

export interface LogPage {
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface LogZeros {
  readonly offset: number;
  readonly length: number;
}

export interface Replay {
  /** In the order in which they are to be applied. */
  readonly changes: readonly (LogPage | LogZeros)[];
  /** The file must be at least so long. */
  readonly fileBytes: number;
}

interface LogEntry {
  readonly at: number;
  readonly length: number;
  readonly tail: number;
  readonly sequence: bigint;
  readonly lastFileOffset: number;
  readonly changes: readonly (LogPage | LogZeros)[];
}

/** Descriptors fill the first page behind its head, then further pages. */
function descriptorPages(count: number): number {
  return Math.ceil((headBytes + count * descriptorBytes) / pageBytes);
}

/** What a log that is not empty asks for; undefined when there is nothing to replay. Faults: `corrupt`. */
export async function readLog(file: DiskFile, header: VhdxHeader): Promise<Replay | undefined> {
  if (header.logGuid === noGuid || header.logBytes === 0) return undefined;
  const place = { format: 'vhdx', structure: 'log', offset: header.logOffset };
  const log = await readStructure(file, place, header.logBytes);
  const entries = new Map<number, LogEntry>();
  for (let at = 0; at < log.length; at += pageBytes) {
    const entry = parseEntry(log, at, header.logGuid);
    if (entry !== undefined) entries.set(at, entry);
  }
  const newest = [...entries.values()].sort((a, b) => (a.sequence < b.sequence ? 1 : -1));
  for (const head of newest) {
    const sequence = sequenceTo(entries, head, log.length);
    if (sequence === undefined) continue;
    return {
      changes: sequence.flatMap((entry) => entry.changes),
      fileBytes: Math.max(...sequence.map((entry) => entry.lastFileOffset)),
    };
  }
  throw log.fault(0, 'says that it must be replayed, but holds no valid sequence');
}

/** The entries from the head's tail up to the head, if all of them are valid. */
function sequenceTo(
  entries: ReadonlyMap<number, LogEntry>,
  head: LogEntry,
  logBytes: number,
): readonly LogEntry[] | undefined {
  const sequence: LogEntry[] = [];
  for (let at = head.tail; sequence.length <= entries.size;) {
    const entry = entries.get(at);
    const before = sequence.at(-1);
    if (entry === undefined) return undefined;
    if (before !== undefined && entry.sequence !== before.sequence + 1n) return undefined;
    sequence.push(entry);
    if (entry === head) return sequence;
    at = (at + entry.length) % logBytes;
  }
  return undefined;
}

/** The entry that starts there, undefined when there is none that is valid. */
function parseEntry(log: Structure, at: number, guid: string): LogEntry | undefined {
  if (log.latin1(at, 4) !== 'loge') return undefined;
  const length = log.u32le(at + 8);
  const count = log.u32le(at + 24);
  if (length === 0 || length % pageBytes !== 0 || length > log.length) return undefined;
  if (descriptorPages(count) * pageBytes > length) return undefined;
  const bytes =
    at + length <= log.length
      ? log.slice(at, length)
      : Buffer.concat([log.slice(at, log.length - at), log.slice(0, length - (log.length - at))]);
  if (bytes.readUInt32LE(4) !== crc32c(bytes, 4)) return undefined;
  if (guidText(bytes.subarray(32, 48)) !== guid) return undefined;
  const tail = bytes.readUInt32LE(12);
  const sequence = bytes.readBigUInt64LE(16);
  const lastFileOffset = Number(bytes.readBigUInt64LE(56));
  if (tail % pageBytes !== 0 || tail >= log.length || lastFileOffset > 2 ** 52) return undefined;
  const changes: (LogPage | LogZeros)[] = [];
  let data = descriptorPages(count) * pageBytes;
  for (let index = 0; index < count; index += 1) {
    const here = bytes.subarray(
      headBytes + index * descriptorBytes,
      headBytes + (index + 1) * descriptorBytes,
    );
    const kind = here.toString('latin1', 0, 4);
    const offset = Number(here.readBigUInt64LE(16));
    if (here.readBigUInt64LE(24) !== sequence || offset % pageBytes !== 0) return undefined;
    if (kind === 'zero') {
      const zeros = Number(here.readBigUInt64LE(8));
      if (zeros % pageBytes !== 0 || offset + zeros > lastFileOffset) return undefined;
      changes.push({ offset, length: zeros });
    } else if (kind === 'desc') {
      const page =
        data + pageBytes <= bytes.length ? readPage(bytes, data, here, sequence) : undefined;
      if (page === undefined || offset + pageBytes > lastFileOffset) return undefined;
      changes.push({ offset, bytes: page });
      data += pageBytes;
    } else {
      return undefined;
    }
  }
  return { at, length, tail, sequence, lastFileOffset, changes };
}

/** A data sector of the log put together again: its first 8 and last 4 bytes are in the descriptor. */
function readPage(
  bytes: Buffer,
  at: number,
  descriptor: Buffer,
  sequence: bigint,
): Buffer | undefined {
  const stored = bytes.subarray(at, at + pageBytes);
  if (stored.toString('latin1', 0, 4) !== 'data') return undefined;
  const high = BigInt(stored.readUInt32LE(4));
  if (((high << 32n) | BigInt(stored.readUInt32LE(4092))) !== sequence) return undefined;
  const page = Buffer.from(stored);
  descriptor.copy(page, 0, 8, 16);
  descriptor.copy(page, 4092, 4, 8);
  return page;
}

/** Pages that one entry of a log of that size can take. */
export function pagesPerEntry(logBytes: number): number {
  const pages = Math.floor(logBytes / pageBytes);
  let count = pages - 1;
  while (descriptorPages(count) + count > pages) count -= 1;
  return count;
}

export interface NewEntry {
  /** Offset in the log; the entry is a sequence of its own. */
  readonly at: number;
  readonly sequence: bigint;
  readonly guid: string;
  readonly fileBytes: number;
  readonly pages: readonly LogPage[];
}

export function buildEntry(entry: NewEntry): Buffer {
  const first = descriptorPages(entry.pages.length) * pageBytes;
  const bytes = Buffer.alloc(first + entry.pages.length * pageBytes);
  bytes.write('loge', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 8);
  bytes.writeUInt32LE(entry.at, 12);
  bytes.writeBigUInt64LE(entry.sequence, 16);
  bytes.writeUInt32LE(entry.pages.length, 24);
  guidBytes(entry.guid).copy(bytes, 32);
  bytes.writeBigUInt64LE(BigInt(entry.fileBytes), 48);
  bytes.writeBigUInt64LE(BigInt(entry.fileBytes), 56);
  for (const [index, page] of entry.pages.entries()) {
    const at = headBytes + index * descriptorBytes;
    bytes.write('desc', at, 'latin1');
    page.bytes.copy(bytes, at + 4, 4092, 4096);
    page.bytes.copy(bytes, at + 8, 0, 8);
    bytes.writeBigUInt64LE(BigInt(page.offset), at + 16);
    bytes.writeBigUInt64LE(entry.sequence, at + 24);
    const data = first + index * pageBytes;
    page.bytes.copy(bytes, data);
    bytes.write('data', data, 'latin1');
    bytes.writeUInt32LE(Number(entry.sequence >> 32n), data + 4);
    bytes.writeUInt32LE(Number(entry.sequence & 0xffff_ffffn), data + 4092);
  }
  bytes.writeUInt32LE(crc32c(bytes, 4), 4);
  return bytes;
}
