/** A vm that is off or saved moves to another host with all its files (docs/rfd/0030). */
import { posix } from 'node:path';
import type { DryRun, GatheredDisk, Operation, VmRelocate } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { findHost, requireAbility, requireVerb } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { requireConnected } from '../settle-hosts.ts';
import { ancestorsOfPlace, hostThing, vmThing } from '../things.ts';
import { stepNames } from '../work.ts';
import { prepare } from './device-change.ts';
import { planMove } from './judge-move.ts';
import { migrateKind, type MigrateInput } from './migrate-steps.ts';
import { passVm } from './pass-vm.ts';
import { relocateVm } from './relocate-vm.ts';
import { requireScriptRight } from './script-right.ts';
import { isForeignHost } from './tell-hypervisor.ts';

/** To another host, or to another folder of its own. Errors: `blocked` with everything that stands against it. */
export async function relocateVmTo(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: VmRelocate,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const { host: reference, path, disks } = request;
  const host = reference === undefined ? undefined : findHost(inventory, caller, reference);
  const vm = inventory.document<VmDocument>('vm', id);
  if (host !== undefined && vm !== undefined && vm.data.hostId !== host.id) {
    const ends = [vm.data.hostId, host.id];
    if (ends.every((one) => isForeignHost(inventory, one))) {
      if (path !== undefined) throw new Fault('refused', 'disks of libvirt hosts keep their paths');
      return await passVm(coordinator, caller, id, host, disks ?? 'copy', dryRun);
    }
    if (disks !== undefined)
      throw new Fault('refused', 'what becomes of disks is said between libvirt hosts only');
    return await migrateVm(coordinator, caller, id, host, path, dryRun);
  }
  if (path !== undefined) return await relocateVm(coordinator, caller, id, { path }, dryRun);
  throw new Fault(
    'refused',
    `${vm?.data.definition.name ?? id} is on host ${host?.data.name ?? ''} already`,
    { hint: 'name another host, or a folder of this one with --path' },
  );
}

async function migrateVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  host: Document<HostDocument>,
  path: string | undefined,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const { vm, definition } = prepare(coordinator, id, 'relocate');
  const { folderId, hostId } = vm.data;
  const place = { kind: 'place', folderId, hostId: host.id } as const;
  requireVerb(caller, 'vm.create', place, `host ${host.data.name}`);
  requireScriptRight(caller, place, definition);
  requireAbility(host, 'move');
  for (const one of [hostId, host.id]) await requireConnected(coordinator, one);
  const parent = path === undefined ? null : posix.resolve(path);
  const planned = await planMove(coordinator, vm, host, parent);
  const target = vmThing(id, vm.data);
  const warnings = planned.warnings;
  if (dryRun)
    return {
      dryRun: true,
      action: migrateKind.action,
      target,
      steps: stepNames(migrateKind),
      changes: [],
      warnings: asReasons(warnings),
    };
  const gathered: readonly GatheredDisk[] = planned.gathered;
  const names = { from: hostThing(inventory, hostId).name, to: host.data.name };
  const input: MigrateInput = {
    fromHost: hostId,
    toHost: host.id,
    ...names,
    parent,
    gathered,
    before: definition.hardware,
    after: planned.definition.hardware,
    oldPath: vm.data.path,
    warnings: inWords(warnings),
  };
  return await coordinator.operations.submit(
    caller,
    { action: migrateKind.action, target, input: asJson(input) as Record<string, never> },
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
