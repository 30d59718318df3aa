/**
 * Folders of the host that the guest mounts by name, over virtio 9P. QEMU opens no further ones while it
 * runs, so each slot has two exports from the start, one for each access, whose path is a link that need not
 * exist yet: a device that is plugged in opens what the link of its export leads to then.
 *
 * Invariant: read-only is the export's, not the guest's. Below the folder QEMU follows no links
 * (hw/9pfs, openat without following), and with `mapped-xattr` the guest makes none that the host would
 * follow, no devices and no programs that run as another user.
 */
import { join } from 'node:path';
import { shareAddress } from './addresses.ts';
import { formatOptions, jsonArgument, type Argument, type JsonFields } from './options.ts';
import type { MachineSpec, SharedFolder, SharesSpec } from './spec.ts';

/** As many as the buses have places for. */
export const maxSharedFolders = 4;

const accesses = ['read-only', 'writable'] as const;

export function shareId(slot: number): string {
  return `board-share${slot}`;
}

function exportId(slot: number, access: SharedFolder['access']): string {
  return `${shareId(slot)}-${access}`;
}

/** Where QEMU looks for the folder of a slot: a link that whoever plugs it in makes before. */
export function shareLinkPath(
  { linksPath }: Pick<SharesSpec, 'linksPath'>,
  { slot, access }: Pick<SharedFolder, 'slot' | 'access'>,
): string {
  return join(linksPath, `${slot}-${access}`);
}

export function shareArguments(spec: MachineSpec): readonly Argument[] {
  const { shares } = spec;
  if (shares === undefined) return [];
  const slots = Array.from({ length: maxSharedFolders }, (_, slot) => slot);
  return [
    ...slots.flatMap((slot) => accesses.map((access) => exportArgument(shares, { slot, access }))),
    ...shares.folders.map((folder) => jsonArgument('-device', shareDevice(spec, folder))),
  ];
}

function exportArgument(
  shares: SharesSpec,
  { slot, access }: Pick<SharedFolder, 'slot' | 'access'>,
): Argument {
  return [
    '-fsdev',
    formatOptions('local', {
      id: exportId(slot, access),
      path: shareLinkPath(shares, { slot, access }),
      security_model: 'mapped-xattr',
      fmode: '0644',
      dmode: '0755',
      multidevs: 'remap',
      readonly: access === 'read-only' ? 'on' : undefined,
    }),
  ];
}

export function shareDevice(
  { chipset }: Pick<MachineSpec, 'chipset'>,
  { slot, name, access }: SharedFolder,
): JsonFields {
  return {
    driver: 'virtio-9p-pci',
    id: shareId(slot),
    ...shareAddress(chipset, slot),
    fsdev: exportId(slot, access),
    mount_tag: name,
  };
}
