/**
 * Signing in and out (SEC-21, SEC-24 to SEC-26). A wrong name, a wrong password and a disabled user are
 * one answer that takes one time; every failure counts before it is known to be one.
 */
import { Fault, isFault, isoTime, present } from '#lib';
import { allVerbs, type sessionSchema, type signInSchema } from '#api';
import type { z } from 'zod';
import { commitFresh } from '../../app/commit-fresh.ts';
import { nameOwner } from '../../app/names.ts';
import type { Caller } from '../../context.ts';
import type { LinkDocument, SessionDocument, UserDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import type { AccessContext } from '../context.ts';
import { secondFactorState, useSecondFactor } from '../second-factor/second-factor.ts';
import { securityEvent, userThing } from '../security-event.ts';
import { hashSecret } from '../tokens/secret.ts';
import { endSessions, requirePerson } from '../users/change-user.ts';
import { installationSettings, liveSession, newSession } from './sessions.ts';
import { requireStrongPassword } from './weak-password.ts';

type Session = z.input<typeof sessionSchema>;

export interface SignedIn {
  readonly session: Session;
  readonly secret: string;
  readonly maxAgeSeconds: number;
}

/** Told of failures, for the event log. */
export type OnFailure = (user: Document<UserDocument> | undefined, means: string) => void;

/** Errors: `unauthenticated`; `rate-limited` with the fact retryAfterSeconds; `refused` without TLS. */
export async function signIn(
  context: AccessContext,
  caller: Caller,
  input: z.output<typeof signInSchema>,
  onFailure: OnFailure,
): Promise<SignedIn> {
  const address = caller.origin ?? 'unknown';
  const name = input.means === 'password' ? input.user : '';
  if (input.means === 'password') requireTls(context, caller);
  context.limiter.begin(name, address);
  const proved =
    input.means === 'password'
      ? await provePassword(context, input, onFailure)
      : proveLink(context, input.code, onFailure);
  context.limiter.succeed(name, address);
  return open(context, caller, proved, input.oneTimeCode, onFailure);
}

/** A user whose password or link was right. */
interface Proved {
  readonly userId: string;
  readonly means: SessionDocument['means'];
  /** The hash that was verified: if it is another by now, the password was the old one. */
  readonly verifiedHash: string | undefined;
  /** What else is to be written of the user. */
  readonly patch: Partial<UserDocument>;
  readonly link: Document<LinkDocument> | undefined;
}

function requireTls(context: AccessContext, caller: Caller): void {
  const isSafe = caller.proof?.encrypted === true;
  if (isSafe || installationSettings(context.coordinator.inventory).allowPasswordWithoutTls) return;
  throw new Fault('refused', 'passwords are not taken over a connection without TLS', {
    hint: 'write https:// in place of http://, or allow it with the setting allowPasswordWithoutTls',
  });
}

async function provePassword(
  context: AccessContext,
  input: { readonly user: string; readonly password: string },
  onFailure: OnFailure,
): Promise<Proved> {
  const { inventory } = context.coordinator;
  const id = nameOwner(inventory, 'user', input.user);
  const user = id === undefined ? undefined : inventory.document<UserDocument>('user', id);
  const hash = user && !user.data.disabled ? user.data.passwordHash : null;
  const isRight = await context.passwords.verify(hash, input.password);
  if (!isRight || !user || hash === null) {
    onFailure(user, 'password');
    throw new Fault('unauthenticated', 'the user name or the password is wrong');
  }
  const better = context.passwords.isOutdated(hash)
    ? await context.passwords.hash(input.password)
    : hash;
  const patch = { passwordHash: better };
  return { userId: user.id, means: 'password', verifiedHash: hash, patch, link: undefined };
}

function proveLink(context: AccessContext, code: string, onFailure: OnFailure): Proved {
  const { inventory, clock } = context.coordinator;
  const link = inventory.document<LinkDocument>('link', hashSecret(code));
  const userId = link?.data.purpose === 'sign-in' ? link.data.userId : null;
  const user = userId === null ? undefined : inventory.document<UserDocument>('user', userId);
  const isOver = !link || clock.now() >= Date.parse(link.data.expiresAt);
  if (isOver || !user || user.data.disabled) {
    onFailure(user, 'link');
    throw linkIsVoid();
  }
  return { userId: user.id, means: 'link', verifiedHash: undefined, patch: {}, link };
}

function linkIsVoid(): Fault {
  return new Fault('unauthenticated', 'the sign-in link is used, expired or unknown', {
    hint: 'make another one with: gantry user link',
  });
}

/** The session, unless a second factor is missing or wrong; a link that was shown is used up with it, not before. */
async function open(
  context: AccessContext,
  caller: Caller,
  { userId, means, verifiedHash, patch, link }: Proved,
  oneTimeCode: string | undefined,
  onFailure: OnFailure,
): Promise<SignedIn> {
  const { coordinator } = context;
  const { inventory, clock } = coordinator;
  const session = newSession(inventory, clock, userId, means);
  let signedIn: UserDocument | undefined;
  await commitFresh(coordinator, () => {
    const user = inventory.document<UserDocument>('user', userId);
    const hasChanged = verifiedHash !== undefined && user?.data.passwordHash !== verifiedHash;
    if (!user || user.data.disabled || hasChanged)
      throw new Fault('unauthenticated', 'the user was changed meanwhile');
    // Of two who use a link at once, one comes too late.
    if (link && !inventory.document('link', link.id)) throw linkIsVoid();
    const used = secondFactor(context, user, oneTimeCode, onFailure);
    signedIn = { ...user.data, ...patch, ...used, lastSignInAt: isoTime(clock.now()) };
    return {
      conditions: [
        { kind: 'user', id: userId, version: user.version },
        ...(link ? [{ kind: 'link', id: link.id, version: link.version } as const] : []),
      ],
      writes: [
        { kind: 'user', id: userId, data: signedIn },
        session.write,
        ...(link ? [{ kind: 'link', id: link.id, delete: true } as const] : []),
      ],
      events: [
        securityEvent(
          { ...caller, actor: { kind: 'user', name: user.data.name } },
          'security.signed-in',
          userThing(userId, user.data.name),
          { means },
        ),
      ],
    };
  });
  const { secret, maxAgeSeconds } = session;
  const shown = describe(context, userId, present(signedIn, 'the user'), session.document);
  return { session: shown, secret, maxAgeSeconds };
}

function secondFactor(
  context: AccessContext,
  user: Document<UserDocument>,
  oneTimeCode: string | undefined,
  onFailure: OnFailure,
): Partial<UserDocument> {
  try {
    return useSecondFactor(context, user.id, user.data, oneTimeCode);
  } catch (error) {
    if (isFault(error, 'unauthenticated') && oneTimeCode !== undefined)
      onFailure(user, 'one-time code');
    throw error;
  }
}

function describe(
  context: AccessContext,
  userId: string,
  user: UserDocument,
  session: SessionDocument | undefined,
): Session {
  const verbs = allVerbs.filter((verb) =>
    context.rights.may(userId, verb, { kind: 'installation' }),
  );
  return {
    user: user.name,
    displayName: user.displayName,
    verbs: [...verbs],
    expiresAt: session?.expiresAt ?? null,
    secondFactor: secondFactorState(context.coordinator.inventory, user),
    passwordNeeded: session?.means === 'link' && user.passwordHash === null,
  };
}

/** Who one is, with the rights that this proof gives on the installation. */
export function showSession(context: AccessContext, caller: Caller): Session {
  const { inventory, clock } = context.coordinator;
  const userId = caller.userId ?? '';
  const user = inventory.document<UserDocument>('user', userId)?.data;
  if (!user) throw new Fault('unauthenticated', 'the user is gone');
  const session =
    caller.proof?.means === 'session' ? liveSession(inventory, clock, caller.proof.id) : undefined;
  const shown = describe(context, userId, user, session?.data);
  // The caller is as the request began, which may just have set up the second factor that its session waited for.
  if (session !== undefined && shown.secondFactor !== 'needed') return shown;
  return {
    ...shown,
    verbs: shown.verbs.filter((verb) => caller.may(verb, { kind: 'installation' })),
  };
}

/** Errors: `forbidden` for a wrong old password and for a token; `invalid` for a weak password. */
export async function changePassword(
  context: AccessContext,
  caller: Caller,
  input: { readonly oldPassword?: string | undefined; readonly password: string },
): Promise<Session> {
  requirePerson(caller, 'change a password');
  const { coordinator, passwords, limiter } = context;
  const { inventory } = coordinator;
  const userId = caller.userId ?? '';
  const user = inventory.document<UserDocument>('user', userId);
  if (!user) throw new Fault('unauthenticated', 'the user is gone');
  if (!isOldPasswordKnown(context, caller, user.data)) {
    const address = caller.origin ?? 'unknown';
    limiter.begin(user.data.name, address);
    if (!(await passwords.verify(user.data.passwordHash, input.oldPassword ?? '')))
      throw new Fault('forbidden', 'the old password is wrong');
    limiter.succeed(user.data.name, address);
  }
  requireStrongPassword(input.password, user.data.name);
  const passwordHash = await passwords.hash(input.password);
  await coordinator.commit({
    conditions: [{ kind: 'user', id: userId, version: user.version }],
    writes: [
      { kind: 'user', id: userId, data: { ...user.data, passwordHash } },
      ...endSessions(inventory, userId, caller.proof?.id),
    ],
    events: [
      securityEvent(caller, 'security.user.changed', userThing(userId, user.data.name), {
        how: 'changed',
        oldValue: null,
        newValue: 'password',
      }),
    ],
  });
  return showSession(context, caller);
}

/** Who has no password, came by a link, or has the account that runs Gantry, need not know the old one. */
function isOldPasswordKnown(context: AccessContext, caller: Caller, user: UserDocument): boolean {
  if (user.passwordHash === null || caller.proof?.means === 'local') return true;
  const { inventory, clock } = context.coordinator;
  return liveSession(inventory, clock, caller.proof?.id ?? '')?.data.means === 'link';
}

/** Ends the session that asks. For a token there is nothing to end: it is revoked instead. */
export async function signOut(context: AccessContext, caller: Caller): Promise<void> {
  if (caller.proof?.means !== 'session') return;
  await context.coordinator.commit({
    writes: [{ kind: 'session', id: caller.proof.id, delete: true }],
    events: [
      securityEvent(
        caller,
        'security.signed-out',
        userThing(caller.userId ?? '', caller.actor.name),
        {},
      ),
    ],
  });
}
