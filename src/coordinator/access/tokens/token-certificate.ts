/**
 * Client certificates for tokens, for programs that take a certificate and no password. One is issued to the key of a
 * request, with the token's id as a URN and nothing that the request says of itself. It means what the token means, as long
 * as there is this token: nothing else is kept of it, so that revoking the token is all there is to do.
 */
import { X509Certificate } from 'node:crypto';
import { isUuid, type TokenCertificate } from '#api';
import { isoTime } from '#lib';
import { installationThing } from '../../app/things.ts';
import type { Caller } from '../../context.ts';
import { dayMs } from '../authority/authority.ts';
import type { AccessContext } from '../context.ts';
import { securityEvent } from '../security-event.ts';
import { requirePerson } from '../users/change-user.ts';
import { requireToken } from './tokens.ts';

/** No longer than agents have theirs. */
const maxValidityMs = 397 * dayMs;
const urn = 'urn:gantry:token:';

/** Errors: as `deleteToken`; `forbidden` for a token; `invalid` for the request. */
export async function issueTokenCertificate(
  context: AccessContext,
  caller: Caller,
  reference: string,
  csr: string,
): Promise<TokenCertificate> {
  requirePerson(caller, 'ask for certificates');
  const { authority, coordinator } = context;
  const { id, data } = requireToken(context, caller, reference);
  const publicKey = await authority.readRequest(csr);
  const untilMs =
    data.expiresAt === null ? maxValidityMs : Date.parse(data.expiresAt) - coordinator.clock.now();
  const certificate = await authority.sign({
    subject: `token ${id}`,
    publicKey,
    purpose: 'client',
    altNames: [{ kind: 'uri', uri: urn + id }],
    validityMs: Math.min(untilMs, maxValidityMs),
  });
  const what = `token ${data.name}`;
  await coordinator.commit({
    events: [
      securityEvent(caller, 'security.certificate.changed', installationThing, {
        what,
        how: 'issued',
      }),
    ],
  });
  return {
    certificate,
    authority: authority.text,
    expiresAt: isoTime(new X509Certificate(certificate).validToDate.getTime()),
  };
}

/** Of a certificate that the authority has signed, by its alternative names; undefined for those of others. */
export function tokenOfCertificate(altNames: string | undefined): string | undefined {
  const id = /^URI:urn:gantry:token:([0-9a-f-]{36})$/.exec(altNames ?? '')?.[1];
  return id !== undefined && isUuid(id) ? id : undefined;
}
