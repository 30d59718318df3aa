/**
 * Join tokens (SEC-64): a one-time secret that lets a host in, within an hour. Only its hash is kept.
 * With it goes the fingerprint of the authority, so that the host knows whom it talks to before it
 * shows the token.
 */
import { Fault, isoTime } from '#lib';
import type { joinTokenSchema } from '#api';
import type { z } from 'zod';
import type { HostDocument, LinkDocument } from '../../documents.ts';
import type { AccessContext } from '../context.ts';
import { notFound } from '../../app/not-found.ts';
import { createSecret, hashSecret } from '../tokens/secret.ts';

export const joinTokenMs = 3_600_000;

/** With a host: for that host to join again. Errors: `not-found`. */
export async function createJoinToken(
  { coordinator, authority }: AccessContext,
  host: string | undefined,
): Promise<z.input<typeof joinTokenSchema>> {
  const hostId = host === undefined ? null : coordinator.inventory.find('host', host)?.id;
  if (hostId === undefined) throw notFound('host', host ?? '');
  const known =
    hostId === null ? undefined : coordinator.inventory.document<HostDocument>('host', hostId);
  if (known?.data.connection !== undefined)
    throw new Fault('refused', `host ${known.data.name} is a connection: no agent joins for it`);
  const token = createSecret();
  const expiresAt = isoTime(coordinator.clock.now() + joinTokenMs);
  const link: LinkDocument = { purpose: 'join', userId: null, hostId, used: null, expiresAt };
  await coordinator.commit({ writes: [{ kind: 'link', id: hashSecret(token), data: link }] });
  return { token, expiresAt, fingerprint: authority.fingerprint };
}
