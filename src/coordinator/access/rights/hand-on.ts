/**
 * Nobody gives more than they have: who may change users, roles or grants could otherwise make
 * themselves administrator. A caller hands rights on only where the caller holds them, and rules only
 * over users who have no right that the caller lacks.
 */
import { Fault } from '#lib';
import type { Verb } from '#api';
import type { Caller, RightObject } from '../../context.ts';
import type { GrantDocument, UserDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { RightsView } from './evaluate.ts';
import type { Rights } from './rights.ts';
import { roleById } from './roles.ts';

/** What a grant can lie on. */
export type GrantPlace = Exclude<
  RightObject,
  { readonly kind: 'anywhere' | 'everywhere' | 'place' }
>;

export function objectOf(grant: Pick<GrantDocument, 'objectKind' | 'objectId'>): GrantPlace {
  return grant.objectKind === 'installation'
    ? { kind: 'installation' }
    : { kind: grant.objectKind, id: grant.objectId };
}

/** Errors: `forbidden` naming the first right that the caller lacks there. */
export function requireToHold(
  caller: Caller,
  verbs: readonly Verb[],
  on: RightObject,
  what: string,
): void {
  const missing = verbs.find((verb) => !caller.may(verb, on));
  if (missing === undefined) return;
  throw tooMuch(what, missing);
}

function tooMuch(what: string, verb: Verb): Fault {
  return new Fault('forbidden', `${what} has the right ${verb}, which you do not have there`, {
    facts: { verb },
    hint: 'ask an administrator',
  });
}

/** All grants of a user or group that may be in force, also while the user is disabled. */
export function grantsFor(
  inventory: Inventory,
  userId: string | undefined,
  groups: readonly string[],
): readonly GrantDocument[] {
  return [...inventory.documents<GrantDocument>('grant')]
    .map((grant) => grant.data)
    .filter((grant) =>
      grant.subjectKind === 'user' ? grant.subject === userId : groups.includes(grant.subject),
    );
}

/** Putting somebody into a group or taking out of it: gives what it grants, or what it denies. */
export function requireToRuleGroups(
  inventory: Inventory,
  caller: Caller,
  groups: readonly string[],
): void {
  for (const grant of grantsFor(inventory, undefined, groups)) {
    const verbs = roleById(inventory, grant.role)?.verbs ?? [];
    requireToHold(caller, verbs, objectOf(grant), `group ${grant.subject}`);
  }
}

/**
 * Errors: `forbidden` when the user has a right somewhere that the caller lacks there. A right that the
 * user has anywhere comes from one of the user's grants, so it is enough to look where those lie, and
 * whether a denial of the caller's could cut something out below.
 */
export function requireToRule(
  inventory: Inventory,
  rights: Rights,
  caller: Caller,
  user: { readonly id: string; readonly data: UserDocument },
): void {
  const grants = grantsFor(inventory, user.id, user.data.groups);
  const view = new RightsView(inventory, grants);
  const what = `user ${user.data.name}`;
  const verbsOf = (grant: GrantDocument): readonly Verb[] =>
    roleById(inventory, grant.role)?.verbs ?? [];
  for (const grant of grants) {
    if (grant.deny) continue;
    const on = objectOf(grant);
    for (const verb of verbsOf(grant))
      if (view.may(verb, on) && !caller.may(verb, on)) throw tooMuch(what, verb);
  }
  const own = caller.userId === null ? [] : rights.grantsOf(caller.userId);
  for (const { data: denial } of own) {
    if (!denial.deny) continue;
    for (const verb of verbsOf(denial)) {
      const isDeniedToo = grants.some(
        (grant) =>
          grant.deny && grant.objectId === denial.objectId && verbsOf(grant).includes(verb),
      );
      if (!isDeniedToo && view.may(verb, { kind: 'anywhere' })) throw tooMuch(what, verb);
    }
  }
}
