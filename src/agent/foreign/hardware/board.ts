/** What a domain's XML says of the machine itself: processors, memory, firmware, clock. Pure. */
import { bootDevices, type BootDevice, type GuestRebootAction, type Hardware } from '#api';
import {
  attributeOf,
  find,
  findAll,
  memoryBytesOf,
  textOf,
  wholeNumber,
  type XmlNode,
} from '#foreign';

export type ReadBoard = Pick<Hardware, 'machine' | 'clock' | 'tpm'> & {
  readonly firmware: Pick<Hardware['firmware'], 'type' | 'secureBoot' | 'bootOrder'>;
  readonly processor: Partial<Hardware['processor']>;
  /** What the guest has, and what it may have; undefined where it is not told. */
  readonly memoryBytes: number | undefined;
  readonly maxMemoryBytes: number | undefined;
};

/** `architecture` of the host, for a domain that names none. */
export function readBoard(domain: XmlNode, architecture: string): ReadBoard {
  const os = find(domain, 'os');
  return {
    machine: machineOf(find(os, 'type'), architecture),
    firmware: firmwareOf(domain, os),
    processor: processorOf(domain),
    ...memoryOf(domain),
    clock: clockOf(find(domain, 'clock')),
    tpm: find(domain, 'devices', 'tpm') !== undefined,
  };
}

/** QEMU has no other ends than these two. */
export function rebootActionOf(domain: XmlNode): GuestRebootAction {
  return textOf(find(domain, 'on_reboot')) === 'destroy' ? 'turn-off' : 'restart';
}

function memoryOf(domain: XmlNode): Pick<ReadBoard, 'memoryBytes' | 'maxMemoryBytes'> {
  const most = memoryBytesOf(find(domain, 'memory'));
  const now = memoryBytesOf(find(domain, 'currentMemory')) ?? most;
  // libvirt takes none that has more than it may have.
  if (now === undefined || most === undefined || now > most)
    return { memoryBytes: most, maxMemoryBytes: undefined };
  return { memoryBytes: now, maxMemoryBytes: now === most ? undefined : most };
}

function machineOf(type: XmlNode | undefined, architecture: string): Hardware['machine'] {
  const machine = attributeOf(type, 'machine') ?? '';
  if ((attributeOf(type, 'arch') ?? architecture) === 'aarch64') return 'virt';
  return machine.startsWith('pc') && !machine.includes('q35') ? 'pc' : 'q35';
}

function firmwareOf(domain: XmlNode, os: XmlNode | undefined): ReadBoard['firmware'] {
  const loader = find(os, 'loader');
  const isUefi = attributeOf(os, 'firmware') === 'efi' || attributeOf(loader, 'type') === 'pflash';
  const bootOrder = bootOrderOf(domain, os);
  return {
    type: isUefi ? 'uefi' : 'bios',
    secureBoot: isUefi && attributeOf(loader, 'secure') === 'yes',
    bootOrder,
  };
}

export const bootWords: ReadonlyMap<string, BootDevice> = new Map([
  ['hd', 'disk'],
  ['cdrom', 'cd'],
  ['fd', 'floppy'],
  ['network', 'network'],
]);

/** By kinds of devices, or by the numbers that devices have; each kind counts once. */
function bootOrderOf(domain: XmlNode, os: XmlNode | undefined): BootDevice[] {
  const kinds = findAll(os, 'boot').flatMap((boot) => {
    const device = bootWords.get(attributeOf(boot, 'dev') ?? '');
    return device === undefined ? [] : [device];
  });
  const numbered = (find(domain, 'devices')?.children ?? [])
    .flatMap((element) => {
      const order = wholeNumber(attributeOf(find(element, 'boot'), 'order'));
      const kind = bootKindOf(element);
      return order === undefined || kind === undefined ? [] : [{ order, kind }];
    })
    .toSorted((a, b) => a.order - b.order)
    .map(({ kind }) => kind);
  return [...new Set([...kinds, ...numbered])];
}

export function bootKindOf(element: XmlNode): BootDevice | undefined {
  if (element.name === 'interface') return 'network';
  if (element.name !== 'disk') return undefined;
  const device = attributeOf(element, 'device') ?? 'disk';
  if (device === 'cdrom') return 'cd';
  return bootDevices.find((one) => one === device);
}

function processorOf(domain: XmlNode): ReadBoard['processor'] {
  const vcpu = find(domain, 'vcpu');
  const most = wholeNumber(textOf(vcpu));
  const now = wholeNumber(attributeOf(vcpu, 'current')) ?? most;
  const cpu = find(domain, 'cpu');
  const topology = find(cpu, 'topology');
  const perSocket = wholeNumber(attributeOf(topology, 'cores'));
  const threads = wholeNumber(attributeOf(topology, 'threads'));
  const model = attributeOf(cpu, 'mode') === 'custom' ? textOf(find(cpu, 'model')) : undefined;
  const hidden = attributeOf(find(domain, 'features', 'kvm', 'hidden'), 'state') === 'on';
  return {
    ...(now === undefined ? {} : { count: now }),
    ...(most === undefined || most === now ? {} : { maxCount: most }),
    ...(perSocket === undefined ? {} : { coresPerSocket: perSocket }),
    ...(threads === undefined ? {} : { threadsPerCore: threads }),
    ...(model !== undefined && /^[\w.-]{1,64}$/.test(model) ? { model } : {}),
    hideHypervisor: hidden,
  };
}

function clockOf(clock: XmlNode | undefined): Hardware['clock'] {
  const offset = attributeOf(clock, 'offset') ?? 'utc';
  const basis = offset === 'variable' ? attributeOf(clock, 'basis') : offset;
  const adjustment = attributeOf(clock, 'adjustment') ?? '';
  return {
    base: basis === 'localtime' ? 'localtime' : 'utc',
    offsetSeconds: offset === 'variable' && /^-?\d{1,9}$/.test(adjustment) ? Number(adjustment) : 0,
  };
}
