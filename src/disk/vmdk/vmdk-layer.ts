/** An open VMDK: a descriptor and the extents it names, one after the other. */
import { randomBytes } from 'node:crypto';
import { assert } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { LayerSource } from '../format.ts';
import type {
  Extent,
  Finding,
  Layer,
  LayerFacts,
  LayerPiece,
  LayerWriter,
  ParentReference,
  ReadBelow,
  Twin,
  Wanted,
} from '../layer.ts';
import { maxDiskBytes, sectorBytes } from '../limits.ts';
import { fileFault } from '../structure.ts';
import { maxDescriptorBytes, noParent, parseDescriptor, type Descriptor } from './descriptor.ts';
import { flatExtent, zeroExtent, type ExtentWriter, type VmdkExtent } from './extent.ts';
import { SparseExtent } from './sparse-extent.ts';
import {
  headerFlags,
  isSparseMagic,
  readSparseHeader,
  type SparseHeader,
} from './sparse-header.ts';
import { StreamWriter } from './stream-writer.ts';
import { vmdkTwin } from './twin.ts';

export interface VmdkParts {
  readonly file: DiskFile;
  readonly descriptor: Descriptor;
  /** Where the descriptor's text starts in the file. */
  readonly descriptorOffset: number;
  readonly extents: readonly VmdkExtent[];
  readonly opened: readonly LayerPiece[];
  /** Of a stream-optimised file that has nothing in it yet. */
  readonly stream: SparseHeader | undefined;
  readonly blockBytes: number;
}

export class VmdkLayer implements Layer {
  readonly format = 'vmdk';
  readonly file: DiskFile;
  readonly sizeBytes: number;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  readonly writer: LayerWriter | undefined;
  readonly twin: Twin | undefined;
  readonly pieces: readonly LayerPiece[];
  readonly #parts: VmdkParts;
  readonly #starts: readonly number[];
  #cid: string;
  #touched: Promise<void> | undefined;

  constructor(parts: VmdkParts) {
    this.#parts = parts;
    this.file = parts.file;
    this.pieces = parts.opened;
    this.blockBytes = parts.blockBytes;
    this.#cid = parts.descriptor.cid;
    const starts: number[] = [];
    let size = 0;
    for (const extent of parts.extents) {
      starts.push(size);
      size += extent.sizeBytes;
    }
    this.#starts = starts;
    this.sizeBytes = size;
    this.parentReference = referenceOf(parts.descriptor);
    this.writer = this.#makeWriter();
    this.twin = this.parentReference === undefined ? vmdkTwin(parts) : undefined;
  }

  extentAt(offset: number, limit: number, wanted?: Wanted): Extent | Promise<Extent> {
    const { extent, start } = this.#find(offset);
    const within = offset - start;
    return extent.extentAt(within, Math.min(limit, extent.sizeBytes - within), wanted);
  }

  describe(): LayerFacts {
    const { descriptor, extents } = this.#parts;
    return {
      variant: descriptor.createType,
      identity: this.#cid,
      fields: {
        cid: this.#cid,
        parentCid: descriptor.parentCid,
        ...(descriptor.parentHint === undefined
          ? {}
          : { parentFileNameHint: descriptor.parentHint }),
        extents: extents.map(({ file, sizeBytes }) => ({ file: file?.name, sizeBytes })),
        dataBase: Object.fromEntries(
          Object.entries(descriptor.fields).filter(([key]) => key.startsWith('ddb.')),
        ),
      },
      remarks: [],
    };
  }

  async check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void> {
    for (const extent of this.#parts.extents) await extent.check(report, signal);
  }

  async close(): Promise<void> {
    for (const { file } of this.#parts.opened) await file.close();
  }

  #find(offset: number): { readonly extent: VmdkExtent; readonly start: number } {
    const starts = this.#starts;
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const extent = this.#parts.extents[low];
    assert(extent !== undefined, 'an offset within the disk is within an extent');
    return { extent, start: starts[low] ?? 0 };
  }

  #makeWriter(): LayerWriter | undefined {
    const { file, stream, extents } = this.#parts;
    if (file.access !== 'write') return undefined;
    if (stream !== undefined) return new StreamWriter(file, stream);
    if (extents.some((extent) => extent.writer === undefined)) return undefined;
    const all = async (work: (writer: ExtentWriter) => Promise<void>): Promise<void> => {
      for (const { writer } of extents) if (writer !== undefined) await work(writer);
    };
    return {
      write: (from, offset, below) =>
        this.#eachExtent(offset, from.length, below, (writer, within, start, length, under) =>
          writer.write(from.subarray(start - offset, start - offset + length), within, under),
        ),
      zero: (offset, length, below) =>
        this.#eachExtent(offset, length, below, (writer, within, _, part, under) =>
          writer.zero(within, part, under),
        ),
      commit: () => all((writer) => writer.commit()),
      dirtyBytes: () => extents.reduce((sum, { writer }) => sum + (writer?.dirtyBytes() ?? 0), 0),
      finish: () => all((writer) => writer.finish()),
    };
  }

  async #eachExtent(
    offset: number,
    length: number,
    below: ReadBelow,
    work: (
      writer: ExtentWriter,
      within: number,
      start: number,
      length: number,
      below: ReadBelow,
    ) => Promise<void>,
  ): Promise<void> {
    this.#touched ??= this.#changeIdentity();
    await this.#touched;
    for (let at = offset; at < offset + length;) {
      const { extent, start } = this.#find(at);
      assert(extent.writer !== undefined, 'every extent is written to');
      const part = Math.min(offset + length - at, start + extent.sizeBytes - at);
      const under: ReadBelow = (into, within) => below(into, start + within);
      await work(extent.writer, at - start, at, part, under);
      at += part;
    }
  }

  /** Children recognise the parent by this number, so whoever changes the content changes it. */
  async #changeIdentity(): Promise<void> {
    const { descriptor, descriptorOffset, file } = this.#parts;
    if (descriptor.cidAt === undefined) return;
    const digits = newCid(this.#cid, descriptor.cidDigits);
    this.#cid = digits.padStart(8, '0');
    await file.write(Buffer.from(digits, 'latin1'), descriptorOffset + descriptor.cidAt);
    await file.sync();
  }
}

/** Another one than the present, which takes up as many digits. */
function newCid(present: string, digits: number): string {
  const cid = randomBytes(4)
    .toString('hex', 0, Math.ceil(digits / 2))
    .slice(0, digits);
  return cid === noParent || cid.padStart(8, '0') === present ? newCid(present, digits) : cid;
}

function referenceOf(descriptor: Descriptor): ParentReference | undefined {
  if (descriptor.parentCid === noParent) return undefined;
  const names = descriptor.parentHint === undefined ? [] : [descriptor.parentHint];
  const last = (names[0] ?? '').replaceAll('\\', '/').split('/').at(-1) ?? '';
  return {
    names: [...names, last].filter((name) => name !== ''),
    format: 'vmdk',
    identity: descriptor.parentCid,
  };
}

/** Opens a VMDK by its descriptor or by a sparse extent that has one in it. Faults: `corrupt`, `unsupported`. */
export async function openVmdk(source: LayerSource): Promise<Layer> {
  const { file } = source;
  const fileBytes = await file.size();
  const head = Buffer.alloc(Math.min(512, fileBytes));
  await file.read(head, 0);
  if (isSparseMagic(head)) return openSparse(source, fileBytes);
  const place = { format: 'vmdk', structure: 'descriptor', offset: 0 };
  if (fileBytes > maxDescriptorBytes) {
    throw fileFault(file, place, `is longer than ${maxDescriptorBytes} bytes`);
  }
  const text = Buffer.alloc(fileBytes);
  await file.read(text, 0);
  const descriptor = parseDescriptor(file, 0, text);
  if (descriptor.extents.length === 0) throw fileFault(file, place, 'names no extents');
  const total = descriptor.extents.reduce((sum, extent) => sum + extent.lengthBytes, 0);
  if (total > maxDiskBytes) throw fileFault(file, place, `a disk of ${total} bytes`);
  const opened: LayerPiece[] = [];
  try {
    const extents: VmdkExtent[] = [];
    let blockBytes = 4096;
    for (const { kind, name, lengthBytes, offsetBytes } of descriptor.extents) {
      if (lengthBytes === 0) continue;
      if (kind === 'zero') {
        extents.push(zeroExtent(lengthBytes));
        continue;
      }
      const piece = await source.openNeighbour(name);
      opened.push({ name, file: piece });
      const pieceBytes = await piece.size();
      if (kind === 'flat') {
        if (offsetBytes + lengthBytes > pieceBytes) {
          throw fileFault(file, place, `the extent ${name} has only ${pieceBytes} bytes`);
        }
        extents.push(flatExtent(piece, offsetBytes, lengthBytes));
      } else {
        const header = await readSparseHeader(piece);
        const unknown = descriptor.parentCid === noParent ? 'zero' : 'absent';
        extents.push(
          new SparseExtent(piece, header, lengthBytes, pieceBytes, unknown, source.journal),
        );
        blockBytes = Math.max(blockBytes, header.grainBytes);
      }
    }
    return new VmdkLayer({
      file,
      descriptor,
      descriptorOffset: 0,
      extents,
      opened,
      stream: undefined,
      blockBytes,
    });
  } catch (error) {
    for (const { file: piece } of opened) await piece.close();
    throw error;
  }
}

async function openSparse({ file, journal }: LayerSource, fileBytes: number): Promise<Layer> {
  const header = await readSparseHeader(file);
  const descriptor = await embeddedDescriptor(file, header);
  const lengthBytes = descriptor.extents[0]?.lengthBytes ?? header.capacityBytes;
  const isStream =
    (header.flags & headerFlags.markers) !== 0 && header.directoryOffset === undefined;
  const isFresh = isStream && fileBytes === header.overheadBytes && file.access === 'write';
  const unknown = descriptor.parentCid === noParent ? 'zero' : 'absent';
  return new VmdkLayer({
    file,
    descriptor,
    descriptorOffset: header.descriptorOffset,
    extents: [
      isFresh
        ? zeroExtent(lengthBytes)
        : new SparseExtent(file, header, lengthBytes, fileBytes, unknown, journal),
    ],
    opened: [],
    stream: isFresh ? header : undefined,
    blockBytes: header.grainBytes,
  });
}

/** The descriptor inside a sparse extent; an extent of a split disk has none and is taken by itself. */
async function embeddedDescriptor(file: DiskFile, header: SparseHeader): Promise<Descriptor> {
  const { descriptorOffset: offset, descriptorBytes, capacityBytes } = header;
  if (offset === 0 || descriptorBytes === 0) {
    return {
      createType: header.kind === 'esx' ? 'vmfsSparse' : 'extent',
      cid: '00000000',
      parentCid: noParent,
      parentHint: undefined,
      extents: [{ kind: 'sparse', lengthBytes: capacityBytes, name: '', offsetBytes: 0 }],
      fields: {},
      text: '',
      cidDigits: 8,
      cidAt: undefined,
    };
  }
  const bytes = Buffer.alloc(Math.min(descriptorBytes, maxDescriptorBytes));
  const count = await file.read(bytes, offset);
  return parseDescriptor(file, offset, bytes.subarray(0, count));
}
