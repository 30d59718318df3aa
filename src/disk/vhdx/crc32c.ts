/** CRC-32C (Castagnoli, reflected, polynomial 0x1EDC6F41), as VHDX seals its structures with. */

const table = new Uint32Array(256);
for (let index = 0; index < 256; index += 1) {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1)
    value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  table[index] = value >>> 0;
}

function advance(crc: number, bytes: Uint8Array, from: number, to: number): number {
  let value = crc;
  for (let at = from; at < to; at += 1) {
    value = (value >>> 8) ^ (table[(value ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return value;
}

/** Of the bytes, with the four at `skip` taken as zeros. */
export function crc32c(bytes: Uint8Array, skip?: number): number {
  if (skip === undefined) return (advance(~0, bytes, 0, bytes.length) ^ ~0) >>> 0;
  const zeros = new Uint8Array(4);
  const head = advance(advance(~0, bytes, 0, skip), zeros, 0, 4);
  return (advance(head, bytes, skip + 4, bytes.length) ^ ~0) >>> 0;
}
