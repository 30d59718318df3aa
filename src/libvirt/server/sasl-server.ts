/**
 * SASL at the server: SCRAM against stored secrets, and PLAIN, where the bytes are private, against
 * whatever keeps the passwords. Every failure sounds the same, so that nobody learns which names exist.
 */
import { Fault } from '#lib';
import { libvirtFault } from '../wire/remote-error.ts';
import { acceptScram, type ScramHash, type ScramSecret, type ScramServer } from '../wire/scram.ts';
import type { Peer } from './handler.ts';

export interface SaslOptions {
  /** What is stored of a user's password for SCRAM; undefined when there is no such user. */
  readonly findScram?:
    ((user: string, hash: ScramHash, peer: Peer) => Promise<ScramSecret | undefined>) | undefined;
  /** The hashes for which there are such secrets; SHA-256 when absent. */
  readonly scramHashes?: readonly ScramHash[] | undefined;
  /** Whether who comes has proved enough already, by a certificate; nobody has when absent. */
  readonly waives?: ((peer: Peer) => boolean) | undefined;
  /** Whether this is the user's password. */
  readonly checkPassword?:
    ((user: string, password: string, peer: Peer) => Promise<boolean>) | undefined;
}

const scramNames = {
  sha1: 'SCRAM-SHA-1',
  sha256: 'SCRAM-SHA-256',
  sha512: 'SCRAM-SHA-512',
} as const satisfies Record<ScramHash, string>;

export interface SaslAnswer {
  readonly complete: number;
  readonly nil: number;
  readonly data: Buffer;
}

/** One attempt to log in; a connection has one. */
export class SaslExchange {
  readonly #options: SaslOptions;
  readonly #peer: Peer;
  #scram: ScramServer | undefined;
  #state: 'new' | 'challenged' | 'spent' = 'new';
  #user: string | undefined;

  constructor(options: SaslOptions, peer: Peer) {
    this.#options = options;
    this.#peer = peer;
  }

  /** The proved user; undefined until then. */
  get user(): string | undefined {
    return this.#user;
  }

  get mechanisms(): readonly string[] {
    const plain = this.#options.checkPassword !== undefined && this.#peer.transport !== 'tcp';
    return [...this.#hashes.map((hash) => scramNames[hash]), ...(plain ? ['PLAIN'] : [])];
  }

  get #hashes(): readonly ScramHash[] {
    const { findScram, scramHashes = ['sha256'] } = this.#options;
    return findScram === undefined ? [] : scramHashes;
  }

  /** Errors: AUTH_FAILED. */
  async start(mechanism: string, data: Uint8Array): Promise<SaslAnswer> {
    if (this.#state !== 'new' || !this.mechanisms.includes(mechanism)) throw refusal();
    this.#state = 'spent';
    const text = Buffer.from(data).toString('utf8');
    return mechanism === 'PLAIN' ? this.#plain(text) : this.#challenge(mechanism, text);
  }

  /** Errors: AUTH_FAILED. */
  step(data: Uint8Array): SaslAnswer {
    if (this.#state !== 'challenged' || !this.#scram) throw refusal();
    this.#state = 'spent';
    try {
      const last = this.#scram.finish(Buffer.from(data).toString('utf8'));
      this.#user = this.#scram.user;
      return { complete: 1, nil: 0, data: Buffer.from(last) };
    } catch (error) {
      throw sameForAll(error);
    }
  }

  async #plain(text: string): Promise<SaslAnswer> {
    const [authorize, user, password, more] = text.split('\0');
    if (!user || !password || more !== undefined || (authorize && authorize !== user)) {
      throw refusal();
    }
    const right = await this.#options.checkPassword?.(user, password, this.#peer);
    if (right !== true) throw refusal();
    this.#user = user;
    return { complete: 1, nil: 1, data: Buffer.alloc(0) };
  }

  async #challenge(mechanism: string, text: string): Promise<SaslAnswer> {
    const hash = this.#hashes.find((one) => scramNames[one] === mechanism) ?? 'sha256';
    try {
      this.#scram = await acceptScram(hash, text, async (user) =>
        this.#options.findScram?.(user, hash, this.#peer),
      );
    } catch (error) {
      throw sameForAll(error);
    }
    this.#state = 'challenged';
    return { complete: 0, nil: 0, data: Buffer.from(this.#scram.first) };
  }
}

function sameForAll(error: unknown): unknown {
  return error instanceof Fault && error.code === 'unauthenticated' ? refusal() : error;
}

function refusal(): Fault {
  return libvirtFault('AUTH_FAILED', 'authentication failed');
}
