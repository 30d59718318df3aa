/**
 * A read-only layer over a table of blocks: what the formats that are only read have in common. Each gives the
 * place of a block; this joins adjacent blocks to extents and keeps every place within the file.
 */
import { ClusterCache } from '../cluster-cache.ts';
import { abortReason } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { Extent, Finding, Layer, LayerFacts, ParentReference } from '../layer.ts';
import { maxDiskBytes, sectorBytes } from '../limits.ts';
import { fileFault } from '../structure.ts';

export type BlockPlace =
  | { readonly kind: 'data'; readonly offset: number }
  | {
      readonly kind: 'zero' | 'absent';
      /** So many blocks, this one counted, are known to be the same: those of a table that is not there. One when absent. */
      readonly blocks?: number;
    }
  | {
      readonly kind: 'compressed';
      readonly offset: number;
      readonly storedBytes: number;
      /** Fills a block with its content. */
      expand(into: Uint8Array): Promise<void>;
    };

export interface BlockTable {
  readonly format: string;
  readonly file: DiskFile;
  readonly fileBytes: number;
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  readonly facts: LayerFacts;
  place(block: number): Promise<BlockPlace>;
}

function blocksOf(place: BlockPlace): number {
  return place.kind === 'zero' || place.kind === 'absent' ? (place.blocks ?? 1) : 1;
}

/** Blocks that are joined into one extent at most. */
const maxJoined = 64;

export class BlockLayer implements Layer {
  readonly format: string;
  readonly file: DiskFile;
  readonly sizeBytes: number;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  readonly #table: BlockTable;
  readonly #clusters: ClusterCache;

  constructor(table: BlockTable) {
    this.#table = table;
    this.format = table.format;
    this.file = table.file;
    this.sizeBytes = Math.ceil(table.sizeBytes / sectorBytes) * sectorBytes;
    this.blockBytes = table.blockBytes;
    this.parentReference = table.parentReference;
    this.#clusters = new ClusterCache(table.blockBytes);
    if (table.sizeBytes > maxDiskBytes) {
      const place = { format: table.format, structure: 'header', offset: 0 };
      throw fileFault(table.file, place, `a disk of ${table.sizeBytes} bytes`, 'too-large');
    }
  }

  async extentAt(offset: number, limit: number): Promise<Extent> {
    const { blockBytes, file } = this.#table;
    const block = Math.floor(offset / blockBytes);
    const within = offset % blockBytes;
    const first = await this.#table.place(block);
    let blocks = blocksOf(first);
    let length = blocks * blockBytes - within;
    if (first.kind === 'compressed') {
      const { storedBytes } = first;
      this.#demandInside(first.offset, 1);
      return {
        kind: 'compressed',
        length: Math.min(limit, length),
        storedBytes,
        read: (into) =>
          this.#clusters.read(first.offset, within, into, (block) => first.expand(block)),
      };
    }
    for (let joined = 1; length < limit && joined < maxJoined; joined += 1) {
      const place = await this.#table.place(block + blocks);
      if (place.kind !== first.kind) break;
      const isAdjacent =
        place.kind !== 'data' ||
        (first.kind === 'data' && place.offset === first.offset + blocks * blockBytes);
      if (!isAdjacent) break;
      blocks += blocksOf(place);
      length = blocks * blockBytes - within;
    }
    length = Math.min(length, limit);
    if (first.kind !== 'data') return { kind: first.kind, length };
    this.#demandInside(first.offset, within + 1);
    return { kind: 'data', length, file, fileOffset: first.offset + within };
  }

  describe(): LayerFacts {
    return this.#table.facts;
  }

  async check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void> {
    const { sizeBytes, blockBytes, fileBytes } = this.#table;
    for (let block = 0, next = 0; next * blockBytes < sizeBytes;) {
      if (signal?.aborted) throw abortReason(signal);
      block = next;
      const place = await this.#table.place(block);
      next += blocksOf(place);
      if (place.kind !== 'data' && place.kind !== 'compressed') continue;
      if (place.offset < fileBytes) continue;
      const structure = `block ${block}`;
      report({
        kind: 'corruption',
        offset: place.offset,
        structure,
        text: 'is not within the file',
      });
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #demandInside(offset: number, length: number): void {
    const { file, fileBytes, format } = this.#table;
    if (offset > 0 && offset + length <= Math.ceil(fileBytes / sectorBytes) * sectorBytes) return;
    throw fileFault(file, { format, structure: 'block', offset }, 'is not within the file');
  }
}
