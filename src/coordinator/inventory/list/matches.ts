/**
 * What a filter says of each thing of a collection, remembered until the thing changes. Things are known
 * by slot, a small number, so that an answer is one byte.
 */
const unknown = 0;
const no = 1;
const yes = 2;

export class Matches {
  readonly #test: (thing: unknown) => boolean;
  #marks = new Uint8Array(64);

  constructor(test: (thing: unknown) => boolean) {
    this.#test = test;
  }

  forget(slot: number): void {
    if (slot < this.#marks.length) this.#marks[slot] = unknown;
  }

  /** What is remembered; undefined where nothing is. */
  known(slot: number): boolean | undefined {
    const mark = this.#marks[slot] ?? unknown;
    return mark === unknown ? undefined : mark === yes;
  }

  /** Looks at the thing and remembers. */
  decide(slot: number, thing: unknown): boolean {
    if (slot >= this.#marks.length) this.#grow(slot);
    const match = this.#test(thing);
    this.#marks[slot] = match ? yes : no;
    return match;
  }

  #grow(slot: number): void {
    const marks = new Uint8Array(Math.max(slot + 1, this.#marks.length * 2));
    marks.set(this.#marks);
    this.#marks = marks;
  }
}
