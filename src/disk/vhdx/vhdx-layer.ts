/** An open VHDX: fixed, dynamic or differencing (MS-VHDX, "Virtual Hard Disk v2 File Format"). */
import type { DiskFile } from '../file/disk-file.ts';
import type { LayerSource } from '../format.ts';
import type {
  Extent,
  Finding,
  Layer,
  LayerFacts,
  LayerWriter,
  ParentReference,
  Twin,
} from '../layer.ts';
import type { PageJournal } from '../page-journal.ts';
import { fileFault } from '../structure.ts';
import { Bat, batEntries, blockStates, readBatEntry } from './bat.ts';
import { checkVhdx } from './check.ts';
import { noGuid } from './guid.ts';
import { readHeader, readRegions, switchHeader, type Regions, type VhdxHeader } from './header.ts';
import { readLog } from './log.ts';
import { readMetadata, type VhdxMetadata } from './metadata.ts';
import { referenceOf } from './parent-locator.ts';
import { applyReplay, replayedFile } from './replayed-file.ts';
import { vhdxTwin } from './twin.ts';
import { VhdxWriter } from './writer.ts';

export interface VhdxParts {
  /** As it is, or as its log says that it should be. */
  readonly file: DiskFile;
  readonly header: VhdxHeader;
  readonly regions: Regions;
  readonly metadata: VhdxMetadata;
  readonly fileBytes: number;
  readonly remarks: readonly string[];
  readonly journal?: PageJournal | undefined;
}

export class VhdxLayer implements Layer {
  readonly format = 'vhdx';
  readonly file: DiskFile;
  readonly sectorBytes: number;
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  readonly writer: LayerWriter | undefined;
  readonly twin: Twin | undefined;
  readonly #parts: VhdxParts;
  readonly #bat: Bat;
  #header: VhdxHeader;
  #size: number;
  #fileEnd: number;

  constructor(parts: VhdxParts) {
    const { file, metadata, regions } = parts;
    this.#parts = parts;
    this.file = file;
    this.#header = parts.header;
    this.#size = metadata.sizeBytes;
    this.#fileEnd = parts.fileBytes;
    this.sectorBytes = metadata.logicalSectorBytes;
    this.blockBytes = metadata.blockBytes;
    this.parentReference = metadata.parent === undefined ? undefined : referenceOf(metadata.parent);
    this.#bat = new Bat(file, regions.bat, this.blockBytes, this.sectorBytes, parts.journal);
    this.writer = file.access === 'write' ? this.#makeWriter() : undefined;
    const now = () => ({ header: this.#header, sizeBytes: this.#size });
    this.twin = metadata.hasParent ? undefined : vhdxTwin(file, metadata, now);
  }

  get sizeBytes(): number {
    return this.#size;
  }

  extentAt(offset: number, limit: number): Extent | Promise<Extent> {
    const block = Math.floor(offset / this.blockBytes);
    const within = offset % this.blockBytes;
    const position = this.#bat.blockPosition(block);
    const page = this.#bat.pages.peek(position.page);
    if (page === undefined) return this.#retry(position.page, offset, limit);
    const entry = readBatEntry(page, position.at);
    const length = Math.min(limit, this.blockBytes - within);
    switch (entry.state) {
      case blockStates.fullyPresent: {
        const host = this.#demandBlock(block, entry.offset);
        return { kind: 'data', length, file: this.file, fileOffset: host + within };
      }
      case blockStates.partiallyPresent: {
        const host = this.#demandBlock(block, entry.offset);
        return this.#partial(block, host, offset, length);
      }
      case blockStates.notPresent:
        return { kind: this.#parts.metadata.hasParent ? 'absent' : 'zero', length };
      default:
        return { kind: 'zero', length };
    }
  }

  describe(): LayerFacts {
    const { metadata, remarks } = this.#parts;
    return {
      variant: metadata.hasParent ? 'differencing' : metadata.leaveAllocated ? 'fixed' : 'dynamic',
      identity: this.#header.dataWriteGuid,
      fields: {
        diskId: metadata.diskId,
        fileWriteGuid: this.#header.fileWriteGuid,
        dataWriteGuid: this.#header.dataWriteGuid,
        blockBytes: this.blockBytes,
        logicalSectorBytes: this.sectorBytes,
        physicalSectorBytes: metadata.physicalSectorBytes,
        logBytes: this.#header.logBytes,
        ...(metadata.parent === undefined
          ? {}
          : { parentLocator: Object.fromEntries(metadata.parent) }),
      },
      remarks,
    };
  }

  check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void> {
    const { regions, metadata, remarks } = this.#parts;
    for (const text of remarks) report({ kind: 'oddity', offset: 0, structure: 'log', text });
    const image = {
      bat: this.#bat,
      header: this.#header,
      metadataRegion: regions.metadata,
      hasParent: metadata.hasParent,
      sizeBytes: this.#size,
      fileBytes: this.#fileEnd,
    };
    return checkVhdx(image, report, signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #retry(page: number, offset: number, limit: number): Promise<Extent> {
    await this.#bat.pages.with(page, () => undefined);
    return this.extentAt(offset, limit);
  }

  #demandBlock(block: number, offset: number): number {
    const guest = Math.min(this.blockBytes, this.#size - block * this.blockBytes);
    const entry = { state: blockStates.fullyPresent, offset };
    return this.#bat.demandInside(entry, guest, this.#fileEnd, `block ${block}`);
  }

  /** A block of which the sector bitmap says, sector by sector, whether it is here or the parent's. */
  #partial(block: number, host: number, offset: number, limit: number): Extent | Promise<Extent> {
    const position = this.#bat.bitmapPosition(block);
    const page = this.#bat.pages.peek(position.page);
    if (page === undefined) return this.#retry(position.page, offset, limit);
    const entry = readBatEntry(page, position.at);
    const bitmap = this.#bat.demandInside(entry, 2 ** 20, this.#fileEnd, 'a sector bitmap');
    const start = this.#bat.bitPosition(bitmap, offset);
    const bits = this.#bat.pages.peek(start.page);
    if (bits === undefined) return this.#retry(start.page, offset, limit);
    // a run ends with the page of the bitmap at the latest
    const first = start.at * 8 + start.bit;
    const isSet = bitAt(bits, first);
    const skipped = offset % this.sectorBytes;
    let end = first + 1;
    while (end < bits.length * 8 && (end - first) * this.sectorBytes - skipped < limit) {
      if (bitAt(bits, end) !== isSet) break;
      end += 1;
    }
    const length = Math.min(limit, (end - first) * this.sectorBytes - skipped);
    if (!isSet) return { kind: 'absent', length };
    const fileOffset = host + (offset % this.blockBytes);
    return { kind: 'data', length, file: this.file, fileOffset };
  }

  #makeWriter(): LayerWriter {
    const { file, metadata, header, regions } = this.#parts;
    return new VhdxWriter({
      file,
      bat: this.#bat,
      metadata,
      header,
      regions,
      fileBytes: this.#fileEnd,
      onHeader: (changed) => {
        this.#header = changed;
      },
      onEnd: (end) => {
        this.#fileEnd = Math.max(this.#fileEnd, end);
      },
      onSize: (sizeBytes) => {
        this.#size = sizeBytes;
      },
    });
  }
}

function bitAt(bits: Buffer, index: number): boolean {
  return (((bits[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
}

/** Opens the file, with its log replayed. Faults: `corrupt`, `unsupported`. */
export async function openVhdx({ file: base, journal }: LayerSource): Promise<Layer> {
  let header = await readHeader(base);
  let file = base;
  const remarks: string[] = [];
  const replay = await readLog(base, header);
  if (replay !== undefined) remarks.push('its log had to be replayed: it was not closed cleanly');
  if (replay !== undefined && base.access === 'read') file = replayedFile(base, replay);
  if (replay !== undefined && base.access === 'write') {
    await applyReplay(base, replay);
    header = await switchHeader(base, header, { logGuid: noGuid });
  }
  const regions = await readRegions(file);
  const metadata = await readMetadata(file, regions.metadata);
  const blocks = Math.ceil(metadata.sizeBytes / metadata.blockBytes);
  const ratio = (2 ** 23 * metadata.logicalSectorBytes) / metadata.blockBytes;
  const needed = blocks === 0 ? 0 : batEntries(blocks, ratio, metadata.hasParent);
  if (needed * 8 > regions.bat.length) {
    const place = { format: 'vhdx', structure: 'region table', offset: regions.bat.offset };
    throw fileFault(base, place, `its block allocation table lacks entries: ${needed} are needed`);
  }
  const fileBytes = await file.size();
  return new VhdxLayer({ file, header, regions, metadata, fileBytes, remarks, journal });
}
