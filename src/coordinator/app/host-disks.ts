/** Disks on a host by themselves (DISK-37, DISK-66). Vms that the caller may not see are counted, not named. */
import { type HostDisk, type HostDiskList, type HostDiskReport, type LinkResult } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { VmDocument } from '../documents.ts';

export async function listHostDisks(
  { inventory, links }: Coordinator,
  caller: Caller,
  hostId: string,
  signal: AbortSignal,
): Promise<HostDiskList> {
  const { disks, complete } = await links.call(hostId, 'host.disks', {}, { signal });
  return { disks: disks.map((disk) => withNames(inventory, caller, disk)), complete };
}

export async function showHostDisk(
  { inventory, links }: Coordinator,
  caller: Caller,
  hostId: string,
  file: string,
  signal: AbortSignal,
): Promise<HostDiskReport> {
  const report = await links.call(hostId, 'host.disk', { file }, { signal });
  const { chain, system, snapshots = [], findings, ...found } = report;
  return { ...withNames(inventory, caller, found), chain, system, snapshots, findings };
}

type Found = LinkResult<'host.disks'>['disks'][number];

function withNames(
  inventory: Coordinator['inventory'],
  caller: Caller,
  { vmIds, ...found }: Found,
): HostDisk {
  return { ...found, vms: namesOf(inventory, caller, vmIds) };
}

/** Of vms, those that the caller may not see without their names. */
export function namesOf(
  inventory: Coordinator['inventory'],
  caller: Caller,
  vmIds: readonly string[],
): string[] {
  return vmIds.map((id) => {
    const vm = inventory.document<VmDocument>('vm', id);
    const isSeen = vm !== undefined && caller.may('vm.view', { kind: 'vm', id });
    return isSeen ? vm.data.definition.name : 'another vm';
  });
}
