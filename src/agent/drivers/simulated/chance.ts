/**
 * Chance from a seed. Every draw is named by what it is for, so that one machine's luck does not depend
 * on what others do, nor on the order in which they do it.
 */
import { createHash } from 'node:crypto';

export class Chance {
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** In [0, 1), the same for the same names. */
  draw(...names: readonly (string | number)[]): number {
    return this.bytes(...names).readUIntBE(0, 6) / 2 ** 48;
  }

  /** From min to max. */
  between(min: number, max: number, ...names: readonly (string | number)[]): number {
    return min + (max - min) * this.draw(...names);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly [T, ...T[]], ...names: readonly (string | number)[]): T {
    return list[Math.floor(this.draw(...names) * list.length)] ?? list[0];
  }

  /** A UUID (version 8: the bytes are ours). */
  uuid(...names: readonly (string | number)[]): string {
    const hex = this.bytes('uuid', ...names).toString('hex');
    const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3] ?? '8';
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `8${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  }

  /** 32 bytes. */
  bytes(...names: readonly (string | number)[]): Buffer {
    return createHash('sha256')
      .update(JSON.stringify([this.#seed, ...names]))
      .digest();
  }
}
