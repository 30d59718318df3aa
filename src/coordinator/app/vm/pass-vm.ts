/** A vm moves between two libvirt hosts as it runs, or while it is off (docs/rfd/0032). */
import { guestUuid, type DryRun, type Operation, type PassageStorage } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { requireAbility, requireVerb } from '../find.ts';
import { asReasons } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { requireConnected } from '../settle-hosts.ts';
import { ancestorsOfPlace, hostThing, vmThing } from '../things.ts';
import { stepNames } from '../work.ts';
import { prepare } from './device-change.ts';
import { passKind } from './pass-steps.ts';
import { passageAction, type PassageInput } from './passage-input.ts';

/** Errors: `blocked` with everything that stands against it; `unsupported`, `unavailable`. */
export async function passVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  host: Document<HostDocument>,
  storage: PassageStorage,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, links } = coordinator;
  const { vm, definition } = prepare(coordinator, id, 'migrate');
  const { folderId, hostId } = vm.data;
  const place = { kind: 'place', folderId, hostId: host.id } as const;
  requireVerb(caller, 'vm.create', place, `host ${host.data.name}`);
  requireAbility(host, 'migrate');
  const names = { from: hostThing(inventory, hostId).name, to: host.data.name };
  await requireConnected(coordinator, host.id);
  const planned = await links.call(hostId, 'machine.passage.plan', { id, to: host.id, storage });
  if (!planned.ok)
    throw new Fault('blocked', `cannot move ${definition.name} to host ${names.to}`, {
      reasons: planned.reasons,
      hint: planned.reasons[0]?.remedy,
    });
  const target = vmThing(id, vm.data);
  if (dryRun)
    return {
      dryRun: true,
      action: passageAction,
      target,
      steps: stepNames(passKind),
      changes: [],
      warnings: asReasons(planned.warnings),
    };
  const moved = definition.hardware.disks.filter(({ readOnly, shared }) => !readOnly && !shared);
  const input: PassageInput = {
    fromHost: hostId,
    toHost: host.id,
    ...names,
    uuid: guestUuid(definition),
    storage,
    files: storage === 'copy' ? moved.map(({ file }) => file) : [],
  };
  return await coordinator.operations.submit(
    caller,
    { action: passageAction, target, input: asJson(input) as Record<string, never> },
    {
      events: [
        {
          target,
          ancestors: ancestorsOfPlace(inventory, vm.data),
          actor: caller.actor,
          origin: caller.origin,
          correlationId: caller.correlationId,
          name: 'vm.migration.started',
          attributes: names,
        },
      ],
    },
  );
}
