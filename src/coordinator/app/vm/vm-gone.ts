/** What is written when a vm is no longer known: its documents, name, grants and place in a team go with it. */
import type { Inventory } from '../../inventory/inventory.ts';
import type { VmDocument } from '../../documents.ts';
import type { Commit, Document, Write } from '../../store/store.ts';
import { nameOwner, releaseName } from '../names.ts';
import type { EventFrame } from '../setting-events.ts';
import { leaveTeam } from '../team/team-place.ts';
import { ancestorsOfPlace, vmThing } from '../things.ts';
import { grantsGone } from './creator-grant.ts';

/** `filesRemain`: on its host. */
export function vmGone(
  inventory: Inventory,
  { id, version, data }: Document<VmDocument>,
  how: 'removed' | 'deleted',
  by: Pick<EventFrame, 'actor' | 'origin' | 'correlationId'>,
): Required<Commit> {
  const { name } = data.definition;
  const left = leaveTeam(inventory, id, by);
  const writes: Write[] = [
    { kind: 'vm', id, delete: true },
    { kind: 'status', id, delete: true },
    ...grantsGone(inventory, id),
    ...left.writes,
  ];
  if (nameOwner(inventory, 'vm', name) === id) writes.push(releaseName('vm', name));
  return {
    conditions: [{ kind: 'vm', id, version }, ...left.conditions],
    writes,
    events: [
      ...left.events,
      {
        target: vmThing(id, data),
        ancestors: ancestorsOfPlace(inventory, data),
        actor: by.actor,
        origin: by.origin,
        correlationId: by.correlationId,
        name: 'vm.deleted',
        attributes: { how, filesRemain: how === 'removed' },
      },
    ],
  };
}
