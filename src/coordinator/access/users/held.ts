/** What the caller may do on a thing, so that a client can say beforehand what would be refused (WEB-65). */
import { allVerbs, type HeldRights, type routes, type Verb } from '#api';
import type { z } from 'zod';
import type { Caller, RightObject } from '../../context.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { findTeam } from '../../app/team/show-team.ts';
import { objectOfQuery } from './explain.ts';

type Query = z.output<(typeof routes)['right.held']['query']>;

/** Errors: `not-found` for what is not there or may not be seen. */
export function listHeldRights(inventory: Inventory, caller: Caller, query: Query): HeldRights {
  const on = (object: RightObject) => (verb: Verb) => caller.may(verb, object);
  const installation = allVerbs.filter(on({ kind: 'installation' }));
  const verbs =
    query.team === undefined
      ? allVerbs.filter(on(objectOfQuery(inventory, caller, query)))
      : listOnTeam(inventory, caller, query.team, installation);
  return { verbs, installation, anywhere: allVerbs.filter(on({ kind: 'anywhere' })) };
}

/** A command on a team takes its right on every member (app/team/act-team.ts). */
function listOnTeam(
  inventory: Inventory,
  caller: Caller,
  reference: string,
  installation: readonly Verb[],
): Verb[] {
  const members = findTeam(inventory, caller, reference).data.members.filter(
    ({ vm }) => inventory.document('vm', vm) !== undefined,
  );
  return allVerbs.filter((verb) =>
    verb.startsWith('vm.') && members.length > 0
      ? members.every(({ vm }) => caller.may(verb, { kind: 'vm', id: vm }))
      : installation.includes(verb),
  );
}
