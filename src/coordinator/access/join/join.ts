/**
 * A host joins, and renews its certificate. The token is used up in the commit that makes the host; a
 * host that has not got the answer asks again with the same token and the same key, and gets it.
 *
 * A renewed certificate counts beside the old one until it is used for the first time: an agent that
 * is killed before it has written the new one down is not locked out.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Fault } from '#lib';
import { hostSettingsSchema, type Joined, type joinSchema, type Thing } from '#api';
import { exportKey } from '#x509';
import type { z } from 'zod';
import { commitFresh } from '../../app/commit-fresh.ts';
import { requireFreeName, reserveName } from '../../app/names.ts';
import { installationThing } from '../../app/things.ts';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, LinkDocument } from '../../documents.ts';
import type { Commit, Document, NewEvent } from '../../store/store.ts';
import {
  isOnRecord,
  issueAgentCertificate,
  type AgentIdentity,
  type IssuedCertificate,
} from '../authority/agent-certificate.ts';
import type { AccessContext } from '../context.ts';
import { securityEvent } from '../security-event.ts';
import { hashSecret } from '../tokens/secret.ts';

/** Under which name failed joins are counted. */
const joins = '';

type Join = z.output<typeof joinSchema>;

/** Errors: `unauthenticated` for a token that does not hold; `rate-limited`; `invalid` for the request; `exists` for the name. */
export async function joinHost(
  context: AccessContext,
  caller: Caller,
  input: Join,
): Promise<Joined> {
  const { coordinator, authority, limiter } = context;
  const address = caller.origin ?? 'unknown';
  const tokenHash = hashSecret(input.token);
  // Many hosts may join at once from one address: only what fails is counted.
  const lookUp = (isValid: (link: LinkDocument) => boolean): Document<LinkDocument> => {
    limiter.check(joins, address);
    const link = findToken(coordinator, tokenHash);
    if (link !== undefined && isValid(link.data)) return link;
    limiter.fail(joins, address);
    throw tokenIsVoid();
  };
  lookUp(() => true);
  const publicKey = await authority.readRequest(input.csr);
  const keyHash = createHash('sha256').update(exportKey(publicKey)).digest('hex');
  const newId = randomUUID();
  let joined: { readonly hostId: string; readonly issued: IssuedCertificate } | undefined;
  await commitFresh(coordinator, async () => {
    const link = lookUp(({ used }) => !used || used.keyHash === keyHash);
    const { used } = link.data;
    const hostId = used?.hostId ?? link.data.hostId ?? newId;
    const issued = await issueAgentCertificate(authority, hostId, publicKey);
    joined = { hostId, issued };
    const isNew = !used && (link.data.hostId ?? null) === null;
    const host = isNew
      ? makeHost(coordinator, caller, hostId, input, issued)
      : exchangeCertificate(coordinator, caller, hostId, issued);
    return {
      conditions: [
        { kind: 'link', id: link.id, version: link.version },
        ...(host.conditions ?? []),
      ],
      writes: [
        { kind: 'link', id: link.id, data: { ...link.data, used: { hostId, keyHash } } },
        ...(host.writes ?? []),
      ],
      events: host.events ?? [],
    };
  });
  if (!joined) throw tokenIsVoid();
  return answer(context, joined.hostId, joined.issued);
}

function answer(context: AccessContext, hostId: string, issued: IssuedCertificate): Joined {
  return { hostId, certificate: issued.text, authority: context.authority.text };
}

/** The join token, while it holds. */
function findToken(coordinator: Coordinator, hash: string): Document<LinkDocument> | undefined {
  const link = coordinator.inventory.document<LinkDocument>('link', hash);
  const isValid =
    link?.data.purpose === 'join' && coordinator.clock.now() < Date.parse(link.data.expiresAt);
  return isValid ? link : undefined;
}

function tokenIsVoid(): Fault {
  return new Fault('unauthenticated', 'the join token is used, expired or unknown', {
    hint: 'make another one with: gantry host join-token',
  });
}

function makeHost(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  input: Join,
  issued: IssuedCertificate,
): Commit {
  requireFreeName(coordinator.inventory, 'host', input.hostName);
  const name = reserveName('host', input.hostName, id);
  const data: HostDocument = {
    name: input.hostName,
    driver: input.driver,
    settings: hostSettingsSchema.parse({}),
    facts: null,
    certificate: issued.fingerprint,
    certificateExpiresAt: issued.expiresAt,
    nextCertificate: null,
    serviceRunning: false,
  };
  const joined: NewEvent<'host.joined'> = {
    name: 'host.joined',
    target: { kind: 'host', id, name: input.hostName },
    ancestors: [installationThing],
    actor: { kind: 'system', name: `host ${input.hostName}`.slice(0, 100) },
    origin: caller.origin,
    correlationId: caller.correlationId,
    attributes: { driver: input.driver },
  };
  return {
    conditions: name.conditions,
    writes: [{ kind: 'host', id, data }, ...name.writes],
    events: [joined, certificateEvent(caller, input.hostName, 'issued')],
  };
}

/** The host has a new certificate from now on; the ones before are void. Errors: `not-found`. */
function exchangeCertificate(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  issued: IssuedCertificate,
): Commit {
  const host = requireHost(coordinator, hostId);
  const data: HostDocument = {
    ...host.data,
    certificate: issued.fingerprint,
    certificateExpiresAt: issued.expiresAt,
    nextCertificate: null,
  };
  return {
    conditions: [{ kind: 'host', id: hostId, version: host.version }],
    writes: [{ kind: 'host', id: hostId, data }],
    events: [certificateEvent(caller, host.data.name, 'replaced')],
  };
}

function requireHost(coordinator: Coordinator, hostId: string): Document<HostDocument> {
  const host = coordinator.inventory.document<HostDocument>('host', hostId);
  if (!host) throw new Fault('not-found', 'the host was removed', { hint: 'join it as a new one' });
  return host;
}

export function certificateEvent(
  caller: Pick<Caller, 'actor' | 'origin' | 'correlationId'>,
  hostName: string,
  how: 'issued' | 'replaced' | 'revoked',
): NewEvent {
  const target: Thing = installationThing;
  return securityEvent(caller, 'security.certificate.changed', target, {
    what: `host ${hostName}`,
    how,
  });
}

/** Errors: `invalid` for the request; `not-found` for a host that was removed. */
export async function renewCertificate(
  context: AccessContext,
  caller: Caller,
  csr: string,
): Promise<Joined> {
  const { coordinator, authority } = context;
  const hostId = caller.proof?.id ?? '';
  const publicKey = await authority.readRequest(csr);
  const issued = await issueAgentCertificate(authority, hostId, publicKey);
  await commitFresh(coordinator, () => {
    const host = requireHost(coordinator, hostId);
    const nextCertificate = { fingerprint: issued.fingerprint, expiresAt: issued.expiresAt };
    return {
      conditions: [{ kind: 'host', id: hostId, version: host.version }],
      writes: [{ kind: 'host', id: hostId, data: { ...host.data, nextCertificate } }],
      events: [certificateEvent(caller, host.data.name, 'issued')],
    };
  });
  return answer(context, hostId, issued);
}

/** The first use of a renewed certificate makes the one before void. */
export async function settleCertificate(
  coordinator: Coordinator,
  identity: AgentIdentity,
): Promise<void> {
  await commitFresh(coordinator, () => {
    const host = coordinator.inventory.document<HostDocument>('host', identity.hostId);
    const next = host?.data.nextCertificate;
    if (!host || !next || isOnRecord(identity, coordinator.inventory) !== 'next') return undefined;
    const data: HostDocument = {
      ...host.data,
      certificate: next.fingerprint,
      certificateExpiresAt: next.expiresAt,
      nextCertificate: null,
    };
    return {
      conditions: [{ kind: 'host', id: identity.hostId, version: host.version }],
      writes: [{ kind: 'host', id: identity.hostId, data }],
    };
  });
}
