/**
 * Who a client of libvirt's is: at a socket whoever can open it; on loopback whom the kernel says; over TLS who has the secret
 * of a token, or a certificate that was issued for one.
 */
import { randomUUID } from 'node:crypto';
import { Fault, faultCodes, toFault } from '#lib';
import type { Peer, SaslOptions } from '#libvirt';
import { readAddress, type Access, type Arrival } from '../access/mod.ts';
import type { Caller } from '../context.ts';
import { loopback, requireOwner } from './loopback-owner.ts';

export class Identity {
  readonly #access: Access;
  readonly #plainPort: () => number;
  /** Who has proved who they are, until they open. */
  readonly #proved = new WeakMap<Peer, Caller>();

  /** `plainPort`: on which TCP without TLS is answered. */
  constructor(access: Access, plainPort: () => number) {
    this.#access = access;
    this.#plainPort = plainPort;
  }

  /** For TLS. */
  sasl(): SaslOptions {
    return {
      checkPassword: async (user, secret, peer) => this.#prove(user, secret, peer),
      waives: (peer) => this.#tokenOf(peer) !== undefined,
    };
  }

  /** Errors: `unauthenticated`. */
  async identify(peer: Peer): Promise<Caller> {
    const access = this.#access;
    if (peer.transport === 'unix') return access.authenticateOwner(arrivalOf(peer));
    if (peer.transport === 'tcp') return await this.#identifyOwner(peer);
    const tokenId = this.#tokenOf(peer);
    if (tokenId !== undefined) return this.#identifyByToken(peer, tokenId);
    const caller = this.#proved.get(peer);
    if (caller === undefined) throw new Fault('unauthenticated', 'nobody has signed in');
    return caller;
  }

  /** For which the peer's certificate was issued. */
  #tokenOf({ certificate }: Peer): string | undefined {
    return this.#access.tokenOfCertificate(certificate?.altNames);
  }

  /** A refusal stands in the audit trail. */
  #identifyByToken(peer: Peer, tokenId: string): Caller {
    const arrival = arrivalOf(peer);
    try {
      return this.#access.authenticateCertificate(arrival, tokenId);
    } catch (error) {
      this.noteStranger(arrival, 'TLS', error);
      throw error;
    }
  }

  /** At the plain port. A refusal stands in the audit trail. */
  async #identifyOwner({ address }: Peer): Promise<Caller> {
    const arrival = arrivalOf({ transport: 'unix', address });
    try {
      const port = Number(address.slice(address.lastIndexOf(':') + 1));
      await requireOwner([loopback, port], [loopback, this.#plainPort()]);
      return this.#access.authenticateOwner(arrival);
    } catch (error) {
      this.noteStranger(arrival, 'TCP', error);
      throw error;
    }
  }

  /** Whether the secret is that of a token of the user; a refusal stands in the audit trail. */
  #prove(user: string, secret: string, peer: Peer): boolean {
    const access = this.#access;
    const arrival = arrivalOf(peer);
    try {
      const caller = access.authenticateSecret(arrival, secret);
      if (caller.actor.name !== user)
        throw new Fault('unauthenticated', `the token is not one of ${user.slice(0, 100)}`);
      this.#proved.set(peer, caller);
      return true;
    } catch (error) {
      this.noteStranger(arrival, 'SASL', error);
      return false;
    }
  }

  /** In the audit trail. */
  noteStranger(arrival: Arrival, method: string, error: unknown): void {
    this.#access.audit({
      ...arrival,
      caller: undefined,
      method,
      route: '',
      target: undefined,
      status: faultCodes[toFault(error).code].status,
      error,
    });
  }
}

export function arrivalOf({ transport, address }: Pick<Peer, 'transport' | 'address'>): Arrival {
  const isLocal = transport === 'unix';
  return {
    encrypted: !isLocal,
    origin: isLocal ? null : readAddress(address.slice(0, address.lastIndexOf(':'))),
    correlationId: randomUUID(),
  };
}
