/**
 * The one file of a zip archive (APPNOTE.TXT 6.3), read in order: its local header (4.3.7), its data, and what follows, which must be
 * the central directory. What the headers say of sizes is not trusted; the checksum is. Folders in it are passed over.
 */
import { crc32, createInflateRaw } from 'node:zlib';
import { Fault } from '#lib';
import { ByteReader } from '../archives/byte-reader.ts';

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const archiveExtra = 0x08064b50;
const endOfCentral = 0x06054b50;
const descriptorMark = 0x08074b50;
const zip64Extra = 0x0001;
const wide = 0xffff_ffff;

const encrypted = 0x1;
const sizesBehind = 0x8;
const stored = 0;
const deflated = 8;

export async function* unzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  let files = 0;
  for (;;) {
    const mark = await reader.number(4);
    if (mark === centralHeader || mark === archiveExtra || mark === endOfCentral) break;
    if (mark !== localHeader) throw new Error('there is no file where one should begin');
    const entry = await readEntry(reader);
    if (entry.name.endsWith('/') && entry.storedBytes === 0 && entry.method === stored) continue;
    files += 1;
    if (files > 1) throw several();
    yield* readContent(reader, entry);
  }
  if (files === 0) throw new Error('there is no file in it');
  await reader.drain();
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly storedBytes: number;
  readonly hasDescriptor: boolean;
  readonly isWide: boolean;
}

async function readEntry(reader: ByteReader): Promise<Entry> {
  const head = await reader.take(26);
  const flags = head.readUInt16LE(2);
  const method = head.readUInt16LE(4);
  if ((flags & encrypted) !== 0)
    throw new Fault('unsupported', 'the file in the zip is encrypted', { hint: 'unpack it first' });
  if (method !== stored && method !== deflated)
    throw new Fault('unsupported', `the file in the zip is packed by method ${method}`, {
      hint: 'unpack it first',
    });
  const name = (await reader.take(head.readUInt16LE(22))).toString('latin1');
  const extra = await reader.take(head.readUInt16LE(24));
  const narrow = head.readUInt32LE(14);
  const wideBytes = wideSize(extra);
  return {
    name,
    method,
    crc: head.readUInt32LE(10),
    storedBytes: narrow === wide ? (wideBytes ?? wide) : narrow,
    hasDescriptor: (flags & sizesBehind) !== 0,
    isWide: wideBytes !== undefined,
  };
}

/** Size as it is stored, of the extra field of ZIP64 (4.5.3). */
function wideSize(extra: Buffer): number | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) !== zip64Extra || length < 16 || at + 4 + length > extra.length)
      continue;
    return Number(extra.readBigUInt64LE(at + 12));
  }
  return undefined;
}

async function* readContent(reader: ByteReader, entry: Entry): AsyncGenerator<Buffer> {
  if (entry.method === stored && entry.hasDescriptor)
    throw new Fault('unsupported', 'the zip does not tell where its file ends', {
      hint: 'unpack it first',
    });
  let sum = 0;
  const content = entry.method === stored ? reader.part(entry.storedBytes) : inflate(reader);
  for await (const bytes of content) {
    sum = crc32(bytes, sum);
    yield bytes;
  }
  const expected = entry.hasDescriptor ? await readDescriptor(reader, entry) : entry.crc;
  if (sum !== expected) throw new Error('its checksum is another one');
}

/** 4.3.9; its mark may be missing. Two sizes follow the checksum. */
async function readDescriptor(reader: ByteReader, { isWide }: Entry): Promise<number> {
  const first = await reader.number(4);
  const sum = first === descriptorMark ? await reader.number(4) : first;
  await reader.take(isWide ? 16 : 8);
  return sum;
}

/** To the end that the data itself has; what lies behind it goes back to the reader. */
async function* inflate(reader: ByteReader): AsyncGenerator<Buffer> {
  const decoder = createInflateRaw();
  let fed = 0;
  let last: Buffer = Buffer.alloc(0);
  const feed = async (): Promise<void> => {
    for (;;) {
      const bytes = await reader.some();
      if (bytes === undefined) return void decoder.end();
      last = bytes;
      fed += bytes.length;
      await new Promise<void>((resolve) => {
        decoder.once('close', resolve);
        decoder.write(bytes, () => {
          decoder.off('close', resolve);
          resolve();
        });
      });
      // What it did not take is behind the end of the data.
      if (decoder.bytesWritten < fed || decoder.destroyed) return;
    }
  };
  const feeding = feed();
  feeding.catch((error: unknown) => decoder.destroy(error as Error));
  for await (const bytes of decoder) yield bytes as Buffer;
  await feeding;
  const behind = fed - decoder.bytesWritten;
  reader.giveBack(last.subarray(last.length - behind));
}

function several(): Fault {
  return new Fault('unsupported', 'there are several files in the zip', {
    hint: 'unpack it first and send the one that is meant, or send it as it is, without unpacking',
  });
}
