/** Creating, changing and deleting users (SEC-26, SEC-35). Nobody changes a user who has more rights. */
import { randomUUID } from 'node:crypto';
import { Fault } from '#lib';
import type { User, userCreateSchema, userPatchSchema } from '#api';
import type { z } from 'zod';
import { releaseName, requireFreeName, reserveName } from '../../app/names.ts';
import type { Caller } from '../../context.ts';
import type { GrantDocument, LinkDocument, TokenDocument, UserDocument } from '../../documents.ts';
import { requireMatch, type Precondition } from '../../app/precondition.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Commit, Document, NewEvent, Write } from '../../store/store.ts';
import { commitAccessChange, type WhetherDry } from '../access-change.ts';
import type { AccessContext } from '../context.ts';
import { requireToRule, requireToRuleGroups } from '../rights/hand-on.ts';
import { attributeText, securityEvent, userThing } from '../security-event.ts';
import { sessionsOf } from '../sign-in/sessions.ts';
import { requireStrongPassword } from '../sign-in/weak-password.ts';
import { outcome } from '../written.ts';
import { findUser, showUser } from './show-user.ts';

/** Errors: `exists`; `forbidden` for groups with rights that the caller lacks; `invalid` for a weak password. */
export async function createUser(
  context: AccessContext,
  caller: Caller,
  input: z.output<typeof userCreateSchema>,
  whether: WhetherDry,
): Promise<User> {
  const { coordinator } = context;
  const { inventory } = coordinator;
  const groups = [...new Set(input.groups)];
  const passwordHash = await hashGiven(context, input.password, input.name);
  const id = randomUUID();
  const data: UserDocument = {
    name: input.name,
    displayName: input.displayName,
    groups,
    disabled: false,
    passwordHash: passwordHash ?? null,
    lastSignInAt: null,
  };
  const build = (): Commit => {
    requireFreeName(inventory, 'user', input.name);
    requireToRuleGroups(inventory, caller, groups);
    const name = reserveName('user', input.name, id);
    const event = securityEvent(caller, 'security.user.changed', userThing(id, input.name), {
      how: 'created',
      oldValue: null,
      newValue: groups.length === 0 ? null : attributeText(`groups ${groups.join(', ')}`),
    });
    return {
      conditions: name.conditions,
      writes: [{ kind: 'user', id, data }, ...name.writes],
      events: [event],
    };
  };
  const change = await commitAccessChange(coordinator, whether, build);
  const planned = { kind: 'user', data, before: undefined, clock: coordinator.clock } as const;
  return showUser(outcome(change, id, planned));
}

/** Errors: `not-found`; `stale`; `forbidden`; `refused` for the last administrator. */
export async function updateUser(
  context: AccessContext,
  caller: Caller,
  reference: string,
  patch: z.output<typeof userPatchSchema>,
  precondition: Precondition,
  whether: WhetherDry,
): Promise<User> {
  const { coordinator, rights } = context;
  const { inventory } = coordinator;
  const { id, data: found } = findUser(inventory, reference);
  const passwordHash = await hashGiven(context, patch.password, found.name);
  let before: Document<UserDocument> | undefined;
  let data = found;
  const build = (): Commit => {
    const user = findUser(inventory, id);
    before = user;
    requireMatch(precondition, `user ${user.data.name}`, user.version);
    requireToRule(inventory, rights, caller, user);
    const groups = patch.groups === undefined ? user.data.groups : [...new Set(patch.groups)];
    requireToRuleGroups(inventory, caller, difference(user.data.groups, groups));
    data = {
      ...user.data,
      displayName: patch.displayName ?? user.data.displayName,
      groups,
      disabled: patch.disabled ?? user.data.disabled,
      passwordHash: passwordHash ?? user.data.passwordHash,
    };
    // Who has a new password, or is out, has to sign in again.
    const ends = passwordHash !== undefined || (data.disabled && !user.data.disabled);
    return {
      conditions: [{ kind: 'user', id, version: user.version }],
      writes: [
        { kind: 'user', id, data },
        ...(ends ? endSessions(inventory, id, caller.proof?.id) : []),
        ...(ends ? endLinks(inventory, id) : []),
      ],
      events: changeEvents(caller, id, user.data, data),
    };
  };
  const change = await commitAccessChange(coordinator, whether, build);
  return showUser(outcome(change, id, { kind: 'user', data, before, clock: coordinator.clock }));
}

/** With the user go the grants, tokens, sessions and links. Errors: as `updateUser`. */
export async function deleteUser(
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
    return {
      conditions: [{ kind: 'user', id, version: user.version }],
      writes: [
        { kind: 'user', id, delete: true },
        releaseName('user', user.data.name),
        ...grantsOn(inventory, id),
        ...tokensOf(inventory, id),
        ...endSessions(inventory, id, undefined),
        ...endLinks(inventory, id),
      ],
      events: [
        securityEvent(caller, 'security.user.changed', userThing(id, user.data.name), {
          how: 'deleted',
          oldValue: null,
          newValue: null,
        }),
      ],
    };
  });
}

async function hashGiven(
  context: AccessContext,
  password: string | undefined,
  userName: string,
): Promise<string | undefined> {
  if (password === undefined) return undefined;
  requireStrongPassword(password, userName);
  return context.passwords.hash(password);
}

function difference(one: readonly string[], other: readonly string[]): readonly string[] {
  return [
    ...one.filter((name) => !other.includes(name)),
    ...other.filter((name) => !one.includes(name)),
  ];
}

/** One event per thing that changed, with old and new value where it is no secret. */
function changeEvents(
  caller: Caller,
  id: string,
  before: UserDocument,
  after: UserDocument,
): readonly NewEvent[] {
  const target = userThing(id, after.name);
  const event = (how: string, oldValue: string | null, newValue: string | null): NewEvent =>
    securityEvent(caller, 'security.user.changed', target, { how, oldValue, newValue });
  const events: NewEvent[] = [];
  if (before.disabled !== after.disabled)
    events.push(event(after.disabled ? 'disabled' : 'enabled', null, null));
  if (difference(before.groups, after.groups).length > 0)
    events.push(
      event(
        'changed',
        attributeText(`groups ${before.groups.join(', ')}`),
        attributeText(`groups ${after.groups.join(', ')}`),
      ),
    );
  if (before.displayName !== after.displayName)
    events.push(
      event('changed', `display name ${before.displayName}`, `display name ${after.displayName}`),
    );
  if (before.passwordHash !== after.passwordHash) events.push(event('changed', null, 'password'));
  return events;
}

/** All sessions of a user but the one that asks. */
export function endSessions(
  inventory: Inventory,
  userId: string,
  except: string | undefined,
): readonly Write[] {
  return sessionsOf(inventory, userId)
    .filter((session) => session.id !== except)
    .map((session) => ({ kind: 'session', id: session.id, delete: true }));
}

export function endLinks(inventory: Inventory, userId: string): readonly Write[] {
  return [...inventory.documents<LinkDocument>('link')]
    .filter((link) => link.data.userId === userId)
    .map((link) => ({ kind: 'link', id: link.id, delete: true }));
}

function grantsOn(inventory: Inventory, userId: string): readonly Write[] {
  return [...inventory.documents<GrantDocument>('grant')]
    .filter((grant) => grant.data.subjectKind === 'user' && grant.data.subject === userId)
    .map((grant) => ({ kind: 'grant', id: grant.id, delete: true }));
}

function tokensOf(inventory: Inventory, userId: string): readonly Write[] {
  return [...inventory.documents<TokenDocument>('token')]
    .filter((token) => token.data.userId === userId)
    .map((token) => ({ kind: 'token', id: token.id, delete: true }));
}

/** Errors: `forbidden` when a token or host asks for what takes a person. */
export function requirePerson(caller: Caller, what: string): void {
  const means = caller.proof?.means;
  if (means === 'session' || means === 'local') return;
  throw new Fault('forbidden', `a token cannot ${what}`, {
    hint: 'sign in with a password or a link, or use the account that runs Gantry',
  });
}
