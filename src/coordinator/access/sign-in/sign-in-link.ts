/** One-time links: a code that signs a user in once, within 15 minutes. Only its hash is kept. */
import { isoTime } from '#lib';
import type { Caller } from '../../context.ts';
import type { LinkDocument } from '../../documents.ts';
import type { AccessContext } from '../context.ts';
import { requireToRule } from '../rights/hand-on.ts';
import { createSecret, hashSecret } from '../tokens/secret.ts';
import { endLinks } from '../users/change-user.ts';
import { findUser } from '../users/show-user.ts';

export const signInLinkMs = 15 * 60_000;

/** A new link makes the ones before void. Errors: `not-found`; `forbidden` for a user with more rights. */
export async function createSignInLink(
  context: AccessContext,
  caller: Caller,
  reference: string,
): Promise<{ readonly code: string; readonly expiresAt: string }> {
  const { inventory, clock } = context.coordinator;
  const user = findUser(inventory, reference);
  requireToRule(inventory, context.rights, caller, user);
  const code = createSecret();
  const expiresAt = isoTime(clock.now() + signInLinkMs);
  const link: LinkDocument = { purpose: 'sign-in', userId: user.id, expiresAt };
  await context.coordinator.commit({
    conditions: [{ kind: 'user', id: user.id, version: user.version }],
    writes: [...endLinks(inventory, user.id), { kind: 'link', id: hashSecret(code), data: link }],
  });
  return { code, expiresAt };
}
