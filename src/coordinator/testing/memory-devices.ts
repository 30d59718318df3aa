/** Disks, adapters, shares and media of the machines of a host in memory. */
import { isDeepStrictEqual } from 'node:util';
import { placeName, type Disk, type LinkParams, type LinkResult, type VmDefinition } from '#api';
import type { MemoryMachines } from './memory-machine.ts';

type DeviceMethod =
  | 'machine.disk.put-child'
  | 'machine.disk.drop-child'
  | 'machine.disk.attach'
  | 'machine.disk.detach'
  | 'machine.adapter.attach'
  | 'machine.adapter.detach'
  | 'machine.adapter.change'
  | 'machine.share.add'
  | 'machine.share.remove'
  | 'machine.medium';
type DeviceHandlers = { readonly [M in DeviceMethod]: (params: LinkParams<M>) => LinkResult<M> };
type Hardware = VmDefinition['hardware'];

export function memoryDevices(host: MemoryMachines): DeviceHandlers {
  const changeHardware = (
    id: string,
    generation: number,
    change: (hardware: Hardware) => Partial<Hardware>,
  ): { live: boolean } => {
    const machine = host.machine(id, generation);
    const { hardware } = machine.definition;
    machine.definition = {
      ...machine.definition,
      hardware: { ...hardware, ...change(hardware) },
    };
    return { live: machine.state === 'running' };
  };
  const swapDisk = (id: string, generation: number, before: Disk, after: Disk): void => {
    changeHardware(id, generation, ({ disks }) => ({
      disks: disks.map((disk) => (disk.file === before.file ? after : disk)),
    }));
  };
  return {
    'machine.disk.put-child': ({ id, generation, parent, child }) => {
      swapDisk(id, generation, parent, child);
      return { path: child.file, format: child.format, variant: 'v3', sizeBytes: 0 };
    },
    'machine.disk.drop-child': ({ id, generation, parent, child }) => {
      swapDisk(id, generation, child, parent);
      return {};
    },
    'machine.disk.attach': ({ id, generation, disk }) =>
      changeHardware(id, generation, ({ disks }) => ({
        disks: [...disks.filter((one) => placeName(one) !== placeName(disk)), disk],
      })),
    'machine.disk.detach': ({ id, generation, disk }) =>
      changeHardware(id, generation, ({ disks }) => ({
        disks: disks.filter((one) => placeName(one) !== placeName(disk)),
      })),
    'machine.adapter.attach': ({ id, generation, adapter }) =>
      changeHardware(id, generation, ({ adapters }) => ({
        adapters: [...adapters.filter(({ slot }) => slot !== adapter.slot), adapter],
      })),
    'machine.adapter.detach': ({ id, generation, adapter }) =>
      changeHardware(id, generation, ({ adapters }) => ({
        adapters: adapters.filter((one) => !isDeepStrictEqual(one, adapter)),
      })),
    'machine.adapter.change': ({ id, generation, adapter }) =>
      changeHardware(id, generation, ({ adapters }) => ({
        adapters: adapters.map((one) => (one.slot === adapter.slot ? adapter : one)),
      })),
    'machine.share.add': ({ id, generation, share }) =>
      changeHardware(id, generation, ({ sharedFolders }) => ({
        sharedFolders: [...sharedFolders.filter(({ slot }) => slot !== share.slot), share],
      })),
    'machine.share.remove': ({ id, generation, share }) =>
      changeHardware(id, generation, ({ sharedFolders }) => ({
        sharedFolders: sharedFolders.filter((one) => !isDeepStrictEqual(one, share)),
      })),
    'machine.medium': ({ id, generation, place, medium, path }) =>
      changeHardware(id, generation, ({ opticalDrives }) => ({
        opticalDrives: opticalDrives.map((drive) =>
          placeName(drive) === place
            ? { ...drive, medium: path === null ? medium : { kind: 'file', file: path } }
            : drive,
        ),
      })),
  };
}
