/** Entries of level-1 and level-2 tables: 64 bits, big endian, taken apart as two halves of 32 bits. */

export const copiedFlag = 0x8000_0000;
const compressedFlag = 0x4000_0000;
const offsetHigh = 0x00ff_ffff;
const offsetLow = 0xffff_fe00;

export type Entry =
  | { readonly kind: 'unallocated' }
  /** Reads as zeros; `offset` is space already set aside for it, or 0. */
  | { readonly kind: 'zero'; readonly offset: number; readonly isCopied: boolean }
  | { readonly kind: 'normal'; readonly offset: number; readonly isCopied: boolean }
  | { readonly kind: 'compressed'; readonly offset: number; readonly storedBytes: number };

export const kinds = { unallocated: 0, zero: 1, normal: 2, compressed: 3 } as const;

export function entryOffset(table: Buffer, at: number): number {
  const high = table.readUInt32BE(at) & offsetHigh;
  return high * 2 ** 32 + ((table.readUInt32BE(at + 4) & offsetLow) >>> 0);
}

export function entryIsCopied(table: Buffer, at: number): boolean {
  return (table.readUInt32BE(at) & copiedFlag) !== 0;
}

/** The entry at a position of a level-2 table; `hasZeroFlag` in version 3 without subclusters. */
export function readEntry(
  table: Buffer,
  at: number,
  clusterBits: number,
  hasZeroFlag: boolean,
): Entry {
  const high = table.readUInt32BE(at);
  if ((high & compressedFlag) !== 0) {
    // bits 0 to x-1: offset; x to 61: number of further 512-byte sectors
    const x = BigInt(62 - (clusterBits - 8));
    const bits = table.readBigUInt64BE(at) & ((1n << 62n) - 1n);
    const offset = Number(bits & ((1n << x) - 1n));
    const sectors = Number(bits >> x);
    return { kind: 'compressed', offset, storedBytes: (sectors + 1) * 512 - (offset % 512) };
  }
  const offset = entryOffset(table, at);
  const isCopied = (high & copiedFlag) !== 0;
  if (hasZeroFlag && (table.readUInt32BE(at + 4) & 1) !== 0)
    return { kind: 'zero', offset, isCopied };
  return offset === 0 ? { kind: 'unallocated' } : { kind: 'normal', offset, isCopied };
}

export function writeOffsetEntry(table: Buffer, at: number, offset: number): void {
  table.writeUInt32BE((Math.floor(offset / 2 ** 32) | copiedFlag) >>> 0, at);
  table.writeUInt32BE(offset % 2 ** 32, at + 4);
}

export function writeZeroEntry(table: Buffer, at: number): void {
  table.writeUInt32BE(0, at);
  table.writeUInt32BE(1, at + 4);
}

export function writeUnallocatedEntry(table: Buffer, at: number): void {
  table.fill(0, at, at + 8);
}

/** What the 32 subclusters of an extended entry are; of a compressed or unallocated cluster they are none. */
export type Subclusters = 'allocated' | 'zero' | 'none';

/** Fills the second half of an extended entry: bits for "zero", then bits for "allocated". */
export function writeSubclusters(table: Buffer, at: number, state: Subclusters): void {
  table.writeUInt32BE(state === 'zero' ? 0xffff_ffff : 0, at + 8);
  table.writeUInt32BE(state === 'allocated' ? 0xffff_ffff : 0, at + 12);
}

/** Whether every subcluster of an extended entry is allocated, so that the cluster is like any other. */
export function isWhole(table: Buffer, at: number): boolean {
  return table.readUInt32BE(at + 8) === 0 && table.readUInt32BE(at + 12) === 0xffff_ffff;
}

export function writeCompressedEntry(
  table: Buffer,
  at: number,
  clusterBits: number,
  offset: number,
  storedBytes: number,
): void {
  const x = BigInt(62 - (clusterBits - 8));
  const last = Math.floor((offset + storedBytes - 1) / 512);
  const sectors = last - Math.floor(offset / 512);
  table.writeBigUInt64BE((1n << 62n) | (BigInt(sectors) << x) | BigInt(offset), at);
}
