/**
 * Certificates of agents (SEC-62): issued to the key of a request, with the host's id as a URN and
 * nothing that the request says of itself; taken back from a connection only when the authority signed
 * it, for this purpose, within its dates, and it is the one on record of a host that is there.
 */
import { X509Certificate, type KeyObject } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { isUuid } from '#api';
import { assert, Fault, isoTime, type Clock } from '#lib';
import { oids } from '#x509';
import type { HostDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { dayMs, fingerprintOf, type Authority } from './authority.ts';

/** A year: a host may be switched off for long. Agents renew theirs when less than a third is left. */
const validityMs = 397 * dayMs;
const urn = 'urn:gantry:host:';

export interface IssuedCertificate {
  /** PEM. */
  readonly text: string;
  readonly fingerprint: string;
  readonly expiresAt: string;
}

export async function issueAgentCertificate(
  authority: Authority,
  hostId: string,
  publicKey: KeyObject,
): Promise<IssuedCertificate> {
  assert(isUuid(hostId), 'a host is named by its id');
  const text = await authority.sign({
    subject: `host ${hostId}`,
    publicKey,
    purpose: 'client',
    altNames: [{ kind: 'uri', uri: urn + hostId }],
    validityMs,
  });
  const certificate = new X509Certificate(text);
  return {
    text,
    fingerprint: fingerprintOf(certificate),
    expiresAt: isoTime(certificate.validToDate.getTime()),
  };
}

/** What a certificate says, once it is known to be the authority's. */
export interface AgentIdentity {
  readonly hostId: string;
  readonly fingerprint: string;
  readonly validFrom: number;
  readonly validTo: number;
}

/** Errors: `unauthenticated`. */
export function readAgentCertificate(
  authority: Authority,
  certificate: X509Certificate,
): AgentIdentity {
  if (!authority.hasSigned(certificate))
    throw refused('it was not issued by this installation', 'join this host again');
  const hostId = /^URI:urn:gantry:host:([0-9a-f-]{36})$/.exec(
    certificate.subjectAltName ?? '',
  )?.[1];
  const purposes = certificate.keyUsage as readonly string[] | undefined;
  if (hostId === undefined || !isUuid(hostId) || !purposes?.includes(oids.clientAuth))
    throw refused("it is not a host's", 'use the certificate that the agent got when it joined');
  return {
    hostId,
    fingerprint: fingerprintOf(certificate),
    validFrom: certificate.validFromDate.getTime(),
    validTo: certificate.validToDate.getTime(),
  };
}

/** Whether the host on record has this certificate, or is about to. */
export function isOnRecord(
  identity: AgentIdentity,
  inventory: Inventory,
): 'current' | 'next' | undefined {
  const host = inventory.document<HostDocument>('host', identity.hostId)?.data;
  if (host?.certificate === identity.fingerprint) return 'current';
  if (host?.nextCertificate?.fingerprint === identity.fingerprint) return 'next';
  return undefined;
}

/** Which host a connection belongs to. */
export class AgentVerifier {
  readonly #authority: Authority;
  readonly #inventory: Inventory;
  readonly #clock: Clock;
  // The signature is looked at once per connection; dates and record with every request.
  readonly #read = new WeakMap<TLSSocket, AgentIdentity>();

  constructor(authority: Authority, inventory: Inventory, clock: Clock) {
    this.#authority = authority;
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** Undefined when no certificate is shown. Errors: `unauthenticated` for one that does not hold. */
  verify(socket: TLSSocket): AgentIdentity | undefined {
    let identity = this.#read.get(socket);
    if (!identity) {
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) return undefined;
      identity = readAgentCertificate(this.#authority, certificate);
      this.#read.set(socket, identity);
    }
    const now = this.#clock.now();
    if (now < identity.validFrom || now >= identity.validTo)
      throw refused('it has expired or is not valid yet', 'join this host again');
    if (isOnRecord(identity, this.#inventory) === undefined)
      throw refused('it was revoked', 'join this host again');
    return identity;
  }
}

function refused(why: string, hint: string): Fault {
  return new Fault('unauthenticated', `the client certificate is not accepted: ${why}`, { hint });
}
