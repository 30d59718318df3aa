/**
 * A vm's place in a team, reserved like a name: two teams that take the same vm at once cannot both commit
 * (GRP-72).
 */
import type { TeamDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Commit, Condition, Write } from '../../store/store.ts';
import type { EventFrame } from '../setting-events.ts';
import { nameOwner, releaseName, reserveName } from '../names.ts';
import { installationThing } from '../things.ts';

/** No team is called so: names have no slash. */
function placeOf(vmId: string): string {
  return `member/${vmId}`;
}

/** Id of the team that the vm is in. */
export function teamOfVm(inventory: Inventory, vmId: string): string | undefined {
  return nameOwner(inventory, 'team', placeOf(vmId));
}

type Part = { readonly conditions: readonly Condition[]; readonly writes: readonly Write[] };

/** Takes the places of the vms that come and gives back those of the vms that go. */
export function changePlaces(
  teamId: string,
  before: readonly string[],
  after: readonly string[],
): Part {
  const taken = after
    .filter((vm) => !before.includes(vm))
    .map((vm) => reserveName('team', placeOf(vm), teamId));
  const given = before.filter((vm) => !after.includes(vm));
  return {
    conditions: taken.flatMap(({ conditions }) => conditions),
    writes: [
      ...taken.flatMap(({ writes }) => writes),
      ...given.map((vm) => releaseName('team', placeOf(vm))),
    ],
  };
}

/** What is committed with the end of a vm: its team goes on without it. */
export function leaveTeam(
  inventory: Inventory,
  vmId: string,
  by: Pick<EventFrame, 'actor' | 'origin' | 'correlationId'>,
): Required<Commit> {
  const teamId = teamOfVm(inventory, vmId);
  const team = teamId === undefined ? undefined : inventory.document<TeamDocument>('team', teamId);
  if (team === undefined) return { conditions: [], writes: [], events: [] };
  const { id, version, data } = team;
  const members = data.members.filter(({ vm }) => vm !== vmId);
  return {
    conditions: [{ kind: 'team', id, version }],
    writes: [
      { kind: 'team', id, data: { ...data, members } satisfies TeamDocument },
      releaseName('team', placeOf(vmId)),
    ],
    events: [
      {
        ...by,
        name: 'team.changed',
        target: { kind: 'team', id, name: data.name },
        ancestors: [installationThing],
        attributes: { what: 'members' },
      },
    ],
  };
}
