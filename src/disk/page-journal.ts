/**
 * Changed pages of an open disk, noted beside it before the writes that changed them are told as done. The note outlives
 * the program, and not the host: it is never synced. What a flush has made durable needs no note, and what a loss of power
 * may take is what it may take without one (docs/rfd/0027).
 *
 * Invariants
 * 1. Of each page the last note is never older than what is in the file: a commit notes what it takes before it writes.
 * 2. A note names pages whose data, and whose pages of earlier phases, are with the host already.
 * 3. What is noted is bounded: when a commit leaves nothing to write the notes begin anew, and else when they are many.
 *
 * The file: records of `GPJ1`, the length and CRC-32 of what follows, which is in the first record the tables as JSON and
 * in each other pages: number of the table, phase, length, offset, bytes. The first record that is not whole ends it.
 *
 * Where a note cannot be written, writes are told as done when they are durable instead.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { miB } from '#lib';
import { maxDirtyBytes, maxFileBytes } from './limits.ts';

const magic = 0x47504a31;
const headBytes = 12;
const pageHeadBytes = 16;
/** Then they begin anew. */
const manyBytes = 4 * maxDirtyBytes;
/** What is longer was not written by this. */
const maxBytes = 64 * miB;

export interface NotedPage {
  readonly offset: number;
  readonly phase: number;
  readonly bytes: Buffer;
}

/** What has pages that change: one table or kind of bitmap of one file. */
export interface NotedTable {
  /** File, structure and size of pages. Notes of another are not for this one. */
  readonly label: string;
  readonly pageBytes: number;
  /** Whether all of it is in the file. */
  readonly isClean: boolean;
  /** What was changed since the last call. Bytes of these two are not to be kept across an await. */
  takeChanged(): readonly NotedPage[];
  /** All that is not in the file yet. */
  unwritten(): readonly NotedPage[];
}

export class PageJournal {
  readonly #path: string;
  readonly #tables: NotedTable[] = [];
  readonly #changed = new Set<NotedTable>();
  /** Of the program before this one. */
  readonly #found: Found | undefined;
  /** Undefined: nothing can be noted. */
  #fd: number | undefined;
  #end = 0;
  #firstBytes = 0;

  /** Reads what an earlier program has left at the path, if it has. It stays until `start`. */
  constructor(path: string) {
    this.#path = path;
    this.#found = readNotes(path);
  }

  /** Takes a table in, in the order of the layer; what was noted of it is to be written. */
  adopt(table: NotedTable): readonly NotedPage[] {
    const index = this.#tables.push(table) - 1;
    if (this.#found?.labels[index] !== table.label) return [];
    const pages = [...(this.#found.pages[index]?.values() ?? [])];
    return pages.filter(({ bytes }) => bytes.length === table.pageBytes);
  }

  /** The table has changes that are not noted. */
  note(table: NotedTable): void {
    this.#changed.add(table);
  }

  /** Notes from now on, beginning with all that is not in the file yet. False: it could not. */
  start(): boolean {
    if (this.#tables.length === 0) return true;
    const next = `${this.#path}.next`;
    const before = this.#fd;
    let fd: number | undefined;
    try {
      rmSync(next, { force: true });
      fd = openSync(next, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      const first = recordOf([Buffer.from(JSON.stringify(this.#tables.map(({ label }) => label)))]);
      const pages = this.#tables.flatMap((table, index) => partsOf(index, table.unwritten()));
      const all = pages.length === 0 ? first : Buffer.concat([first, recordOf(pages)]);
      writeAll(fd, all, 0);
      renameSync(next, this.#path);
      this.#fd = fd;
      this.#firstBytes = first.length;
      this.#end = all.length;
      for (const table of this.#changed) table.takeChanged();
      this.#changed.clear();
      if (before !== undefined) closeSync(before);
      return true;
    } catch {
      if (fd !== undefined) closeSync(fd);
      rmSync(next, { force: true });
      return false;
    }
  }

  /**
   * Notes what was changed since the last call: then whatever caused it may be told as done. False: that must
   * wait for a commit.
   */
  append(): boolean {
    if (this.#fd === undefined) return this.#tables.every(({ isClean }) => isClean);
    if (this.#changed.size === 0) return true;
    const parts: Buffer[] = [];
    for (const table of this.#changed)
      parts.push(...partsOf(this.#tables.indexOf(table), table.takeChanged()));
    this.#changed.clear();
    try {
      const record = recordOf(parts);
      writeAll(this.#fd, record, this.#end);
      this.#end += record.length;
      if (this.#end <= manyBytes || this.start()) return true;
    } catch {
      // Its volume is full: told by the answer.
    }
    // What it holds is good until the commit that follows has ended.
    this.close();
    return false;
  }

  /** After a commit. */
  settle(): void {
    try {
      if (this.#fd === undefined) {
        if (!this.start()) rmSync(this.#path, { force: true });
      } else if (this.#end > this.#firstBytes && this.#tables.every(({ isClean }) => isClean)) {
        ftruncateSync(this.#fd, this.#firstBytes);
        this.#end = this.#firstBytes;
      }
    } catch {
      this.remove();
    }
  }

  /** Leaves it to the next program. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  /** All is in the file. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }
}

function recordOf(parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(headBytes), ...parts]);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(bytes.length - headBytes, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(headBytes)), 8);
  return bytes;
}

function partsOf(table: number, pages: readonly NotedPage[]): Buffer[] {
  return pages.flatMap(({ offset, phase, bytes }) => {
    const head = Buffer.alloc(pageHeadBytes);
    head.writeUInt16BE(table, 0);
    head.writeUInt16BE(phase, 2);
    head.writeUInt32BE(bytes.length, 4);
    head.writeDoubleBE(offset, 8);
    return [head, bytes];
  });
}

function writeAll(fd: number, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}

interface Found {
  readonly labels: readonly unknown[];
  /** For each table its pages by their offset, as they were noted last. */
  readonly pages: readonly Map<number, NotedPage>[];
}

/** Undefined: there is nothing that could be used. */
function readNotes(path: string): Found | undefined {
  const bytes = readWhole(path);
  if (bytes === undefined) return undefined;
  const [first, ...others] = records(bytes);
  if (first === undefined) return undefined;
  const labels = labelsIn(first);
  if (labels === undefined) return undefined;
  const pages = labels.map(() => new Map<number, NotedPage>());
  for (const record of others) readPages(record, pages);
  return { labels, pages };
}

function labelsIn(first: Buffer): readonly unknown[] | undefined {
  try {
    const labels: unknown = JSON.parse(first.toString());
    return Array.isArray(labels) ? labels : undefined;
  } catch {
    return undefined;
  }
}

function readWhole(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > maxBytes) return undefined;
    const bytes = Buffer.alloc(stats.size);
    let done = 0;
    for (let count = 1; count > 0 && done < bytes.length; done += count)
      count = readSync(fd, bytes, done, bytes.length - done, done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/** Those that are whole, up to the first that is not. */
function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + headBytes <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    const start = at + headBytes;
    if (bytes.readUInt32BE(at) !== magic || start + length > bytes.length) break;
    const body = bytes.subarray(start, start + length);
    if (bytes.readUInt32BE(at + 8) !== crc32(body)) break;
    found.push(body);
    at = start + length;
  }
  return found;
}

function readPages(record: Buffer, into: readonly Map<number, NotedPage>[]): void {
  for (let at = 0; at + pageHeadBytes <= record.length;) {
    const length = record.readUInt32BE(at + 4);
    const offset = record.readDoubleBE(at + 8);
    const start = at + pageHeadBytes;
    if (start + length > record.length) return;
    if (Number.isSafeInteger(offset) && offset >= 0 && offset + length <= maxFileBytes) {
      const bytes = Buffer.from(record.subarray(start, start + length));
      const page = { offset, phase: record.readUInt16BE(at + 2), bytes };
      into[record.readUInt16BE(at)]?.set(offset, page);
    }
    at = start + length;
  }
}
