/**
 * The answer to a join and to a renewal: a certificate for the key that was asked for.
 *
 * Invariant: what becomes credentials has a certificate of its own key.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { idSchema } from '#api';
import { Fault } from '#lib';
import type { Credentials } from '../link/credentials.ts';

const answerSchema = z.object({
  hostId: idSchema,
  certificate: z.string().max(64 * 1024),
  authority: z.string().max(64 * 1024),
});

export interface Certified {
  readonly hostId: string;
  readonly credentials: Credentials;
}

/** `what` begins the message. Errors: `internal` for what is not such an answer. */
export function readCertified(what: string, privateKey: string, value: unknown): Certified {
  const answer = answerSchema.safeParse(value);
  if (!answer.success) throw new Fault('internal', `${what}: not an answer with a certificate`);
  const { hostId, certificate, authority } = answer.data;
  if (!certifies(certificate, privateKey)) {
    throw new Fault('internal', `${what}: the certificate is not for the key of this host`);
  }
  return { hostId, credentials: { privateKey, certificate, authority } };
}

function certifies(certificate: string, privateKey: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    return false;
  }
}
