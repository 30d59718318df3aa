/**
 * Tickets: a browser's WebSocket takes no headers of its page's choosing, so it carries a ticket as a subprotocol
 * instead, which no log of addresses has in it. A ticket is good once, for one vm, from the address that asked
 * for it, for 60 seconds, and stands for its caller: who loses session or right meanwhile has lost it too.
 *
 * Native viewers take eight characters and prove that they have them by a challenge (docs/rfd/0031): each ticket has such a
 * password, which is used up with it.
 *
 * In memory: tickets as SHA-256 only, passwords as they are, since a challenge cannot be judged by a hash. At most
 * `maxTickets`; the oldest goes for a new one.
 */
import { randomInt } from 'node:crypto';
import { Fault, isoTime, type Clock } from '#lib';
import { consoleTicketSeconds, type ConsoleTicket } from '#api';
import { createSecret, hashSecret, isSecret } from '../access/tokens/secret.ts';
import type { Caller } from '../context.ts';

const maxTickets = 10_000;
const passwordLength = 8;
/** Without those that are taken for one another. */
const passwordCharacters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

interface Kept {
  readonly caller: Caller;
  readonly vm: string;
  readonly password: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export class Tickets {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For the caller at the vm with this id. */
  issue(caller: Caller, vm: string): ConsoleTicket {
    const expiresAt = this.#clock.now() + consoleTicketSeconds * 1000;
    const ticket = createSecret();
    const password = createPassword();
    this.#kept.set(hashSecret(ticket), { caller, vm, password, expiresAt });
    if (this.#kept.size > maxTickets) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return { ticket, password, expiresAt: isoTime(expiresAt) };
  }

  /** Whose it is; it is used up, also where it does not fit. Errors: `unauthenticated`. */
  redeem(ticket: string, vm: string | undefined, address: string | null): Caller {
    const hash = isSecret(ticket) ? hashSecret(ticket) : '';
    const kept = this.#kept.get(hash);
    this.#kept.delete(hash);
    if (kept === undefined || !this.#isGood(kept, vm, address)) throw noTicket();
    return kept.caller;
  }

  /** By its password for viewers; one that fits is used up. Errors: `unauthenticated`. */
  redeemPassword(
    matches: (password: string) => boolean,
    vm: string,
    address: string | null,
  ): Caller {
    for (const [hash, kept] of this.#kept) {
      if (!this.#isGood(kept, vm, address) || !matches(kept.password)) continue;
      this.#kept.delete(hash);
      return kept.caller;
    }
    throw noTicket();
  }

  #isGood(kept: Kept, vm: string | undefined, address: string | null): boolean {
    return this.#clock.now() < kept.expiresAt && kept.vm === vm && kept.caller.origin === address;
  }
}

function noTicket(): Fault {
  return new Fault('unauthenticated', 'the ticket was used, has expired, or is for another place', {
    hint: 'ask for another one: POST /vms/{vm}/console-tickets',
  });
}

function createPassword(): string {
  const characters = Array.from({ length: passwordLength }, () =>
    passwordCharacters.charAt(randomInt(passwordCharacters.length)),
  );
  return characters.join('');
}
