/**
 * The second factor (SEC-26): a code of an authenticator app beside the password or link. Anybody may set one up;
 * members of the groups in the setting secondFactorGroups must, and until they have, their session opens
 * nothing else. Who lost it asks somebody who may manage users to take it away.
 */
import { randomBytes } from 'node:crypto';
import { Fault } from '#lib';
import type { Caller } from '../../context.ts';
import type { UserDocument } from '../../documents.ts';
import { requireMatch, type Precondition } from '../../app/precondition.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';
import { commitAccessChange, type WhetherDry } from '../access-change.ts';
import type { AccessContext } from '../context.ts';
import { requireToRule } from '../rights/hand-on.ts';
import { securityEvent, userThing } from '../security-event.ts';
import { installationSettings } from '../sign-in/sessions.ts';
import { requirePerson } from '../users/change-user.ts';
import { findUser } from '../users/show-user.ts';
import { encodeBase32, findStep, secretBytes, writeUri } from './totp.ts';

export type SecondFactorState = 'none' | 'set' | 'needed';

export function secondFactorState(inventory: Inventory, user: UserDocument): SecondFactorState {
  if (user.secondFactor) return 'set';
  const { secondFactorGroups } = installationSettings(inventory);
  return user.groups.some((group) => secondFactorGroups.includes(group)) ? 'needed' : 'none';
}

/**
 * What to write of the user when the code is right: nothing for a user without a second factor.
 * Errors: `unauthenticated`, with the fact oneTimeCode `needed` where there was none; `rate-limited`.
 */
export function useSecondFactor(
  context: AccessContext,
  userId: string,
  user: UserDocument,
  code: string | undefined,
): Partial<UserDocument> {
  const { secondFactor } = user;
  if (!secondFactor) return {};
  if (code === undefined)
    throw new Fault('unauthenticated', 'this user signs in with a one-time code', {
      facts: { oneTimeCode: 'needed' },
      hint: 'send the code of the authenticator app too',
    });
  // Six digits are guessed by many at once, too: counted for the user, wherever it is tried from.
  context.codeLimiter.begin(userId, userId);
  const secret = context.sealer.unseal(secondFactor.sealed, userId);
  const now = context.coordinator.clock.now();
  const lastStep = findStep(secret, code, now, secondFactor.lastStep);
  if (lastStep === undefined)
    throw new Fault('unauthenticated', 'the one-time code is wrong or was used already', {
      facts: { oneTimeCode: 'wrong' },
    });
  context.codeLimiter.succeed(userId, userId);
  return { secondFactor: { ...secondFactor, lastStep } };
}

function requireUser({ coordinator }: AccessContext, caller: Caller): Document<UserDocument> {
  const user = coordinator.inventory.document<UserDocument>('user', caller.userId ?? '');
  if (!user) throw new Fault('unauthenticated', 'the user is gone');
  return user;
}

/** Errors: `forbidden` for a token; `unauthenticated` for a wrong code of the one there is. */
export async function beginSecondFactor(
  context: AccessContext,
  caller: Caller,
  code: string | undefined,
): Promise<{ readonly secret: string; readonly uri: string }> {
  requirePerson(caller, 'set up a second factor');
  const { id, data, version } = requireUser(context, caller);
  const used = useSecondFactor(context, id, data, code);
  const secret = randomBytes(secretBytes);
  const nextSecondFactor = context.sealer.seal(secret, id);
  await context.coordinator.commit({
    conditions: [{ kind: 'user', id, version }],
    writes: [{ kind: 'user', id, data: { ...data, ...used, nextSecondFactor } }],
  });
  return { secret: encodeBase32(secret), uri: writeUri(secret, data.name) };
}

/** Errors: `refused` where none was begun; `unauthenticated` for a wrong code; `rate-limited`. */
export async function confirmSecondFactor(
  context: AccessContext,
  caller: Caller,
  code: string,
): Promise<void> {
  requirePerson(caller, 'set up a second factor');
  const { id, data, version } = requireUser(context, caller);
  const sealed = data.nextSecondFactor;
  if (!sealed)
    throw new Fault('refused', 'no second factor was begun', { hint: 'begin with a new one' });
  const { secondFactor } = useSecondFactor(
    context,
    id,
    { ...data, secondFactor: { sealed, lastStep: 0 } },
    code,
  );
  await context.coordinator.commit({
    conditions: [{ kind: 'user', id, version }],
    writes: [{ kind: 'user', id, data: { ...data, secondFactor, nextSecondFactor: null } }],
    events: [
      securityEvent(caller, 'security.user.changed', userThing(id, data.name), {
        how: 'changed',
        oldValue: data.secondFactor ? 'second factor' : null,
        newValue: 'second factor',
      }),
    ],
  });
}

/** Errors: `not-found`; `stale`; `forbidden` for a user with more rights. */
export async function deleteSecondFactor(
  context: AccessContext,
  caller: Caller,
  reference: string,
  precondition: Precondition,
  whether: WhetherDry,
): Promise<void> {
  const { coordinator, rights } = context;
  const { inventory } = coordinator;
  const { id } = findUser(inventory, reference);
  await commitAccessChange(coordinator, whether, () => {
    const user = findUser(inventory, id);
    requireMatch(precondition, `user ${user.data.name}`, user.version);
    requireToRule(inventory, rights, caller, user);
    const data: UserDocument = { ...user.data, secondFactor: null, nextSecondFactor: null };
    return {
      conditions: [{ kind: 'user', id, version: user.version }],
      writes: [{ kind: 'user', id, data }],
      events: [
        securityEvent(caller, 'security.user.changed', userThing(id, user.data.name), {
          how: 'changed',
          oldValue: 'second factor',
          newValue: null,
        }),
      ],
    };
  });
}
