/**
 * API tokens (API-25): for programs, tied to a user, with all of the user's rights of the moment or
 * fewer. A token cannot make tokens: a leaked one could otherwise outlive its revocation.
 */
import { randomUUID } from 'node:crypto';
import { Fault, isoTime } from '#lib';
import { isUuid, type Token, type tokenCreateSchema } from '#api';
import type { z } from 'zod';
import type { Caller } from '../../context.ts';
import type { TokenDocument, UserDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';
import type { AccessContext } from '../context.ts';
import { requireRight } from '../rights/authorize.ts';
import { notFound } from '../../app/not-found.ts';
import { requireToRule } from '../rights/hand-on.ts';
import { secondFactorState } from '../second-factor/second-factor.ts';
import { securityEvent } from '../security-event.ts';
import { requirePerson } from '../users/change-user.ts';
import { findUser } from '../users/show-user.ts';
import { written } from '../written.ts';
import { createSecret, hashSecret } from './secret.ts';

const maxTokensPerUser = 1000;
const everything = { kind: 'installation' } as const;

function showToken(inventory: Inventory, document: Document<TokenDocument>): Token {
  const { data } = document;
  return {
    kind: 'token',
    id: document.id,
    name: data.name,
    user: inventory.document<UserDocument>('user', data.userId)?.data.name ?? data.userId,
    verbs: data.verbs === null ? null : [...data.verbs],
    expiresAt: data.expiresAt,
    lastUsedAt: data.lastUsedAt,
    version: document.version,
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
  };
}

/** One's own, and everybody's with the right user.manage. */
export function listTokens({ coordinator }: AccessContext, caller: Caller): readonly Token[] {
  const { inventory } = coordinator;
  const seesAll = caller.may('user.manage', everything);
  return [...inventory.documents<TokenDocument>('token')]
    .filter((token) => seesAll || token.data.userId === caller.userId)
    .map((token) => showToken(inventory, token));
}

/** Errors: `forbidden` for a token, and for a user with more rights; `exists` for a name that the user has given already. */
export async function createToken(
  context: AccessContext,
  caller: Caller,
  input: z.output<typeof tokenCreateSchema>,
): Promise<{ readonly token: Token; readonly secret: string }> {
  requirePerson(caller, 'make tokens');
  const { inventory, clock } = context.coordinator;
  const own = caller.userId ?? '';
  requireNoFactorMissing(inventory, caller);
  const isOwn = input.user === undefined || input.user === own || input.user === caller.actor.name;
  if (!isOwn) requireRight(caller, 'user.manage', everything);
  const user = findUser(inventory, isOwn ? own : (input.user ?? own));
  if (!isOwn) requireToRule(inventory, context.rights, caller, user);
  const others = tokensOf(inventory, user.id);
  if (others.some((token) => token.data.name === input.name))
    throw new Fault('exists', `user ${user.data.name} has a token called ${input.name} already`, {
      hint: 'choose another name, or revoke it first',
    });
  if (others.length >= maxTokensPerUser)
    throw new Fault('exhausted', `user ${user.data.name} has ${maxTokensPerUser} tokens`, {
      hint: 'revoke those that are not used any more',
    });
  const secret = createSecret();
  const id = randomUUID();
  const data: TokenDocument = {
    name: input.name,
    userId: user.id,
    secretHash: hashSecret(secret),
    verbs: input.verbs === null ? null : [...new Set(input.verbs)],
    expiresAt:
      input.expiresInSeconds === null ? null : isoTime(clock.now() + input.expiresInSeconds * 1000),
    lastUsedAt: null,
  };
  const change = await context.coordinator.commit({
    conditions: [{ kind: 'user', id: user.id, version: user.version }],
    writes: [{ kind: 'token', id, data }],
    events: [
      securityEvent(
        caller,
        'security.token.changed',
        { kind: 'token', id, name: data.name },
        { how: 'created' },
      ),
    ],
  });
  return { token: showToken(inventory, written<TokenDocument>(change, 'token', id)), secret };
}

/** Errors: `forbidden` for a session whose user has to set up a second factor first. */
function requireNoFactorMissing(inventory: Inventory, caller: Caller): void {
  const user = inventory.document<UserDocument>('user', caller.userId ?? '')?.data;
  if (caller.proof?.means !== 'session' || !user) return;
  if (secondFactorState(inventory, user) === 'needed')
    throw new Fault('forbidden', 'this user has to set up a second factor first');
}

function tokensOf(inventory: Inventory, userId: string | null): readonly Document<TokenDocument>[] {
  return [...inventory.documents<TokenDocument>('token')].filter(
    (token) => token.data.userId === userId,
  );
}

/** One's own by name or id, another's by id. Errors: `not-found` for what is not one's own, without the right user.manage. */
function findToken(
  { inventory }: Pick<AccessContext['coordinator'], 'inventory'>,
  caller: Caller,
  reference: string,
): Document<TokenDocument> {
  const token = isUuid(reference)
    ? inventory.document<TokenDocument>('token', reference)
    : tokensOf(inventory, caller.userId).find(({ data }) => data.name === reference);
  const isTheirs =
    token !== undefined &&
    (token.data.userId === caller.userId || caller.may('user.manage', everything));
  if (!isTheirs) throw notFound('token', reference);
  return token;
}

/** To act as its user: also not of one with more rights. Errors: as `findToken`; `forbidden`. */
export function requireToken(
  { coordinator, rights }: AccessContext,
  caller: Caller,
  reference: string,
): Document<TokenDocument> {
  const { inventory } = coordinator;
  const token = findToken(coordinator, caller, reference);
  requireNoFactorMissing(inventory, caller);
  if (token.data.userId !== caller.userId)
    requireToRule(inventory, rights, caller, findUser(inventory, token.data.userId));
  return token;
}

/** Takes effect at once. Errors: as `findToken`. */
export async function deleteToken(
  { coordinator }: AccessContext,
  caller: Caller,
  reference: string,
): Promise<void> {
  const token = findToken(coordinator, caller, reference);
  const { id } = token;
  // Whatever it was a moment ago (a note of its use counts as a change): it goes.
  await coordinator.commit({
    writes: [{ kind: 'token', id, delete: true }],
    events: [
      securityEvent(
        caller,
        'security.token.changed',
        { kind: 'token', id, name: token.data.name },
        { how: 'revoked' },
      ),
    ],
  });
}
