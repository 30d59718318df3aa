/**
 * The members of a tar archive in their order (POSIX.1-2001 ustar and pax, GNU's long names, sizes and sparse files). What a
 * header says is bounded before it is used; links and devices are refused by name.
 */
import { Fault } from '#lib';
import { ByteReader } from './byte-reader.ts';
import { strange, type Member, type Piece } from './members.ts';
import { readGnuMap, SparseRecords, type SparseMap } from './sparse-map.ts';

const blockBytes = 512;
/** Older maps of sparse files are in records. */
const maxExtendedBytes = 1024 * 1024;
const maxSizeBytes = 2 ** 50;

const strangers: ReadonlyMap<string, string> = new Map([
  ['1', 'a hard link'],
  ['2', 'a link'],
  ['3', 'a device'],
  ['4', 'a device'],
  ['6', 'a pipe'],
]);

/** What headers before a member say of it. */
interface Said {
  readonly name?: string;
  readonly sizeBytes?: number;
  readonly sparse?: SparseRecords;
}

/** Whether a file begins with the header of a member. */
export function isTar(head: Buffer): boolean {
  return head.length >= blockBytes && sumFits(head.subarray(0, blockBytes));
}

/** Each member must be read, or left, before the next is asked for. Errors: of what is no tar archive, or is torn. */
export async function* tarMembers(source: AsyncIterable<Buffer>): AsyncGenerator<Member> {
  const reader = new ByteReader(source);
  let said: Said = {};
  for (;;) {
    const header = await reader.take(blockBytes);
    if (header.every((byte) => byte === 0)) break;
    if (!sumFits(header)) throw new Error('there is no member where one should begin');
    const type = String.fromCharCode(header[156] ?? 0);
    const sizeBytes = sizeOf(header);
    if ('xgLK'.includes(type)) {
      said = { ...said, ...readExtended(type, await takePadded(reader, sizeBytes)) };
      continue;
    }
    const name = said.sparse?.name ?? said.name ?? nameOf(header);
    const length = said.sizeBytes ?? sizeBytes;
    const { sparse } = said;
    said = {};
    if (type === '5') {
      yield { name, kind: 'folder', content: nothing };
      await reader.skip(padded(length));
      continue;
    }
    if (!'07S\0'.includes(type))
      throw strange(name, strangers.get(type) ?? `of type ${JSON.stringify(type)}`);
    const mapped =
      type === 'S'
        ? { map: await readGnuMap(header, reader, readNumber), mapBytes: 0 }
        : await sparse?.map(reader, bounded);
    yield* readFile(reader, {
      name,
      storedBytes: length - (mapped?.mapBytes ?? 0),
      map: mapped?.map,
    });
  }
  await reader.drain();
}

interface StoredFile {
  readonly name: string;
  /** Behind the map. */
  readonly storedBytes: number;
  /** Of a sparse file. */
  readonly map: SparseMap | undefined;
}

async function* readFile(
  reader: ByteReader,
  { name, storedBytes, map }: StoredFile,
): AsyncGenerator<Member> {
  if (map !== undefined && map.dataBytes !== storedBytes)
    throw new Error('it has a file with more or less data than its map says');
  let given = 0;
  const content = async function* (): AsyncGenerator<Piece> {
    const onData = (bytes: number): void => void (given += bytes);
    if (map !== undefined) return yield* map.content(reader, onData);
    for await (const bytes of reader.part(storedBytes)) {
      onData(bytes.length);
      yield bytes;
    }
  };
  yield { name, kind: 'file', content };
  await reader.skip(padded(storedBytes) - given);
}

async function* nothing(): AsyncGenerator<Buffer> {
  yield* [];
}

async function takePadded(reader: ByteReader, sizeBytes: number): Promise<Buffer> {
  if (sizeBytes > maxExtendedBytes)
    throw new Fault('too-large', 'the archive says too much of one of its files');
  return (await reader.take(padded(sizeBytes))).subarray(0, sizeBytes);
}

const padded = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;

function readExtended(type: string, bytes: Buffer): Said {
  if (type === 'L') return { name: cut(bytes) };
  return type === 'x' ? readPax(bytes) : {};
}

/** Records of `LENGTH KEY=VALUE\n` (pax interchange format). */
function readPax(bytes: Buffer): Said {
  const said: { name?: string; sizeBytes?: number; sparse?: SparseRecords } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    if (!Number.isSafeInteger(length) || length < space - at + 3 || at + length > bytes.length)
      throw new Error('what it says of a file cannot be read');
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key.startsWith('GNU.sparse.')) (said.sparse ??= new SparseRecords()).put(key, value);
    if (key === 'path') said.name = value;
    if (key === 'size') said.sizeBytes = bounded(Number(value));
    at += length;
  }
  return said;
}

function sumFits(header: Buffer): boolean {
  const found = readOctal(header.subarray(148, 156));
  let sum = 0;
  for (let at = 0; at < blockBytes; at += 1)
    sum += at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0);
  return found === sum;
}

const sizeOf = (header: Buffer): number => readNumber(header.subarray(124, 136));

/** Octal digits, or GNU's big-endian number when the first bit is set. */
function readNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) return bounded(readOctal(field) ?? Number.NaN);
  return bounded(Number(field.readBigUInt64BE(4)));
}

function bounded(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0 && size <= maxSizeBytes) return size;
  throw new Error('it says no possible size of a file');
}

function readOctal(field: Buffer): number | undefined {
  const digits = field.toString('latin1').replaceAll(/[\0 ]/g, '');
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}

function nameOf(header: Buffer): string {
  const name = cut(header.subarray(0, 100));
  // GNU's own format has other things behind its mark.
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? cut(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function cut(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
