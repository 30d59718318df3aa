/** UUIDs as text (RFC 9562) of bytes that somebody else has chosen. */
import { assert } from './assert.ts';

/** Of sixteen bytes, in which version and variant are set: 4 for random bytes, 8 for any others. */
export function uuidOf(bytes: Uint8Array, version: 4 | 8): string {
  assert(bytes.length === 16, 'a UUID has sixteen bytes');
  const own = Buffer.from(bytes);
  own.writeUInt8((own.readUInt8(6) & 0x0f) | (version << 4), 6);
  own.writeUInt8((own.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = own.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
