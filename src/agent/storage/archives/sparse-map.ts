/**
 * Where the data of a sparse member of a tar archive belongs, in the four forms in which GNU's tar writes it: behind the
 * header (`--format=gnu`), and as `GNU.sparse` 0.0 and 0.1 in pax records, 1.0 before the data (`--format=posix`).
 *
 * Invariant of a map: runs ascend, do not overlap and end within the file; together they are the data that is stored.
 */
import { Fault } from '#lib';
import type { ByteReader } from './byte-reader.ts';
import type { Piece } from './members.ts';

const blockBytes = 512;
/** Entries of the map of one member, which then takes 16 MiB of memory. */
const maxEntries = 2 ** 20;
const entryBytes = 24;

const torn = (): Error => new Error('it has a file whose map of holes cannot be');

export class SparseMap {
  readonly sizeBytes: number;
  /** Offset and length of each run, in turn. */
  readonly #runs: number[] = [];
  #entries = 0;
  #end = 0;
  #dataBytes = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** Faults: `too-large`. Errors: of what is not behind the runs before it, or not within the file. */
  add(offset: number, length: number): void {
    const isNumber = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && length >= 0;
    if (!isNumber || offset < this.#end || offset + length > this.sizeBytes) throw torn();
    this.#end = offset + length;
    this.#dataBytes += length;
    this.#entries += 1;
    if (this.#entries > maxEntries)
      throw new Fault('too-large', `a file in the archive has more than ${maxEntries} holes`, {
        hint: 'pack it without --sparse; what is zeros takes no room without it either',
      });
    if (length > 0) this.#runs.push(offset, length);
  }

  /** The whole file in order, its data from the reader. `onData` hears how much of that was taken. */
  async *content(reader: ByteReader, onData: (bytes: number) => void): AsyncGenerator<Piece> {
    let position = 0;
    for (let at = 0; at < this.#runs.length; at += 2) {
      const [offset = 0, length = 0] = [this.#runs[at], this.#runs[at + 1]];
      if (offset > position) yield { zeroBytes: offset - position };
      for await (const bytes of reader.part(length)) {
        onData(bytes.length);
        yield bytes;
      }
      position = offset + length;
    }
    if (this.sizeBytes > position) yield { zeroBytes: this.sizeBytes - position };
  }
}

/** How a header, or the tar archive, writes a number. */
export type ReadNumber = (field: Buffer) => number;

/** The map in the header of a member of type `S`, and in the blocks behind it. */
export async function readGnuMap(
  header: Buffer,
  reader: ByteReader,
  number: ReadNumber,
): Promise<SparseMap> {
  const map = new SparseMap(number(header.subarray(483, 495)));
  const take = (entries: Buffer): void => {
    for (let at = 0; at < entries.length; at += entryBytes) {
      const entry = entries.subarray(at, at + entryBytes);
      if (entry[0] === 0) return;
      map.add(number(entry.subarray(0, 12)), number(entry.subarray(12)));
    }
  };
  take(header.subarray(386, 482));
  for (let goesOn = header[482] !== 0; goesOn;) {
    const block = await reader.take(blockBytes);
    if (block[0] === 0) throw torn();
    take(block.subarray(0, 504));
    goesOn = block[504] !== 0;
  }
  return map;
}

const decimal = (text: string): number => (/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN);

/** What pax records say of a sparse member, gathered record by record. */
export class SparseRecords {
  name: string | undefined;
  #sizeBytes: number | undefined;
  #major = 0;
  /** Offsets and lengths in turn, as versions 0.0 and 0.1 have them in records. */
  readonly #numbers: number[] = [];

  /** A record whose key begins with `GNU.sparse.`; others of these say nothing more. */
  put(key: string, value: string): void {
    if (key === 'GNU.sparse.name') this.name = value;
    else if (key === 'GNU.sparse.size' || key === 'GNU.sparse.realsize')
      this.#sizeBytes = decimal(value);
    else if (key === 'GNU.sparse.major') this.#major = decimal(value);
    else if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
      this.#numbers.push(decimal(value));
    else if (key === 'GNU.sparse.map')
      for (const one of value.split(',')) this.#numbers.push(decimal(one));
  }

  /** The map, and how many bytes before the data it took. Errors: of what it cannot be. */
  async map(
    reader: ByteReader,
    bounded: (sizeBytes: number) => number,
  ): Promise<{ readonly map: SparseMap; readonly mapBytes: number }> {
    const map = new SparseMap(bounded(this.#sizeBytes ?? Number.NaN));
    if (this.#major === 1) return { map, mapBytes: await readMapBefore(map, reader) };
    if (this.#major !== 0 || this.#numbers.length % 2 !== 0) throw torn();
    for (let at = 0; at < this.#numbers.length; at += 2)
      map.add(this.#numbers[at] ?? Number.NaN, this.#numbers[at + 1] ?? Number.NaN);
    return { map, mapBytes: 0 };
  }
}

/** Version 1.0: lines of numbers, how many runs there are and then each, filled up to a block. */
async function readMapBefore(map: SparseMap, reader: ByteReader): Promise<number> {
  let text = '';
  let mapBytes = 0;
  const line = async (): Promise<number> => {
    for (;;) {
      const end = text.indexOf('\n');
      if (end >= 0) {
        const number = decimal(text.slice(0, end));
        text = text.slice(end + 1);
        return number;
      }
      text += (await reader.take(blockBytes)).toString('latin1');
      mapBytes += blockBytes;
      if (text.length > 2 * blockBytes) throw torn();
    }
  };
  const runs = await line();
  if (!Number.isSafeInteger(runs)) throw torn();
  for (let run = 0; run < runs; run += 1) map.add(await line(), await line());
  return mapBytes;
}
