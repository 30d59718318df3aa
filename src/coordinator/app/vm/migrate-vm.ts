/** A vm moves to another host with all its files (docs/rfd/0030), and with its guest where that works or is paused (0042). */
import { posix } from 'node:path';
import type { DryRun, GatheredDisk, Operation, VmDefinition, VmRelocate } from '#api';
import { Fault, formatBytes, type Reason } from '#lib';
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
import type { MigrateInput } from './migrate-input.ts';
import { migrateKind } from './migrate-steps.ts';
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
  const { host: reference, path, disks, bytesPerSecond } = request;
  const host = reference === undefined ? undefined : findHost(inventory, caller, reference);
  const vm = inventory.document<VmDocument>('vm', id);
  if (host !== undefined && vm !== undefined && vm.data.hostId !== host.id) {
    const ends = [vm.data.hostId, host.id];
    if (ends.every((one) => isForeignHost(inventory, one))) {
      if (path !== undefined) throw new Fault('refused', 'disks of libvirt hosts keep their paths');
      if (bytesPerSecond !== undefined)
        throw new Fault('refused', 'libvirt hosts move vms as fast as they can');
      return await passVm(coordinator, caller, id, host, disks ?? 'copy', dryRun);
    }
    if (disks !== undefined)
      throw new Fault('refused', 'what becomes of disks is said between libvirt hosts only');
    return await migrateVm(coordinator, caller, id, host, { path, bytesPerSecond }, dryRun);
  }
  if (path !== undefined) {
    if (bytesPerSecond !== undefined)
      throw new Fault('refused', 'how fast it may go is said of moves to other hosts only', {
        hint: 'say it while files are moved, with: gantry operation pace',
      });
    return await relocateVm(coordinator, caller, id, { path }, dryRun);
  }
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
  { path, bytesPerSecond }: Pick<VmRelocate, 'path' | 'bytesPerSecond'>,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const state = inventory.vm(id)?.state;
  const isLive = state === 'running' || state === 'paused';
  const { vm, definition } = prepare(coordinator, id, isLive ? 'migrate' : 'relocate');
  const { folderId, hostId } = vm.data;
  const place = { kind: 'place', folderId, hostId: host.id } as const;
  requireVerb(caller, 'vm.create', place, `host ${host.data.name}`);
  requireScriptRight(caller, place, definition);
  requireAbility(host, 'move');
  if (isLive) requireAbility(host, 'migrate');
  else if (bytesPerSecond !== undefined)
    throw new Fault('refused', `${definition.name} does not run: its files go as fast as they can`);
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
      warnings: asReasons([
        ...(isLive ? [guestGoesAlong(definition, planned.storedBytes, state)] : []),
        ...warnings,
      ]),
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
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
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

/** What it takes, which is no reason against it. */
function guestGoesAlong(
  { name, hardware }: VmDefinition,
  storedBytes: number,
  state: 'running' | 'paused',
): Reason {
  const [files, memory] = [formatBytes(storedBytes), formatBytes(hardware.memory.sizeBytes)];
  const text =
    state === 'running'
      ? `${name} goes on working while it moves, and stands still for a moment at the end; ${files} of files and up to ${memory} of memory are sent`
      : `${name} is paused, and is paused there, too; ${files} of files and up to ${memory} of memory are sent`;
  return { code: 'guest-goes-along', text };
}
