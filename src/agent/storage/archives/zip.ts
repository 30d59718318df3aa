/**
 * The members of a zip archive, by its central directory (APPNOTE.TXT 6.3, 4.3.12 and 4.3.16; ZIP64 4.3.14). Invariant: no two members
 * have the same bytes of the archive, so that what it unpacks to is bounded by what it has.
 */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { Fault } from '#lib';
import { maxMembers, strange, type Member } from './members.ts';

const endMark = 0x06054b50;
const endBytes = 22;
const wideLocatorMark = 0x07064b50;
const wideEndMark = 0x06064b50;
const centralMark = 0x02014b50;
const centralBytes = 46;
const localMark = 0x04034b50;
const localBytes = 30;
const wideField = 0x0001;
const wide = 0xffff_ffff;
const maxDirectoryBytes = 16 * 1024 * 1024;

const encrypted = 0x1;
const stored = 0;
const deflated = 8;
const unix = 3;

/** st_mode of links and devices by their kind (inode(7)); whatever else is no file has none of its own word. */
const strangers: ReadonlyMap<number, string> = new Map([
  [0o12, 'a link'],
  [0o2, 'a device'],
  [0o6, 'a device'],
  [0o1, 'a pipe'],
  [0o14, 'a socket'],
]);

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly storedBytes: number;
  readonly sizeBytes: number;
  /** Of its local header. */
  readonly offset: number;
}

/** In the order in which they lie. Errors: of what is no zip archive, or is torn; `unsupported` for links and what is encrypted. */
export async function* zipMembers(path: string, signal: AbortSignal): AsyncGenerator<Member> {
  const file = await open(path, 'r');
  try {
    const { entries, start } = await readDirectory(file);
    let free = 0;
    for (const entry of entries.sort((one, other) => one.offset - other.offset)) {
      const at = await contentStart(file, entry);
      const end = at + entry.storedBytes;
      if (entry.offset < free || end > start)
        throw new Fault(
          'invalid',
          `${JSON.stringify(entry.name)} lies across others of the archive`,
        );
      free = end;
      const isFolder = /[/\\]$/.test(entry.name);
      if (isFolder && entry.sizeBytes > 0) throw new Error('it has a folder with a content');
      yield {
        name: entry.name,
        kind: isFolder ? 'folder' : 'file',
        content: () => readContent(path, entry, at, signal),
      };
    }
  } finally {
    await file.close();
  }
}

async function* readContent(
  path: string,
  { method, crc, storedBytes, sizeBytes }: Entry,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (storedBytes === 0 && sizeBytes === 0) return;
  const source = createReadStream(path, { start, end: start + storedBytes - 1, signal });
  const content = method === stored ? source : source.pipe(createInflateRaw());
  source.once('error', (error) => content.destroy(error));
  let [sum, length] = [0, 0];
  try {
    for await (const bytes of content as AsyncIterable<Buffer>) {
      length += bytes.length;
      // The directory is what was counted.
      if (length > sizeBytes) throw new Error('a file in it is longer than it says');
      sum = crc32(bytes, sum);
      yield bytes;
    }
  } finally {
    source.destroy();
    content.destroy();
  }
  if (length !== sizeBytes || sum !== crc)
    throw new Error('the checksum of a file in it is another one');
}

async function contentStart(file: FileHandle, { offset }: Entry): Promise<number> {
  const head = await readAt(file, offset, localBytes);
  if (head.readUInt32LE(0) !== localMark)
    throw new Error('there is no file where one should begin');
  return offset + localBytes + head.readUInt16LE(26) + head.readUInt16LE(28);
}

async function readDirectory(
  file: FileHandle,
): Promise<{ readonly entries: Entry[]; readonly start: number }> {
  const { count, bytes: length, start } = await findDirectory(file);
  if (count > maxMembers || length > maxDirectoryBytes)
    throw new Fault('too-large', `the archive has more than ${maxMembers} files and folders`, {
      hint: 'pack the vm alone: its configuration and its disks',
    });
  const bytes = await readAt(file, start, length);
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + centralBytes > bytes.length || bytes.readUInt32LE(at) !== centralMark)
      throw new Error('its directory is torn');
    const end =
      at +
      centralBytes +
      bytes.readUInt16LE(at + 28) +
      bytes.readUInt16LE(at + 30) +
      bytes.readUInt16LE(at + 32);
    if (end > bytes.length) throw new Error('its directory is torn');
    entries.push(readEntry(bytes.subarray(at, end)));
    at = end;
  }
  return { entries, start };
}

function readEntry(bytes: Buffer): Entry {
  const flags = bytes.readUInt16LE(8);
  const method = bytes.readUInt16LE(10);
  const nameEnd = centralBytes + bytes.readUInt16LE(28);
  // Names that are no UTF-8 are in whatever code page there was; their letters are not needed.
  const name = bytes.toString('utf8', centralBytes, nameEnd).replaceAll('\uFFFD', '_');
  const mode = (bytes[5] ?? 0) === unix ? bytes.readUInt32LE(38) >>> 28 : 0;
  const what = strangers.get(mode);
  if (what !== undefined) throw strange(name, what);
  if ((flags & encrypted) !== 0) throw strange(name, 'encrypted');
  if (method !== stored && method !== deflated) throw strange(name, `packed by method ${method}`);
  const sizes = [24, 20, 42].map((at) => bytes.readUInt32LE(at));
  const extra = bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(30));
  const [sizeBytes = 0, storedBytes = 0, offset = 0] = widened(sizes, extra);
  return { name, method, crc: bytes.readUInt32LE(16), storedBytes, sizeBytes, offset };
}

/** Those that did not fit are in the extra field, in this order (4.5.3). */
function widened(sizes: readonly number[], extra: Buffer): readonly number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== wideField) continue;
    let next = at + 4;
    const end = Math.min(next + extra.readUInt16LE(at + 2), extra.length);
    return sizes.map((size) => {
      if (size !== wide) return size;
      if (next + 8 > end) throw new Error('its directory is torn');
      next += 8;
      return safe(extra.readBigUInt64LE(next - 8));
    });
  }
  return sizes;
}

interface Directory {
  readonly count: number;
  readonly bytes: number;
  readonly start: number;
}

/** Its last record stands at the end, before a comment of at most 64 KiB. */
async function findDirectory(file: FileHandle): Promise<Directory> {
  const { size } = await file.stat();
  const length = Math.min(size, endBytes + 0xffff);
  const tail = await readAt(file, size - length, length);
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== endMark) continue;
    if (at + endBytes + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const near = {
      count: tail.readUInt16LE(at + 10),
      bytes: tail.readUInt32LE(at + 12),
      start: tail.readUInt32LE(at + 16),
    };
    const end = size - length + at;
    const found = (await findWide(file, end)) ?? near;
    if (found.start + found.bytes <= end) return found;
  }
  throw new Error('it has no directory');
}

async function findWide(file: FileHandle, end: number): Promise<Directory | undefined> {
  if (end < 20) return undefined;
  const locator = await readAt(file, end - 20, 20);
  if (locator.readUInt32LE(0) !== wideLocatorMark) return undefined;
  const record = await readAt(file, safe(locator.readBigUInt64LE(8)), 56);
  if (record.readUInt32LE(0) !== wideEndMark) return undefined;
  return {
    count: safe(record.readBigUInt64LE(32)),
    bytes: safe(record.readBigUInt64LE(40)),
    start: safe(record.readBigUInt64LE(48)),
  };
}

function safe(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new Error('its directory is torn');
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  if (bytesRead < length) throw new Error('it ends before its end');
  return bytes;
}
