/** Ranges of a disk that nobody needs, in ascending order and bounded in number: the smallest are given up first. */

/** Shorter ones are not worth a hole. */
export const shortestRangeBytes = 32 * 1024;
/** 16 MiB of memory; a disk in more pieces than this keeps the rest. */
const maxRanges = 1_000_000;

export class RangeList {
  #starts: number[] = [];
  #ends: number[] = [];
  #bytes = 0;

  get count(): number {
    return this.#starts.length;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a range behind all others; adjacent ones become one. */
  add(start: number, end: number): void {
    const last = this.#ends.length - 1;
    if (last >= 0 && this.#ends[last] === start) {
      this.#bytes += end - start;
      this.#ends[last] = end;
      return;
    }
    this.#dropShort();
    if (this.#starts.length >= maxRanges) return;
    this.#starts.push(start);
    this.#ends.push(end);
    this.#bytes += end - start;
  }

  /** No more ranges come. */
  end(): this {
    this.#dropShort();
    return this;
  }

  #dropShort(): void {
    const start = this.#starts.at(-1);
    const end = this.#ends.at(-1);
    if (start === undefined || end === undefined || end - start >= shortestRangeBytes) return;
    this.#starts.pop();
    this.#ends.pop();
    this.#bytes -= end - start;
  }

  /** Whether the offset is in a range, and where that, or else the gap that it is in, ends. */
  at(offset: number): { readonly isInside: boolean; readonly end: number } {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    const start = this.#starts[low] ?? Infinity;
    if (offset >= start) return { isInside: true, end: this.#ends[low] ?? Infinity };
    return { isInside: false, end: start };
  }

  *[Symbol.iterator](): Generator<readonly [number, number]> {
    for (const [index, start] of this.#starts.entries()) yield [start, this.#ends[index] ?? start];
  }
}

/** Calls `each` with the runs of clear bits among the first `count` bits; the least bit of a byte comes first. */
export function eachClearRun(
  bitmap: Uint8Array,
  count: number,
  each: (first: number, end: number) => void,
): void {
  let start = -1;
  for (let bit = 0; bit < count;) {
    const byte = bitmap[bit >>> 3] ?? 0xff;
    if ((bit & 7) === 0 && bit + 8 <= count && (byte === 0 || byte === 0xff)) {
      if (byte === 0 && start < 0) start = bit;
      if (byte === 0xff && start >= 0) {
        each(start, bit);
        start = -1;
      }
      bit += 8;
      continue;
    }
    const isSet = (byte & (1 << (bit & 7))) !== 0;
    if (!isSet && start < 0) start = bit;
    if (isSet && start >= 0) {
      each(start, bit);
      start = -1;
    }
    bit += 1;
  }
  if (start >= 0) each(start, count);
}
