/**
 * Consoles that are open and seen, by who is signed in there: each is a stream of changes that said it opens what its
 * person asks for elsewhere, as on the command line. Kept in memory alone: a stream that ends is no console any more.
 */
import type { OpenWish } from '#api';

type Tell = (wish: OpenWish) => boolean;

export class OpenConsoles {
  readonly #ofUser = new Map<string, Tell[]>();

  /** Until the function that is answered is called. `tell` answers whether it took the wish. */
  add(userId: string, tell: Tell): () => void {
    this.#ofUser.set(userId, [...(this.#ofUser.get(userId) ?? []), tell]);
    return () => {
      const left = (this.#ofUser.get(userId) ?? []).filter((one) => one !== tell);
      if (left.length === 0) this.#ofUser.delete(userId);
      else this.#ofUser.set(userId, left);
    };
  }

  /** Asks the one that came into sight last; false: there is none. */
  open(userId: string, wish: OpenWish): boolean {
    const tells = this.#ofUser.get(userId) ?? [];
    return tells.toReversed().some((tell) => tell(wish));
  }
}
