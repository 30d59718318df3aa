/**
 * Cuts a stream of bytes into frames. Keeps at most one unfinished frame, in memory that doubles as
 * bytes arrive: a length that a peer only claims costs nothing, and bytes that trickle in one by one
 * cost no more than twice their number.
 */
import { Fault } from '#lib';
import { decodeFrame, headerBytes, type Frame } from './frame.ts';

export class FrameSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes kept for frames that are not taken yet. */
  get heldBytes(): number {
    return this.#end - this.#start;
  }

  /** Raises or lowers the bound for the frames after those taken already. */
  limit(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Takes the next bytes. The chunk is kept as it is where possible, so it must not be reused. */
  push(chunk: Buffer): void {
    const held = this.heldBytes;
    if (held === 0) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (chunk.length > this.#buffer.length - this.#end) {
      const grown = Buffer.allocUnsafe(this.#capacityFor(held + chunk.length));
      this.#buffer.copy(grown, 0, this.#start, this.#end);
      this.#buffer = grown;
      this.#start = 0;
      this.#end = held;
    }
    // Frames handed out are views of bytes before #end, which are never written again.
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole frame, or undefined until more bytes come.
   * Errors: `invalid` and `too-large`; the connection cannot go on, as the next frame's start is lost.
   */
  next(): Frame | undefined {
    const length = this.#announcedLength();
    if (length === undefined || length > this.heldBytes) return undefined;
    const frame = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return decodeFrame(frame);
  }

  #announcedLength(): number | undefined {
    if (this.heldBytes < 4) return undefined;
    const length = this.#buffer.readUInt32BE(this.#start);
    if (length < headerBytes) {
      throw new Fault('invalid', `malformed libvirt frame: length ${length}, at least 28 wanted`);
    }
    if (length > this.#maxFrameBytes) {
      throw new Fault('too-large', `a libvirt frame of ${length} bytes was announced`, {
        facts: { lengthBytes: length, maxBytes: this.#maxFrameBytes },
        hint: 'check that a libvirt peer speaks on this connection',
      });
    }
    return length;
  }

  #capacityFor(needed: number): number {
    const wanted = Math.max(this.#announcedLength() ?? headerBytes, needed);
    return Math.min(wanted, needed * 2);
  }
}
