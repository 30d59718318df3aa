/** Numbers from a first one on, some of them taken, of which the lowest that is free is known without looking at all. */
export class TakenNumbers {
  readonly #taken = new Set<number>();
  /** All below it are taken. */
  #lowest: number;
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
    this.#lowest = first;
  }

  /** Whether it was free. */
  take(number: number): boolean {
    if (number < this.#first || this.#taken.has(number)) return false;
    this.#taken.add(number);
    this.#lowest = this.lowestFree();
    return true;
  }

  free(number: number): void {
    if (this.#taken.delete(number)) this.#lowest = Math.min(this.#lowest, number);
  }

  get isEmpty(): boolean {
    return this.#taken.size === 0;
  }

  /** The lowest that is free, and not below `from`. */
  lowestFree(from = this.#first): number {
    let number = Math.max(from, this.#lowest);
    while (this.#taken.has(number)) number += 1;
    return number;
  }
}
