/** A vm as a definition for libvirt, with the disks that lie beside it. Pure. */
import { posix } from 'node:path';
import { diskBuses, type Hardware, type Vm } from '#api';
import type { WritableMachine } from '#foreign';
import { blockDevicesOf } from '../../domain-xml/domain-devices.ts';
import { writeDomainXml } from '../../domain-xml/domain-xml.ts';

interface Place {
  /** With the disks in the order of the definition, at their places there. */
  readonly machine: Pick<WritableMachine, 'disks' | 'drives'>;
  readonly folder: string;
  readonly networkName: (id: string) => string;
}

/** Media stay behind: they are files of this host. */
export function writeForLibvirt(vm: Vm, { machine, folder, networkName }: Place): Buffer {
  const { definition } = vm;
  const { disks, opticalDrives, floppy } = definition.hardware;
  const hardware: Hardware = {
    ...definition.hardware,
    disks: disks.map((disk, index) => {
      const there = machine.disks[index];
      const file = posix.join(folder, there?.files[0] ?? disk.file);
      const bus = diskBuses.find((one) => one === there?.bus) ?? disk.bus;
      const { controller, position } = there ?? disk;
      return { ...disk, bus, controller, position, file, format: 'qcow2' };
    }),
    opticalDrives: opticalDrives.map((drive) => ({ ...drive, medium: null })),
    floppy: floppy && { ...floppy, medium: null },
  };
  const exported: Vm = { ...vm, path: folder, definition: { ...definition, hardware } };
  const text = writeDomainXml(exported, {
    name: definition.name,
    id: undefined,
    type: 'kvm',
    blockDevices: blockDevicesOf(exported, () => undefined),
    networkName,
    theirNetworkName: (there) => there,
    screenPort: null,
  });
  return Buffer.from(text);
}
