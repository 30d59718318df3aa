/**
 * Time-based one-time passwords (RFC 6238 over RFC 4226): HMAC-SHA-1, 30 seconds, six digits, because
 * that is what every authenticator app does. A code is taken a step early or late, and once.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const stepMs = 30_000;
const digits = 6;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** 160 bits, as long as the hash (RFC 4226, 4). */
export const secretBytes = 20;

/** The code of one time step (RFC 4226, 5.3). */
export function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 0x0f;
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0');
}

/** The step whose code it is, of the present one and its neighbours; undefined for none, or one not after the last. */
export function findStep(
  secret: Uint8Array,
  code: string,
  nowMs: number,
  lastStep: number,
): number | undefined {
  const now = Math.floor(nowMs / stepMs);
  return [now - 1, now, now + 1].find(
    (step) => step > lastStep && sameText(codeOf(secret, step), code),
  );
}

function sameText(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** RFC 4648, without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)] ?? '')
    .join('');
}

/** As apps read it from a QR code. */
export function writeUri(secret: Uint8Array, userName: string): string {
  return `otpauth://totp/Gantry:${encodeURIComponent(userName)}?secret=${encodeBase32(secret)}&issuer=Gantry`;
}
