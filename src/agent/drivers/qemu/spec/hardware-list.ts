/** The effective hardware of a vm, as its process has it or as the next start will make it (HW-58). */
import type { EffectiveHardware } from '#api';
import { formatBytes } from '#lib';
import {
  shareId,
  type Image,
  type MachineSpec,
  type Medium,
  type qmp,
  type SerialTarget,
} from '#qemu';
import { placeOfId } from './devices.ts';
import type { MachineFile } from '../../../machine/record.ts';

type Device = EffectiveHardware['devices'][number];

const maxDevices = 500;

/** `pci` is what the running machine has; without it there are no addresses. */
export function listHardware(
  spec: MachineSpec,
  file: MachineFile,
  pci: readonly qmp.PciDevice[] | undefined,
): EffectiveHardware {
  const addresses = new Map(flatten(pci ?? []).map((device) => [device.id, addressOf(device)]));
  const at = (id: string): string | null => addresses.get(id) ?? null;
  const hardware = (file.startedWith ?? file.definition).hardware;
  const place = (id: string): string => placeOfId(hardware, id);
  const devices: Device[] = [
    device('machine', 'system', null, spec.chipset, null, spec.chipsetVersion ?? null),
    device('processors', 'system', null, `${spec.processor.count} × ${spec.processor.model}`),
    device('memory', 'system', null, formatBytes(spec.memory.sizeBytes)),
    device('firmware', 'system', null, spec.firmware.kind, null, firmwarePath(spec)),
    ...spec.scsiControllers.map(({ position, model }) =>
      device('SCSI controller', 'pci', String(position), model, at(`board-scsi${position}`)),
    ),
    ...spec.disks.map(({ id, attach, image }) =>
      device('disk', attach.bus, place(id), image.format, at(id), pathOf(image)),
    ),
    ...spec.opticalDrives.map(({ id, attach, medium }) =>
      device('CD drive', attach.bus, place(id), 'CD/DVD', at(id), mediumPath(medium)),
    ),
    ...(spec.floppyDrive
      ? [
          device(
            'floppy drive',
            'floppy',
            '0',
            '1.44 MB',
            null,
            mediumPath(spec.floppyDrive.medium),
          ),
        ]
      : []),
    ...spec.adapters.map(({ id, position, model, mac, network }) =>
      device('network adapter', 'pci', String(position), model, at(id), `${mac}, ${network.kind}`),
    ),
    ...hardware.sharedFolders.map(({ slot, name, hostPath, readOnly }) =>
      device(
        'shared folder',
        'pci',
        String(slot),
        `${name}, ${readOnly ? 'read-only' : 'writable'}`,
        at(shareId(slot)),
        hostPath,
      ),
    ),
    ...spec.serialPorts.map(({ position, target }) =>
      spec.chipset === 'virt'
        ? device('serial port', 'system', '1', 'PL011', null, targetPath(target))
        : device('serial port', 'isa', `COM${position + 1}`, '16550A', null, targetPath(target)),
    ),
    ...(spec.parallelPort
      ? [device('parallel port', 'isa', 'LPT1', 'parallel', null, spec.parallelPort.path)]
      : []),
    ...(spec.display === 'none'
      ? []
      : [device('graphics adapter', 'pci', null, spec.display, at('board-display'))]),
    ...(spec.sound === 'none' ? [] : [device('sound device', 'pci', null, spec.sound)]),
    ...spec.usbControllers.map((usb) =>
      device('USB controller', 'pci', null, usb, at(`board-${usb}`)),
    ),
    ...(spec.chipset === 'virt' && spec.usbControllers.length > 0
      ? [device('keyboard', 'usb', '2', 'keyboard')]
      : []),
    ...(spec.tablet === undefined ? [] : [device('tablet', 'usb', '1', 'absolute pointer')]),
    ...(spec.tpm ? [device('TPM', 'system', null, `2.0 (${spec.tpm.model})`)] : []),
  ];
  return {
    running: pci !== undefined,
    accelerator: spec.acceleration,
    devices: devices.slice(0, maxDevices),
  };
}

function device(
  name: string,
  bus: string,
  position: string | null,
  model: string,
  address: string | null = null,
  resource: string | null = null,
): Device {
  return { device: name, bus, position, model, address, resource };
}

function flatten(devices: readonly qmp.PciDevice[]): qmp.PciDevice[] {
  return devices.flatMap((one) => [one, ...flatten(one.behind)]);
}

/** `0000:01:02.0`, as lspci writes it. */
function addressOf({ bus, slot, pciFunction }: qmp.PciDevice): string {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `0000:${hex(bus)}:${hex(slot)}.${pciFunction}`;
}

function firmwarePath({ firmware }: MachineSpec): string | null {
  return firmware.kind === 'uefi' ? firmware.codePath : null;
}

function pathOf({ source }: Image): string {
  return source.kind === 'nbd' ? source.socketPath : source.path;
}

function mediumPath(medium: Medium | undefined): string | null {
  return medium?.path ?? null;
}

function targetPath(target: SerialTarget): string {
  return 'path' in target ? target.path : target.kind;
}
