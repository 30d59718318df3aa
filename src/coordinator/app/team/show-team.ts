/** Teams as the API shows them. A team is seen by those who may see all its vms. */
import { Fault } from '#lib';
import { isUuid, type Team, type TeamState, type VmState } from '#api';
import type { Caller } from '../../context.ts';
import type { TeamDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';

/** The state that all members have (GRP-66). */
export function stateOfTeam(states: readonly VmState[]): TeamState {
  const [first, ...others] = states;
  if (first === undefined) return 'empty';
  return others.every((state) => state === first) ? first : 'mixed';
}

export function showTeam(inventory: Inventory, document: Document<TeamDocument>): Team {
  const { id, version, createdAt, updatedAt, data } = document;
  const members = data.members.flatMap(({ vm, wait }) => {
    const shown = inventory.vm(vm);
    if (shown === undefined) return [];
    const { name, hostId, state } = shown;
    return [{ vm, name, hostId, state, wait }];
  });
  return {
    kind: 'team',
    id,
    name: data.name,
    description: data.description,
    state: stateOfTeam(members.map(({ state }) => state)),
    members,
    onFailure: data.onFailure,
    version,
    createdAt,
    updatedAt,
  };
}

export function seesTeam(inventory: Inventory, caller: Caller, { members }: TeamDocument): boolean {
  return members.every(
    ({ vm }) =>
      inventory.document('vm', vm) === undefined || caller.may('vm.view', { kind: 'vm', id: vm }),
  );
}

export function listTeams(inventory: Inventory, caller: Caller): readonly Team[] {
  return [...inventory.documents<TeamDocument>('team')]
    .filter(({ data }) => seesTeam(inventory, caller, data))
    .map((document) => showTeam(inventory, document));
}

/** By id or name. Errors: `not-found`, also for one that may not be seen. */
export function findTeam(
  inventory: Inventory,
  caller: Caller,
  reference: string,
): Document<TeamDocument> {
  const found = isUuid(reference)
    ? inventory.document<TeamDocument>('team', reference)
    : inventory.find<TeamDocument>('team', reference);
  if (found !== undefined && seesTeam(inventory, caller, found.data)) return found;
  throw new Fault('not-found', `there is no team ${reference.slice(0, 100)}`, {
    hint: 'look at: gantry team list',
  });
}
