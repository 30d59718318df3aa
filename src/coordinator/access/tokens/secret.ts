/**
 * Secrets that people carry about: 256 random bits in base62 behind a prefix that scanners for leaked
 * secrets can look for, and a checksum that tells a mistyped one from an unknown one without a look-up.
 *
 *   gantry_ <43 characters: 256 bits> <6 characters: CRC-32 of those before>
 *
 * At rest there is only the SHA-256: with so much randomness a slow hash would add nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const prefix = 'gantry_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomLength = 43;
const checkLength = 6;
export const secretLength = prefix.length + randomLength + checkLength;

export function createSecret(): string {
  const body = prefix + base62(BigInt(`0x${randomBytes(32).toString('hex')}`), randomLength);
  return body + checksum(body);
}

/** Whether a text has the form of a secret, checksum included. */
export function isSecret(text: string): boolean {
  if (text.length !== secretLength || !text.startsWith(prefix)) return false;
  const body = text.slice(0, -checkLength);
  return text.slice(-checkLength) === checksum(body);
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), checkLength);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n)
    text = (alphabet[Number(rest % 62n)] ?? '') + text;
  return text;
}

/** Lower-case hex. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
