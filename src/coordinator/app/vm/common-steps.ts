/** What the steps of operations about vms have in common. */
import { assert } from '#lib';
import type { Cause } from '#api';
import type { VmDocument } from '../../documents.ts';
import type { Condition, Document, NewEvent, Write } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { environmentEvents } from '../network/environments.ts';
import { settingEvents, type EventFrame } from '../setting-events.ts';
import { ancestorsOfPlace, vmThing } from '../things.ts';
import { diffSettings, type VmDefinition } from '#api';
import { vmDocument } from '../find.ts';
import type { Work } from '../work.ts';

/** Who is behind the work, for the agent's events. */
export function causeOf(work: Work): Cause {
  return { actor: work.caller.actor, correlationId: work.caller.correlationId };
}

/** The vm the operation is about. Errors: `not-found` when it was taken away meanwhile. */
export function targetVm(work: Work): Document<VmDocument> {
  return vmDocument(work.coordinator.inventory, work.target.id);
}

/** What all events of the work about the vm have in common. */
export function vmFrame(work: Work, vm: VmDocument): EventFrame {
  return {
    target: vmThing(vm.definition.id, vm),
    ancestors: ancestorsOfPlace(work.coordinator.inventory, vm),
    actor: work.caller.actor,
    origin: work.caller.origin,
    correlationId: work.caller.correlationId,
  };
}

/** More that belongs to a change of a definition. */
export interface AlongWith {
  readonly conditions?: readonly Condition[];
  readonly writes?: readonly Write[];
  readonly events?: readonly NewEvent[];
}

/**
 * Changes the definition of the operation's vm: one commit with one event for every changed path. Nothing
 * is written when nothing changes. Answers whether something did.
 */
export async function changeDefinition(
  work: Work,
  change: (definition: VmDefinition) => VmDefinition,
  alongWith: (before: VmDocument, after: VmDocument) => AlongWith = () => ({}),
): Promise<boolean> {
  let changed = false;
  await commitFresh(work.coordinator, () => {
    const vm = targetVm(work);
    const definition = change(vm.data.definition);
    assert(definition.id === vm.id, 'a definition keeps its id');
    const changes = diffSettings(vm.data.definition, definition);
    changed = changes.length > 0;
    if (!changed) return undefined;
    const after: VmDocument = { ...vm.data, definition, revision: vm.data.revision + 1 };
    const more = alongWith(vm.data, after);
    return {
      conditions: [{ kind: 'vm', id: vm.id, version: vm.version }, ...(more.conditions ?? [])],
      writes: [{ kind: 'vm', id: vm.id, data: after }, ...(more.writes ?? [])],
      events: [
        ...settingEvents('vm.setting.changed', vmFrame(work, after), changes),
        ...environmentEvents(
          work.coordinator.inventory,
          vmFrame(work, after),
          definition,
          vm.data.definition,
        ),
        ...(more.events ?? []),
      ],
    };
  });
  return changed;
}
