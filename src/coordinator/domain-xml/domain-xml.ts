/**
 * A vm as domain XML (libvirt's "Domain XML format"), whatever runs it. The same definition gives the same text; only
 * the id and the port of the screen come and go with running. Read again (define/), it changes nothing.
 */
import {
  machineArchitectures,
  type BootDevice,
  type GuestRebootAction,
  type Hardware,
  type PortBackend,
  type Vm,
  type VmDefinition,
} from '#api';
import { iotuneOf, ownNamespace } from '#foreign';
import { kiB } from '#lib';
import type { BlockDevice } from './domain-devices.ts';
import { cpuTuneOf } from './cpu-tune.ts';
import { libvirtFormat } from './disk-formats.ts';
import { interfaceOf, type NetworkNames } from './interface-xml.ts';
import { metadataOf } from './metadata.ts';
import { titleOf } from './title.ts';
import { element, writeXml, type Element } from './xml.ts';

export interface XmlSurroundings extends NetworkNames {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly id: number | undefined;
  /** Of the vm's host: whether vms have KVM there. */
  readonly type: 'kvm' | 'qemu';
  readonly blockDevices: readonly BlockDevice[];
  /** Undefined: the client cannot reach the screen. Null: it has no address while the vm does not run. */
  readonly screenPort: number | null | undefined;
}

/** By its name, so that virt-manager does not take it for another machine's: it asks no name server. */
const loopback = 'localhost';

export function writeDomainXml(vm: Vm, surroundings: XmlSurroundings): string {
  const { name, id, type, blockDevices, screenPort } = surroundings;
  const { definition } = vm;
  const { hardware, description } = definition;
  const title = titleOf(definition);
  const memoryKib = hardware.memory.sizeBytes / kiB;
  const { count, maxCount } = hardware.processor;
  const hasMore = maxCount !== null && maxCount > count;
  return writeXml(
    element('domain', { type, id }, [
      element('name', {}, name),
      element('uuid', {}, vm.id),
      ...(title === undefined ? [] : [element('title', {}, title)]),
      ...(description === '' ? [] : [element('description', {}, description)]),
      element('metadata', {}, [
        ownMetadata(vm),
        ...[...metadataOf(definition).values()].map((xml) => ({ xml })),
      ]),
      element(
        'memory',
        { unit: 'KiB' },
        (hardware.memory.maxBytes ?? hardware.memory.sizeBytes) / kiB,
      ),
      element('currentMemory', { unit: 'KiB' }, memoryKib),
      element(
        'vcpu',
        { placement: 'static', current: hasMore ? count : undefined },
        maxCount ?? count,
      ),
      ...cpuTuneOf(definition.resources),
      osOf(hardware),
      featuresOf(hardware),
      processorOf(hardware),
      element('clock', { offset: hardware.clock.base }),
      element('on_poweroff', {}, 'destroy'),
      element('on_reboot', {}, rebootWord(definition.settings.onGuestReboot)),
      element('on_crash', {}, crashWord(definition.settings.failure.reaction)),
      element('devices', {}, [
        ...blockDevices.map(diskOf),
        ...hardware.adapters.map((adapter) => interfaceOf(adapter, surroundings)),
        ...hardware.serialPorts.flatMap(serialOf),
        ...screenOf(hardware, screenPort),
        ...boardOf(hardware),
      ]),
    ]),
  );
}

/** Where Gantry has the vm. */
export function ownMetadata(vm: Pick<Vm, 'driver' | 'host' | 'folder'>): Element {
  return element('gantry:vm', { 'xmlns:gantry': ownNamespace }, [
    element('gantry:host', { driver: vm.driver }, vm.host),
    element('gantry:folder', {}, vm.folder),
  ]);
}

/** What is done when the guest has crashed, in libvirt's words, which do not tell a reset from a restart. */
export function crashWord(
  reaction: VmDefinition['settings']['failure']['reaction'],
): 'destroy' | 'restart' {
  return reaction === 'none' ? 'destroy' : 'restart';
}

function rebootWord(action: GuestRebootAction): 'destroy' | 'restart' {
  return action === 'turn-off' ? 'destroy' : 'restart';
}

function featuresOf({ processor }: Hardware): Element {
  const hidden = element('kvm', {}, [element('hidden', { state: 'on' })]);
  const shown = [element('acpi'), element('apic')];
  return element('features', {}, processor.hideHypervisor ? [...shown, hidden] : shown);
}

const bootNames: Readonly<Record<BootDevice, string>> = {
  disk: 'hd',
  cd: 'cdrom',
  floppy: 'fd',
  network: 'network',
};

function osOf({ firmware, machine }: Hardware): Element {
  const efi = firmware.type === 'uefi';
  return element('os', { firmware: efi ? 'efi' : undefined }, [
    element('type', { arch: machineArchitectures[machine], machine }, 'hvm'),
    ...(efi ? [element('loader', { secure: firmware.secureBoot ? 'yes' : 'no' })] : []),
    ...firmware.bootOrder.map((device) => element('boot', { dev: bootNames[device] })),
  ]);
}

function processorOf({ processor }: Hardware): Element {
  const { count, maxCount, coresPerSocket, threadsPerCore, model } = processor;
  const all = maxCount ?? count;
  const perSocket = coresPerSocket * threadsPerCore;
  // libvirt wants the product to be the number of processors.
  const topology =
    all % perSocket === 0
      ? [
          element('topology', {
            sockets: all / perSocket,
            dies: 1,
            cores: coresPerSocket,
            threads: threadsPerCore,
          }),
        ]
      : [];
  if (model === 'host') return element('cpu', { mode: 'host-model', check: 'partial' }, topology);
  return element('cpu', { mode: 'custom', match: 'exact', check: 'none' }, [
    element('model', { fallback: 'allow' }, model),
    ...topology,
  ]);
}

function diskOf(device: BlockDevice): Element {
  const { file, sourceType, format, bus, target, cache, discard } = device;
  const source = { [sourceType === 'block' ? 'dev' : 'file']: file };
  return element('disk', { type: sourceType, device: device.device }, [
    element('driver', {
      name: 'qemu',
      type: libvirtFormat(format),
      // It is what an absent word means.
      cache: cache === 'writeback' ? undefined : cache,
      discard: discard === undefined ? undefined : discard ? 'unmap' : 'ignore',
    }),
    ...(file === undefined ? [] : [element('source', source)]),
    element('target', { dev: target, bus }),
    ...iotuneXmlOf(device),
    ...(device.readOnly ? [element('readonly')] : []),
    ...(device.shared ? [element('shareable')] : []),
    ...(device.serial === '' ? [] : [element('serial', {}, device.serial)]),
    ...(bus === 'virtio'
      ? []
      : [
          element('address', {
            type: 'drive',
            controller: bus === 'ide' ? 0 : device.controller,
            bus: bus === 'ide' ? device.controller : 0,
            target: bus === 'scsi' ? device.position : 0,
            unit: bus === 'scsi' ? 0 : device.position,
          }),
        ]),
  ]);
}

function iotuneXmlOf({ limits }: BlockDevice): Element[] {
  const told = [...iotuneOf(limits)].map(([word, number]) => element(word, {}, number));
  return told.length === 0 ? [] : [element('iotune', {}, told)];
}

function serialOf(port: PortBackend, index: number): Element[] {
  const target = element('target', { type: 'isa-serial', port: index });
  switch (port.kind) {
    case 'none':
      return [];
    case 'file':
      return [
        element('serial', { type: 'file' }, [element('source', { path: port.file }), target]),
      ];
    case 'device':
      return [
        element('serial', { type: 'dev' }, [element('source', { path: port.device }), target]),
      ];
    case 'console':
    case 'pty':
      return [
        element('serial', { type: 'pty' }, [target, element('alias', { name: `serial${index}` })]),
        element('console', { type: 'pty' }, [
          element('target', { type: 'serial', port: index }),
          element('alias', { name: `serial${index}` }),
        ]),
      ];
  }
}

function screenOf({ graphics }: Hardware, port: XmlSurroundings['screenPort']): Element[] {
  if (graphics.adapter === 'none' || port === undefined) return [];
  const listen = element('listen', { type: 'address', address: loopback });
  const place = { port: port ?? -1, autoport: 'yes', listen: loopback };
  return [element('graphics', { type: 'vnc', ...place }, [listen])];
}

const videoModels = { std: 'vga', cirrus: 'cirrus', virtio: 'virtio' } as const;
const soundModels = { ac97: 'ac97', hda: 'ich6', sb16: 'sb16' } as const;

/** What there is at most one of. */
function boardOf({ graphics, sound, tablet, tpm }: Hardware): Element[] {
  const video =
    graphics.adapter === 'none'
      ? []
      : [
          element('input', { type: 'keyboard', bus: 'ps2' }),
          element('video', {}, [
            element('model', {
              type: videoModels[graphics.adapter],
              vram: graphics.videoMemoryBytes / kiB,
              heads: 1,
            }),
          ]),
        ];
  return [
    ...(tablet ? [element('input', { type: 'tablet', bus: 'usb' })] : []),
    ...video,
    ...(sound === 'none' ? [] : [element('sound', { model: soundModels[sound] })]),
    ...(tpm
      ? [
          element('tpm', { model: 'tpm-crb' }, [
            element('backend', { type: 'emulator', version: '2.0' }),
          ]),
        ]
      : []),
  ];
}
