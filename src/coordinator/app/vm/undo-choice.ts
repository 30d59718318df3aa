/** What a change of the setting for undo disks must keep to (DISK-29, DISK-36, DISK-62). */
import { Fault, formatBytes, type Reason } from '#lib';
import { placeName, type Vm, type VmActionRequest, type VmDefinition } from '#api';
import type { VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';

/** Errors: `refused` while the vm is not off, while there are undo disks, with a shared disk. */
export function requireUndoChoice(vm: Vm, before: VmDefinition, after: VmDefinition): void {
  const { enabled } = after.settings.undoDisks;
  const shared = after.hardware.disks.find((disk) => disk.shared);
  if (enabled && shared !== undefined)
    throw new Fault('refused', `${vm.name} shares its disk ${placeName(shared)}: no undo disks`, {
      hint: 'what several vms write cannot be taken back for one of them; detach it, or do without',
    });
  if (enabled === before.settings.undoDisks.enabled) return;
  if (vm.state !== 'off')
    throw new Fault('refused', `undo disks of ${vm.name} are switched only while it is off`, {
      facts: { state: vm.state },
      hint: 'turn the vm off first',
    });
  if (!enabled && vm.status.undo !== null)
    throw new Fault('refused', `${vm.name} has undo disks`, {
      hint: 'decide first: gantry vm commit-undo, or gantry vm discard-undo',
    });
}

/** Undo disks may grow as large as all disks together: warned of where the volume has no room for that. */
export function warnOfUndo(
  inventory: Inventory,
  vm: VmDocument,
  after: VmDefinition,
): readonly Reason[] {
  const { enabled } = after.settings.undoDisks;
  if (!enabled || vm.definition.settings.undoDisks.enabled) return [];
  const volumes = inventory.host(vm.hostId)?.load?.volumes ?? [];
  const [volume] = volumes
    .filter(({ path }) => `${vm.path}/`.startsWith(path.endsWith('/') ? path : `${path}/`))
    .sort((one, other) => other.path.length - one.path.length);
  const neededBytes = after.hardware.disks
    .filter(({ readOnly }) => !readOnly)
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (volume === undefined || volume.freeBytes >= neededBytes) return [];
  const figures = `up to ${formatBytes(neededBytes)}, ${formatBytes(volume.freeBytes)} are free on ${volume.path}`;
  return [
    {
      code: 'undo-space',
      text: `the undo disks may take ${figures}`,
      remedy: 'free space, or commit or discard them before they have grown so large',
    },
  ];
}

/** Errors: `refused` where something is to be done with undo disks that are not there. */
export function requireUndoDisks(vm: Vm, { undo }: VmActionRequest): void {
  if (undo === undefined || undo === 'keep' || vm.status.undo !== null) return;
  throw new Fault('refused', `cannot ${undo} undo disks: ${vm.name} has none`, {
    hint: 'they are switched on with: gantry vm set NAME settings.undoDisks.enabled=true',
  });
}
