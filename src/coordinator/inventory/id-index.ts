/** Sets of ids under a key: the vms of a host, of a folder, the things of a name. */
const none: ReadonlySet<string> = new Set();

export class IdIndex {
  readonly #sets = new Map<string, Set<string>>();

  get(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? none;
  }

  /** Moves the id from one key to another; undefined is nowhere. */
  move(id: string, from: string | undefined, to: string | undefined): void {
    if (from === to) return;
    if (from !== undefined) {
      const set = this.#sets.get(from);
      set?.delete(id);
      if (set?.size === 0) this.#sets.delete(from);
    }
    if (to === undefined) return;
    const set = this.#sets.get(to);
    if (set === undefined) this.#sets.set(to, new Set([id]));
    else set.add(id);
  }
}
