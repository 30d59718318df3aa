/**
 * Writes a stream-optimised VMDK: grains in ascending order, each behind a marker, each group of 512 followed
 * by its grain table; at the end the grain directory, the footer and the end-of-stream marker. Nothing that has
 * been written is ever touched again, so the file can be made as it is sent.
 */
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { LayerWriter, StoredCluster } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { packInto } from '../packing/packer.ts';
import { markerBytes } from './grain.ts';
import { buildHostedHeader, type SparseHeader } from './sparse-header.ts';

const markers = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;

function marker(sectors: number, type: number): Buffer {
  const bytes = Buffer.alloc(sectorBytes);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(type, 12);
  return bytes;
}

export class StreamWriter implements LayerWriter {
  readonly #file: DiskFile;
  readonly #header: SparseHeader;
  readonly #directory: Uint32Array;
  readonly #table: Uint32Array;
  #tableIndex = 0;
  #tableUsed = false;
  #end: number;
  /** The last of what lies before the end, not in the file yet. */
  #appended: Uint8Array[] = [];
  #nextOffset = 0;
  #finished = false;

  constructor(file: DiskFile, header: SparseHeader) {
    this.#file = file;
    this.#header = header;
    const perTable = header.entriesPerTable;
    const grains = Math.ceil(header.capacityBytes / header.grainBytes);
    this.#directory = new Uint32Array(Math.ceil(grains / perTable));
    this.#table = new Uint32Array(perTable);
    this.#end = header.overheadBytes;
  }

  write(): Promise<void> {
    const text = `${this.#file.name}: a stream-optimised vmdk takes whole grains in order only`;
    return Promise.reject(new Fault('unsupported', text));
  }

  async zero(offset: number): Promise<void> {
    if (offset < this.#nextOffset) await this.write();
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  dirtyBytes(): number {
    return 0;
  }

  async compress(grain: Uint8Array, into: Uint8Array): Promise<Uint8Array> {
    return into.subarray(0, await packInto('zlib', grain, into));
  }

  async writeCompressed(grains: readonly StoredCluster[]): Promise<void> {
    for (const { offset, stored } of grains) {
      if (offset < this.#nextOffset) await this.write();
      this.#nextOffset = offset + this.#header.grainBytes;
      const grain = offset / this.#header.grainBytes;
      const index = Math.floor(grain / this.#header.entriesPerTable);
      if (index !== this.#tableIndex) this.#endTable(index);
      this.#table[grain % this.#header.entriesPerTable] = this.#end / sectorBytes;
      this.#tableUsed = true;
      const head = Buffer.alloc(markerBytes);
      head.writeBigUInt64LE(BigInt(offset / sectorBytes), 0);
      head.writeUInt32LE(stored.length, 8);
      const tail = Buffer.alloc(-(markerBytes + stored.length) & (sectorBytes - 1));
      this.#append(head, stored, tail);
    }
    await this.#writeAppended();
  }

  async finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    this.#endTable(this.#tableIndex + 1);
    const bytes = Math.ceil((this.#directory.length * 4) / sectorBytes) * sectorBytes;
    const directory = Buffer.alloc(bytes);
    for (const [index, entry] of this.#directory.entries())
      directory.writeUInt32LE(entry, index * 4);
    this.#append(marker(bytes / sectorBytes, markers.grainDirectory));
    const directoryOffset = this.#end;
    this.#append(directory, marker(1, markers.footer));
    this.#append(buildHostedHeader({ ...this.#header, directoryOffset }));
    this.#append(marker(0, markers.endOfStream));
    await this.#writeAppended();
    await this.#file.sync();
  }

  /** Appends the grain table that has been filled, if anything is in it. */
  #endTable(next: number): void {
    if (this.#tableUsed) {
      const bytes = Buffer.alloc(this.#table.length * 4);
      for (const [index, entry] of this.#table.entries()) bytes.writeUInt32LE(entry, index * 4);
      this.#append(marker(bytes.length / sectorBytes, markers.grainTable));
      this.#directory[this.#tableIndex] = this.#end / sectorBytes;
      this.#append(bytes);
    }
    this.#table.fill(0);
    this.#tableUsed = false;
    this.#tableIndex = next;
  }

  /** Places the parts behind all others, in memory until `#writeAppended`. */
  #append(...parts: readonly Uint8Array[]): void {
    if (this.#end / sectorBytes >= 2 ** 32) {
      throw new Fault('too-large', `${this.#file.name}: a vmdk of one file ends at 2 TiB`);
    }
    this.#appended.push(...parts);
    for (const { length } of parts) this.#end += length;
  }

  async #writeAppended(): Promise<void> {
    const bytes = Buffer.concat(this.#appended);
    this.#appended = [];
    await this.#file.write(bytes, this.#end - bytes.length);
  }
}
