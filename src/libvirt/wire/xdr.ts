/**
 * XDR primitives (RFC 4506): big-endian words of four bytes, everything padded to four. The reader
 * trusts nothing: each length is held against its bound and against what is left of the message
 * before anything is allocated. The writer grows and is bounded too.
 */
import { Fault } from '#lib';

/** Most answers fit; longer ones grow. */
const firstWriterBytes = 192;
const maxShortText = 64;

export class XdrWriter {
  #buffer: Buffer;
  /** Of the same bytes: writes numbers without the checks that Buffer's methods make again. */
  #view: DataView;
  #length: number;
  readonly #maxBytes: number;

  /** `reservedBytes` are left free in front, for a frame's header. `buffer`: written to as far as it suffices. */
  constructor(reservedBytes: number, maxBytes: number, buffer?: Buffer) {
    this.#buffer = buffer ?? Buffer.allocUnsafe(firstWriterBytes);
    this.#view = viewOf(this.#buffer);
    this.#length = reservedBytes;
    this.#maxBytes = maxBytes;
  }

  /** What was written, with the reserved bytes in front. The writer is not used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  uint(value: number): void {
    const at = this.#claim(4);
    this.#view.setUint32(at, value);
  }

  int(value: number): void {
    const at = this.#claim(4);
    this.#view.setInt32(at, value);
  }

  hyper(value: bigint): void {
    const at = this.#claim(8);
    this.#view.setBigInt64(at, value);
  }

  uhyper(value: bigint): void {
    const at = this.#claim(8);
    this.#view.setBigUint64(at, value);
  }

  double(value: number): void {
    const at = this.#claim(8);
    this.#view.setFloat64(at, value);
  }

  /** Bytes without a length, padded. */
  fixed(value: Uint8Array): void {
    const at = this.#claim(padded(value.length));
    this.#buffer.set(value, at);
    this.#buffer.fill(0, at + value.length, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.uint(value.length);
    this.fixed(value);
  }

  /** `byteLength` is that of the text in UTF-8. */
  string(value: string, byteLength: number): void {
    this.uint(byteLength);
    const at = this.#claim(padded(byteLength));
    this.#buffer.write(value, at, byteLength, 'utf8');
    this.#buffer.fill(0, at + byteLength, this.#length);
  }

  /**
   * A text that is short and all ASCII, without a NUL: most are, and one pass does for them. False: nothing was
   * written.
   */
  shortText(value: string): boolean {
    const { length } = value;
    if (length > maxShortText) return false;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code === 0 || code > 0x7f) return false;
    }
    const size = padded(length);
    const at = this.#claim(4 + size);
    this.#view.setUint32(at, length);
    const buffer = this.#buffer;
    for (let index = 0; index < length; index += 1)
      buffer[at + 4 + index] = value.charCodeAt(index);
    for (let index = length; index < size; index += 1) buffer[at + 4 + index] = 0;
    return true;
  }

  /** In either of its two forms, with hyphens or without. False: it is no UUID, and nothing was written. */
  uuid(value: string): boolean {
    const { length } = value;
    if (length !== 36 && length !== 32) return false;
    const gap = length === 36 ? 1 : 0;
    const at = this.#claim(16);
    for (let byte = 0, index = 0; byte < 16; byte += 1, index += 2) {
      if (gap === 1 && (byte === 4 || byte === 6 || byte === 8 || byte === 10)) {
        if (value.charCodeAt(index) !== hyphen) return this.#giveBack(at);
        index += 1;
      }
      const high = digitOf(value.charCodeAt(index));
      const low = digitOf(value.charCodeAt(index + 1));
      if ((high | low) < 0) return this.#giveBack(at);
      this.#buffer[at + byte] = (high << 4) | low;
    }
    return true;
  }

  /** Bytes that were encoded before, padding and all, as Latin-1. */
  encoded(bytes: string): void {
    const at = this.#claim(bytes.length);
    this.#buffer.write(bytes, at, 'latin1');
  }

  /** How much is written so far, the reserved bytes counted. */
  get length(): number {
    return this.#length;
  }

  /** A whole number from 0 to 2^53 in the place of 64 bits that are there already; the reserved bytes count. */
  putNumber(at: number, value: number): void {
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  /** Makes room for so many bytes more, at once; what goes beyond the bound is refused when it is written. */
  reserve(size: number): void {
    const needed = this.#length + size;
    if (needed > this.#buffer.length) this.#grow(needed);
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, size));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }

  #giveBack(at: number): false {
    this.#length = at;
    return false;
  }

  #claim(size: number): number {
    const at = this.#length;
    const needed = at + size;
    if (needed > this.#maxBytes) {
      throw new Fault('too-large', `a libvirt message is longer than ${this.#maxBytes} bytes`, {
        hint: 'ask for fewer objects at once',
      });
    }
    if (needed > this.#buffer.length) this.#grow(Math.max(needed, this.#buffer.length * 2));
    this.#length = needed;
    return at;
  }
}

export class XdrReader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#buffer.length - this.#offset;
  }

  uint(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  hyper(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  uhyper(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  /** A view, not a copy. */
  fixed(length: number): Buffer {
    const at = this.#take(padded(length));
    return this.#buffer.subarray(at, at + length);
  }

  bytes(maxBytes: number): Buffer {
    return this.fixed(this.count(maxBytes, 1));
  }

  string(maxBytes: number): string {
    const length = this.count(maxBytes, 1);
    const at = this.#take(padded(length));
    return this.#buffer.toString('utf8', at, at + length);
  }

  hex(length: number): string {
    const at = this.#take(padded(length));
    return this.#buffer.toString('hex', at, at + length);
  }

  /** A count of elements of which each takes at least `elementBytes`, within both bounds. */
  count(max: number, elementBytes: number): number {
    const count = this.uint();
    if (count > max) throw new Fault('too-large', `count ${count} is above the bound of ${max}`);
    if (count * elementBytes > this.left) throw truncated(count * elementBytes, this.left);
    return count;
  }

  #take(size: number): number {
    const at = this.#offset;
    if (size > this.#buffer.length - at) throw truncated(size, this.#buffer.length - at);
    this.#offset = at + size;
    return at;
  }
}

const hyphen = 0x2d;

/** Of a hexadecimal digit's character; negative for any other. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = (code | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function truncated(wanted: number, left: number): Fault {
  return new Fault('invalid', `the message ends early: ${wanted} bytes wanted, ${left} left`);
}
