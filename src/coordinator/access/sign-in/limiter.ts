/**
 * A brake on guessing: failed sign-ins are counted per user and address and per address; beyond a few,
 * each further one makes the next wait twice as long. An attempt counts as failed from its beginning,
 * so that a thousand at once are a thousand and not one. Nobody can lock somebody else out from
 * another address.
 */
import { isIPv6 } from 'node:net';
import { Fault, type Clock } from '#lib';

interface Tally {
  failures: number;
  /** Milliseconds since 1970. */
  blockedUntil: number;
  lastAt: number;
}

interface Limit {
  readonly free: number;
  readonly maxDelayMs: number;
}

const perUser: Limit = { free: 5, maxDelayMs: 15 * 60_000 };
const perAddress: Limit = { free: 20, maxDelayMs: 60_000 };
const forgetMs = 3_600_000;
/** The oldest is forgotten for a new one; a thousand bytes each. */
const maxTallies = 10_000;

export class SignInLimiter {
  readonly #clock: Clock;
  readonly #tallies = new Map<string, Tally>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call before the proof is looked at. Errors: `rate-limited` with the fact retryAfterSeconds. */
  begin(user: string, address: string): void {
    this.check(user, address);
    this.fail(user, address);
  }

  /**
   * For a proof that is looked at without waiting: nobody comes in between, so only what fails need be
   * counted. Errors: as `begin`.
   */
  check(user: string, address: string): void {
    const now = this.#clock.now();
    const until = Math.max(
      ...limitsOf(user, address).map(([key]) => this.#tally(key)?.blockedUntil ?? 0),
    );
    if (until <= now) return;
    const retryAfterSeconds = Math.ceil((until - now) / 1000);
    throw new Fault('rate-limited', 'too many failed sign-ins', {
      facts: { retryAfterSeconds },
      hint: `try again in ${retryAfterSeconds} s`,
    });
  }

  /** Counts a failure. */
  fail(user: string, address: string): void {
    const now = this.#clock.now();
    for (const [key, limit] of limitsOf(user, address)) this.#count(key, limit, now);
  }

  /** Call when the proof was right. The address loses only this attempt: others' failures stay. */
  succeed(user: string, address: string): void {
    const network = networkOf(address);
    this.#tallies.delete(userKey(user, network));
    const tally = this.#tallies.get(network);
    if (!tally) return;
    tally.failures -= 1;
    if (tally.failures <= perAddress.free) tally.blockedUntil = 0;
  }

  #tally(key: string): Tally | undefined {
    const tally = this.#tallies.get(key);
    if (tally && this.#clock.now() - tally.lastAt <= forgetMs) return tally;
    this.#tallies.delete(key);
    return undefined;
  }

  #count(key: string, limit: Limit, now: number): void {
    const tally = this.#tally(key) ?? { failures: 0, blockedUntil: 0, lastAt: now };
    tally.failures += 1;
    tally.lastAt = now;
    const over = tally.failures - limit.free;
    if (over >= 0)
      tally.blockedUntil = now + Math.min(1000 * 2 ** Math.min(over, 20), limit.maxDelayMs);
    // Last in the map is what was used last.
    this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    if (this.#tallies.size > maxTallies) {
      const [oldest] = this.#tallies.keys();
      if (oldest !== undefined) this.#tallies.delete(oldest);
    }
  }
}

function limitsOf(user: string, address: string): readonly (readonly [string, Limit])[] {
  const network = networkOf(address);
  return [
    [userKey(user, network), perUser],
    [network, perAddress],
  ];
}

const userKey = (user: string, network: string): string => `${network} ${user}`;

/** An IPv6 subscriber has a whole /64: one of it counts as all of it. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [left = '', right] = address.replace(/%.*$/, '').split('::');
  const head = left.split(':');
  if (right === undefined) return head.slice(0, 4).join(':');
  const tail = right === '' ? [] : right.split(':');
  const gap = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...gap, ...tail].slice(0, 4).join(':');
}
