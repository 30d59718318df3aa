/** Teams made, changed and deleted (GRP-61). Their vms stay as they are. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Fault, isoTime } from '#lib';
import type { EventName, Team, TeamCreate, TeamPatch } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { TeamDocument, TeamMemberDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document, NewEvent } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { findVm } from '../find.ts';
import { releaseName, requireFreeName, reserveName } from '../names.ts';
import { requireMatch, type Precondition } from '../precondition.ts';
import { installationThing } from '../things.ts';
import { findTeam, seesTeam, showTeam } from './show-team.ts';
import { changePlaces, teamOfVm } from './team-place.ts';

interface ChangeOptions {
  readonly precondition: Precondition;
  readonly dryRun: boolean;
}

/** Errors: `exists`; `not-found` naming a vm; `invalid` for one named twice; `refused` for one in another team. */
export async function createTeam(
  coordinator: Coordinator,
  caller: Caller,
  { name, description, onFailure, members }: TeamCreate,
  dryRun: boolean,
): Promise<Team> {
  const { inventory, clock } = coordinator;
  const id = randomUUID();
  const check = (): TeamDocument => {
    requireFreeName(inventory, 'team', name);
    return {
      name,
      description,
      onFailure,
      members: requireMembers(inventory, caller, id, members),
    };
  };
  const data = check();
  const now = isoTime(clock.now());
  if (dryRun)
    return showTeam(inventory, {
      kind: 'team',
      id,
      version: 1,
      createdAt: now,
      updatedAt: now,
      data,
    });
  await commitFresh(coordinator, () => {
    const team = check();
    const named = reserveName('team', name, id);
    const places = changePlaces(id, [], vmsOf(team));
    return {
      conditions: [
        { kind: 'team', id, absent: true },
        ...named.conditions,
        ...places.conditions,
        ...areThere(inventory, vmsOf(team)),
      ],
      writes: [{ kind: 'team', id, data: team }, ...named.writes, ...places.writes],
      events: [teamEvent(caller, 'team.created', id, name, {})],
    };
  });
  return showTeam(inventory, findTeam(inventory, caller, id));
}

/** Errors: as createTeam; `not-found`; `stale`. */
export async function updateTeam(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  patch: TeamPatch,
  { precondition, dryRun }: ChangeOptions,
): Promise<Team> {
  const { inventory } = coordinator;
  const { id } = findTeam(inventory, caller, reference);
  const check = (): { readonly team: Document<TeamDocument>; readonly data: TeamDocument } => {
    const team = findTeam(inventory, caller, id);
    const { name, description, onFailure, members } = patch;
    requireMatch(precondition, `team ${team.data.name}`, team.version);
    if (name !== undefined && name !== team.data.name) requireFreeName(inventory, 'team', name);
    const data: TeamDocument = {
      name: name ?? team.data.name,
      description: description ?? team.data.description,
      onFailure: onFailure ?? team.data.onFailure,
      members:
        members === undefined ? team.data.members : requireMembers(inventory, caller, id, members),
    };
    return { team, data };
  };
  const planned = check();
  if (dryRun) return showTeam(inventory, { ...planned.team, data: planned.data });
  await commitFresh(coordinator, () => {
    const { team, data } = check();
    const what = differences(team.data, data);
    if (what.length === 0) return undefined;
    const renamed = data.name !== team.data.name;
    const named = renamed ? reserveName('team', data.name, id) : { conditions: [], writes: [] };
    const places = changePlaces(id, vmsOf(team.data), vmsOf(data));
    const come = vmsOf(data).filter((vm) => !vmsOf(team.data).includes(vm));
    return {
      conditions: [
        { kind: 'team', id, version: team.version },
        ...named.conditions,
        ...places.conditions,
        ...areThere(inventory, come),
      ],
      writes: [
        { kind: 'team', id, data },
        ...named.writes,
        ...(renamed ? [releaseName('team', team.data.name)] : []),
        ...places.writes,
      ],
      events: [teamEvent(caller, 'team.changed', id, data.name, { what: what.join(', ') })],
    };
  });
  return showTeam(inventory, findTeam(inventory, caller, id));
}

/** Errors: `not-found`; `stale`. */
export async function deleteTeam(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  { precondition, dryRun }: ChangeOptions,
): Promise<void> {
  const { inventory } = coordinator;
  const { id } = findTeam(inventory, caller, reference);
  const check = (): Document<TeamDocument> => {
    const team = findTeam(inventory, caller, id);
    requireMatch(precondition, `team ${team.data.name}`, team.version);
    return team;
  };
  check();
  if (dryRun) return;
  await commitFresh(coordinator, () => {
    const { version, data } = check();
    const places = changePlaces(id, vmsOf(data), []);
    return {
      conditions: [{ kind: 'team', id, version }],
      writes: [
        { kind: 'team', id, delete: true },
        releaseName('team', data.name),
        ...places.writes,
      ],
      events: [teamEvent(caller, 'team.deleted', id, data.name, {})],
    };
  });
}

function vmsOf({ members }: TeamDocument): readonly string[] {
  return members.map(({ vm }) => vm);
}

/** Nobody may delete one of the vms in the meantime. */
function areThere(
  inventory: Inventory,
  vms: readonly string[],
): { readonly kind: 'vm'; readonly id: string; readonly version: number }[] {
  return vms.flatMap((id) => {
    const vm = inventory.document('vm', id);
    return vm === undefined ? [] : [{ kind: 'vm', id, version: vm.version }];
  });
}

function requireMembers(
  inventory: Inventory,
  caller: Caller,
  teamId: string,
  members: TeamCreate['members'],
): readonly TeamMemberDocument[] {
  const found = new Set<string>();
  return members.map(({ vm: reference, wait }) => {
    const { id, data } = findVm(inventory, caller, reference);
    const { name } = data.definition;
    if (found.has(id)) throw new Fault('invalid', `vm ${name} is named twice among the members`);
    found.add(id);
    requireFreePlace(inventory, caller, teamId, { id, name });
    return { vm: id, wait };
  });
}

/** A vm is in one team at most (GRP-72): two could not both say when it is started. */
function requireFreePlace(
  inventory: Inventory,
  caller: Caller,
  teamId: string,
  vm: { readonly id: string; readonly name: string },
): void {
  const otherId = teamOfVm(inventory, vm.id);
  if (otherId === undefined || otherId === teamId) return;
  const other = inventory.document<TeamDocument>('team', otherId);
  const where =
    other !== undefined && seesTeam(inventory, caller, other.data)
      ? `team ${other.data.name}`
      : 'another team';
  throw new Fault('refused', `vm ${vm.name} is in ${where} already`, {
    facts: { vm: vm.name },
    hint: 'a vm is in one team at most; take it out of the other one first',
  });
}

function differences(before: TeamDocument, after: TeamDocument): readonly string[] {
  return (['name', 'description', 'members', 'onFailure'] as const).filter(
    (field) => !isDeepStrictEqual(before[field], after[field]),
  );
}

function teamEvent(
  { actor, origin, correlationId }: Caller,
  name: Extract<EventName, `team.${string}`>,
  id: string,
  called: string,
  attributes: NewEvent['attributes'],
): NewEvent {
  return {
    name,
    target: { kind: 'team', id, name: called },
    ancestors: [installationThing],
    actor,
    origin,
    correlationId,
    attributes,
  };
}
