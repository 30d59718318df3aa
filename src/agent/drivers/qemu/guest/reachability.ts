/**
 * Whether a guest can be reached over its network, for the time when its agent does not tell (GA-11).
 *
 * Invariants
 * 1. Nothing is looked at, and nobody is asked, while the agent of the guest answers (`rest`).
 * 2. A look costs a bounded time, and one that has settled the question is followed by the next only a minute later.
 * 3. `silent` is said after two looks in a row: a guest that is only slow is not taken for a dead one.
 */
import type { NetworkSign } from '../../guest-health.ts';

/**
 * One way to a guest. Never fails: what cannot be known is `unknown`. At the `first` look nothing of before counts.
 */
export type Way = (look: 'first' | 'again', signal: AbortSignal) => Promise<NetworkSign>;

/** While the question is open. A kernel that knows an address of old asks for it after five seconds (ARP). */
const soonMs = 3_000;
const laterMs = 60_000;
/** So many looks that tell nothing, and it is left at that. */
const maxVainLooks = 3;

export class Reachability {
  readonly #ways: readonly Way[];
  #sign: NetworkSign = 'unknown';
  #hasAnswered = false;
  #silentLooks = 0;
  #vainLooks = 0;
  #nextMs = 0;
  #look: 'first' | 'again' = 'first';

  constructor(ways: readonly Way[]) {
    this.#ways = ways;
  }

  get sign(): NetworkSign {
    return this.#sign;
  }

  /** Since its start. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Looks where that is due. */
  async look(nowMs: number, signal: AbortSignal): Promise<void> {
    if (nowMs < this.#nextMs) return;
    const look = this.#look;
    this.#look = 'again';
    const seen = await Promise.all(this.#ways.map((way) => way(look, signal)));
    const sign = mostTelling(seen);
    this.#silentLooks = sign === 'silent' ? this.#silentLooks + 1 : 0;
    this.#vainLooks = sign === 'unknown' ? this.#vainLooks + 1 : 0;
    const isOpen =
      (sign === 'silent' && this.#silentLooks < 2) ||
      (sign === 'unknown' && this.#vainLooks < maxVainLooks);
    this.#nextMs = nowMs + (isOpen ? soonMs : laterMs);
    if (isOpen) return;
    this.#sign = sign;
    if (sign === 'answers') this.#hasAnswered = true;
  }

  /** The agent answers: what was seen is no longer asked for. */
  rest(): void {
    this.#sign = 'unknown';
    this.#silentLooks = 0;
    this.#vainLooks = 0;
    this.#nextMs = 0;
    this.#look = 'first';
  }

  /** The guest begins anew. */
  forget(): void {
    this.rest();
    this.#hasAnswered = false;
  }
}

function mostTelling(seen: readonly NetworkSign[]): NetworkSign {
  return (['answers', 'silent'] as const).find((sign) => seen.includes(sign)) ?? 'unknown';
}
