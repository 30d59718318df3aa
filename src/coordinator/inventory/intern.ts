/**
 * Sharing of equal parts. Of fifty thousand vms most have the same settings, resources, firmware and
 * graphics; what is equal is kept once. Objects are immutable here, so nobody can tell the difference.
 *
 * A part is shared when it has been seen before not too long ago: two generations of a bounded table, so
 * that what is unique passes through and is forgotten. A part that contains something new is new itself,
 * and is not even looked up.
 */
const generationSize = 20_000;
const maxSharedLength = 2_000;
/** Shorter strings cost no more than the look-up. */
const minStringLength = 12;
const maxStringLength = 128;

/** Two generations: what is found in the old one is taken over into the young one. */
class Table<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  /** The known value; undefined when this one is new, which is then known. */
  find(key: string, value: T): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    this.#young.set(key, old ?? value);
    if (this.#young.size >= generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return old;
  }
}

export class Interner {
  readonly #strings = new Table<string>();
  readonly #objects = new Table<object>();

  /** The value, with the parts of it that are known replaced by the known ones. Changes the value itself. */
  intern<T>(value: T): T {
    if (typeof value === 'object' && value !== null) this.#shareParts(value);
    return value;
  }

  /** Whether all parts were known. */
  #shareParts(value: object): boolean {
    let known = true;
    // Arrays too: their indexes are their keys.
    for (const key of Object.keys(value)) {
      const part: unknown = Reflect.get(value, key);
      const shared = this.#share(part);
      if (shared === undefined) known = false;
      else if (shared !== part) Reflect.set(value, key, shared);
    }
    return known;
  }

  /** What to put in the part's place; undefined when it is new. */
  #share(part: unknown): unknown {
    if (typeof part === 'string') {
      if (part.length < minStringLength || part.length > maxStringLength) return part;
      return this.#strings.find(part, part);
    }
    if (typeof part !== 'object' || part === null) return part;
    if (!this.#shareParts(part)) return undefined;
    const text = JSON.stringify(part);
    return text.length > maxSharedLength ? undefined : this.#objects.find(text, part);
  }
}
