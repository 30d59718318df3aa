/**
 * Copies of vms of hosts that others run (docs/rfd/0024): they are who their UUID there says, and their disks are volumes of
 * storage pools, beside those of the vm where no other folder is named. Pure.
 */
import { posix } from 'node:path';
import { placeName, type Disk, type VmClone, type VmDefinition } from '#api';
import { Fault } from '#lib';

/** Errors: `unsupported`. */
export function requireForHypervisor({ firstBoot }: VmClone): void {
  if (firstBoot === undefined) return;
  throw new Fault('unsupported', 'copies on libvirt hosts get no configuration disk', {
    hint: 'clone it without first boot, and tell its guest who it is by its serial console',
  });
}

/** What stands above a file of any format is QCOW2. */
export function copiedFile({ name, path }: VmClone, linked: boolean): (disk: Disk) => string {
  return (disk) => {
    const folder = path === undefined ? posix.dirname(disk.file) : posix.resolve(path);
    const place = placeName(disk).replace(':', '-');
    return posix.join(folder, `${name}-${place}.${linked ? 'qcow2' : disk.format}`);
  };
}

export function onHypervisor(copy: VmDefinition, uuid: string, linked: boolean): VmDefinition {
  const { hardware, name } = copy;
  const disks = hardware.disks.map((disk) =>
    linked ? { ...disk, format: 'qcow2' as const } : disk,
  );
  const libvirt = { name, uuid, hardware: 'unread' };
  const extensions = { ...copy.extensions, libvirt };
  return { ...copy, hardware: { ...hardware, disks }, extensions };
}
