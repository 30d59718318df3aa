/**
 * Large buffers that are used again: fresh ones would be mapped, cleared and collected with every request.
 *
 * Invariant: what lies unused stays within `maxPooledBytes`; nothing is given back while somebody uses it.
 */
import { kiB } from '#lib';
import { maxPooledBytes } from './limits.ts';

/** Below it the allocator is as quick. */
const leastBytes = 64 * kiB;

export class BufferPool {
  readonly #free: Buffer[] = [];
  #freeBytes = 0;

  /** Of unknown content. */
  take(length: number): Buffer {
    if (length < leastBytes) return Buffer.allocUnsafe(length);
    const at = this.#free.findIndex((one) => one.length === length);
    const [found] = at < 0 ? [] : this.#free.splice(at, 1);
    if (found === undefined) return Buffer.allocUnsafeSlow(length);
    this.#freeBytes -= length;
    return found;
  }

  /** What nobody uses any more; clients ask for one length again and again. */
  give(buffer: Buffer): void {
    const { length } = buffer;
    if (length < leastBytes || this.#freeBytes + length > maxPooledBytes) return;
    this.#free.push(buffer);
    this.#freeBytes += length;
  }
}
