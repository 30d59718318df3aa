/**
 * Memory for answers of megabytes: asked for every few seconds, each would be new memory that is written once and thrown away, and to
 * throw it away costs more than to fill it. One is kept as long as such answers are asked for, with what stands in it: where the next
 * answer differs in figures alone, these alone are written.
 */
import type { Lasting } from '../wire/frame.ts';

/** What is shorter costs nothing. */
const leastBytes = 64 * 1024;
const maxBytes = 16 * 1024 * 1024;
const defaultIdleMs = 60_000;

/** To be written and sent, then given back. Nothing else writes to it until then. */
export interface Lent {
  readonly buffer: Buffer;
  /** Whether the answer stands in it already, but for its figures. */
  readonly isLaid: boolean;
}

interface Spare {
  readonly buffer: Buffer;
  readonly layout: object;
}

export class AnswerBuffers {
  readonly #idleMs: number;
  #spare: Spare | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleMs = defaultIdleMs) {
    this.#idleMs = idleMs;
  }

  /** `size`: all of the answer. Undefined: it is to have memory of its own. */
  take(size: number, { layout }: Pick<Lasting, 'layout'>): Lent | undefined {
    if (size < leastBytes || size > maxBytes) return undefined;
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && spare.buffer.length >= size && spare.buffer.length <= 4 * size)
      return { buffer: spare.buffer, isLaid: spare.layout === layout };
    return { buffer: Buffer.allocUnsafeSlow(size), isLaid: false };
  }

  /** It was sent, or never will be. */
  giveBack({ buffer }: Lent, { layout }: Pick<Lasting, 'layout'>): void {
    this.#spare = { buffer, layout };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#spare = undefined;
    }, this.#idleMs);
    this.#timer.unref();
  }
}
