/** The XML of a new domain out of a definition (libvirt's page "Domain XML format"). Pure. Its disks are named by their paths. */
import {
  machineArchitectures,
  type Hardware,
  type PortBackend,
  type VmDefinition,
  type VmResources,
} from '#api';
import { escapeXml, keptMetadata, keptTitle, noQuota, periodUs, quotaUsOf } from '#foreign';
import { kiB } from '#lib';
import { adapterXml, diskXml, driveXml, element, floppyXml, targetOf } from '../edit/device-xml.ts';
import { bootWords } from '../hardware/board.ts';
import { usualWeight } from '../hardware/processor-share.ts';

/** `test` is of libvirt's test driver, which has a board of its own. */
export type DomainType = 'kvm' | 'qemu' | 'test';

export interface NewDomain {
  readonly type: DomainType;
  readonly uuid: string;
  readonly definition: VmDefinition;
}

export function domainXml({ type, uuid, definition }: NewDomain): string {
  const { hardware, name } = definition;
  const { memory, firmware, clock } = hardware;
  const offset =
    clock.offsetSeconds === 0
      ? { offset: clock.base }
      : { offset: 'variable', adjustment: clock.offsetSeconds, basis: clock.base };
  const boots = firmware.bootOrder.map((device) => {
    const word = [...bootWords].find(([, one]) => one === device)?.[0] ?? device;
    return element('boot', { dev: word });
  });
  const efi = firmware.type === 'uefi' && type !== 'test';
  const os = [
    element('type', type === 'test' ? {} : boardOf(hardware), 'hvm'),
    efi && firmware.secureBoot ? element('loader', { secure: 'yes' }) : '',
    ...boots,
  ];
  const parts = [
    element('name', {}, escapeXml(name)),
    element('uuid', {}, uuid),
    ...keptXml(definition),
    element('memory', { unit: 'KiB' }, String((memory.maxBytes ?? memory.sizeBytes) / kiB)),
    element('currentMemory', { unit: 'KiB' }, String(memory.sizeBytes / kiB)),
    processorXml(hardware.processor),
    shareXml(definition.resources),
    element('os', { firmware: efi ? 'efi' : undefined }, os.join('')),
    hardware.machine === 'virt' ? '' : '<features><acpi/><apic/></features>',
    cpuXml(hardware.processor, type),
    element('clock', offset),
    definition.settings.onGuestReboot === 'turn-off' ? element('on_reboot', {}, 'destroy') : '',
    element(
      'devices',
      {},
      [...portsXml(hardware, type), ...devicesXml(hardware), agentXml(type)].join(''),
    ),
  ];
  return element('domain', { type }, parts.join(''));
}

/** For other programs. */
function keptXml({ extensions }: VmDefinition): readonly string[] {
  const title = keptTitle(extensions);
  const metadata = [...keptMetadata(extensions).values()];
  return [
    title === undefined ? '' : element('title', {}, escapeXml(title)),
    metadata.length === 0 ? '' : element('metadata', {}, metadata.join('')),
  ];
}

function boardOf({ machine }: Hardware): Record<string, string> {
  return { arch: machineArchitectures[machine], machine };
}

function processorXml({ count, maxCount }: Hardware['processor']): string {
  const most = maxCount ?? count;
  return element('vcpu', { current: most === count ? undefined : count }, String(most));
}

function shareXml(resources: VmResources): string {
  const { cpuWeight } = resources;
  const quotaUs = quotaUsOf(resources);
  const parts = [
    cpuWeight === usualWeight ? '' : element('shares', {}, String(cpuWeight)),
    quotaUs === noQuota
      ? ''
      : `${element('period', {}, String(periodUs))}${element('quota', {}, String(quotaUs))}`,
  ].join('');
  return parts === '' ? '' : element('cputune', {}, parts);
}

function cpuXml(processor: Hardware['processor'], type: DomainType): string {
  const { count, maxCount, coresPerSocket: cores, threadsPerCore: threads, model } = processor;
  const isPlain = cores === 1 && threads === 1;
  const sockets = Math.max(1, Math.floor((maxCount ?? count) / (cores * threads)));
  const topology = isPlain ? '' : element('topology', { sockets, cores, threads });
  if (model !== 'host')
    return element('cpu', { mode: 'custom' }, `${element('model', {}, model)}${topology}`);
  if (type === 'kvm') return element('cpu', { mode: 'host-passthrough' }, topology);
  return topology === '' ? '' : element('cpu', {}, topology);
}

/** For devices that come while it runs: boards with PCI Express have no place for them but these. */
const sparePorts = 8;

function portsXml({ machine }: Hardware, type: DomainType): readonly string[] {
  if (machine === 'pc' || type === 'test') return [];
  const root = element('controller', { type: 'pci', index: 0, model: 'pcie-root' });
  const port = element('controller', { type: 'pci', model: 'pcie-root-port' });
  return [root, ...Array.from({ length: sparePorts }, () => port)];
}

/** On which the agent in the guest is asked; libvirt chooses the socket. */
function agentXml(type: DomainType): string {
  if (type === 'test') return '';
  const target = element('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' });
  return element('channel', { type: 'unix' }, target);
}

const usbModels = { '1.1': 'piix3-uhci', '2.0': 'ich9-ehci1', '3': 'qemu-xhci' } as const;
const scsiModels = {
  'virtio-scsi': 'virtio-scsi',
  lsi53c895a: 'lsilogic',
  am53c974: 'am53c974',
} as const;
const soundModels = { hda: 'ich9', ac97: 'ac97', sb16: 'sb16' } as const;
const videoModels = { std: 'vga', cirrus: 'cirrus', virtio: 'virtio', none: 'none' } as const;

function devicesXml(hardware: Hardware): readonly string[] {
  const { disks, opticalDrives, floppy, adapters, usb, sound, graphics } = hardware;
  const taken = new Set<string>();
  const take = (target: string): string => {
    taken.add(target);
    return target;
  };
  const scsi = new Set(
    [...disks, ...opticalDrives].flatMap(({ bus, controller }) =>
      bus === 'scsi' ? controller : [],
    ),
  );
  const model = scsiModels[hardware.scsiController];
  return [
    ...[...scsi].map((index) => element('controller', { type: 'scsi', index, model })),
    element('controller', { type: 'usb', model: usb === 'none' ? 'none' : usbModels[usb] }),
    ...disks.map((disk) => diskXml(disk, take(targetOf(disk, taken)))),
    ...opticalDrives.map((drive) => driveXml(drive, drive.medium, take(targetOf(drive, taken)))),
    floppy === null ? '' : floppyXml(floppy.medium, floppy.readOnly ? 'read-only' : 'writable'),
    ...adapters.map(adapterXml),
    ...hardware.serialPorts.map(serialXml),
    hardware.tablet ? element('input', { type: 'tablet', bus: 'usb' }) : '',
    sound === 'none' ? '' : element('sound', { model: soundModels[sound] }),
    hardware.tpm
      ? element(
          'tpm',
          { model: 'tpm-crb' },
          element('backend', { type: 'emulator', version: '2.0' }),
        )
      : '',
    ...screenXml(graphics),
  ];
}

function screenXml({ adapter, videoMemoryBytes, acceleration3d }: Hardware['graphics']): string[] {
  const words = {
    type: videoModels[adapter],
    vram: adapter === 'none' || adapter === 'virtio' ? undefined : videoMemoryBytes / kiB,
  };
  const more = acceleration3d ? element('acceleration', { accel3d: 'yes' }) : '';
  const video = element('video', {}, element('model', words, more));
  if (adapter === 'none') return [video];
  return [element('graphics', { type: 'vnc', autoport: 'yes', listen: '127.0.0.1' }), video];
}

function serialXml(port: PortBackend): string {
  switch (port.kind) {
    case 'console':
    case 'pty':
      return element('serial', { type: 'pty' });
    case 'file':
      return element('serial', { type: 'file' }, element('source', { path: port.file }));
    case 'device':
      return element('serial', { type: 'dev' }, element('source', { path: port.device }));
    case 'none':
      return '';
  }
}
