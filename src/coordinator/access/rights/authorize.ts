/**
 * Whether a caller may use a route: one function for all of them, so that none can forget. An object
 * that the caller may not see is answered exactly as one that does not exist.
 */
import { Fault } from '#lib';
import type { Kind, Route, Verb } from '#api';
import { notFound, seenOf } from '../../app/not-found.ts';
import type { Caller, RightObject } from '../../context.ts';
import type { Target } from '../../http/gate.ts';

/** A refusal, for the audit trail and the event log; from outside it may look like `not-found`. */
export class Refusal extends Fault {
  readonly verb: Verb | undefined;

  constructor(fault: Fault, verb: Verb | undefined) {
    super(fault.code, fault.message, fault);
    this.verb = verb;
  }
}

const ownedKinds = ['vm', 'host', 'folder', 'image'] as const;
type OwnedKind = (typeof ownedKinds)[number];

const isOwned = (kind: Kind): kind is OwnedKind => (ownedKinds as readonly Kind[]).includes(kind);

/** Errors: `unauthenticated`, `forbidden`; `not-found` for what is not there or may not be seen. */
export function authorize(caller: Caller, route: Route, target: Target | undefined): void {
  const { right } = route;
  if (right === 'public') return;
  if (right === 'agent') {
    if (caller.proof?.means === 'agent') return;
    if (caller.userId === null) throw unauthenticated();
    throw new Refusal(new Fault('forbidden', 'this route is for hosts only'), undefined);
  }
  // Whoever has a link to a screen is nobody's user, and may what the link says.
  if (caller.userId === null && caller.proof !== undefined && caller.proof.means !== 'link') {
    if (caller.proof.means === 'agent')
      throw new Refusal(
        new Fault('forbidden', "a host's certificate does not open this route"),
        undefined,
      );
    throw unauthenticated();
  }
  if (route.on !== undefined && target !== undefined && target.id === undefined)
    throw notFound(target.kind, target.reference, seenOf(caller, target.namesakes));
  if (right === 'self') return;
  if (target?.id !== undefined && isOwned(target.kind)) {
    requireRight(caller, right, { kind: target.kind, id: target.id }, target.reference);
    return;
  }
  // A list shows what may be seen, which can be nothing.
  if (route.anywhere && route.method === 'GET') return;
  requireRight(caller, right, { kind: route.anywhere ? 'anywhere' : 'installation' });
}

/** Errors: `forbidden`; `not-found` where the object may not even be seen. */
export function requireRight(
  caller: Caller,
  verb: Verb,
  on: RightObject,
  reference?: string,
): void {
  if (caller.may(verb, on)) return;
  if ('id' in on && !caller.may(`${on.kind}.view`, on))
    throw new Refusal(notFound(on.kind, reference ?? on.id), verb);
  throw new Refusal(
    new Fault(
      'forbidden',
      `${caller.actor.name} lacks the right ${verb}${describePlace(on, reference)}`,
      {
        facts: { verb },
        hint: 'ask an administrator for a role that has it',
      },
    ),
    verb,
  );
}

function describePlace(on: RightObject, reference: string | undefined): string {
  switch (on.kind) {
    case 'installation':
      return '';
    case 'anywhere':
      return ' on any object';
    case 'everywhere':
      return ' on every object';
    case 'place':
      return ' in this folder and on this host';
    case 'vm':
    case 'host':
    case 'folder':
    case 'image':
      return ` on ${on.kind} ${reference ?? on.id}`;
  }
}

export function unauthenticated(): Fault {
  return new Fault('unauthenticated', 'this takes a proof of identity', {
    hint: 'sign in, or send a token',
  });
}
