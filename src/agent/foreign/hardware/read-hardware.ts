/**
 * The virtual hardware of a domain out of its XML (libvirt's page "Domain XML format"), in the words of a definition,
 * with a list of what has no word in it: nothing is made up, and nothing is left out in silence. Pure. The XML is
 * hostile until proved otherwise; what does not fit a definition's bounds is on the list.
 */
import { hardwareSchema, type GuestRebootAction, type Hardware, type VmResources } from '#api';
import { Fault, giB, miB } from '#lib';
import { attributeOf, find, findAll, readXml, type XmlNode } from '#foreign';
import { readAdapters } from './adapters.ts';
import { readBoard, rebootActionOf } from './board.ts';
import { readDevices } from './devices.ts';
import { readDisks, type Sizes } from './disks.ts';
import { readShare } from './processor-share.ts';
import { readKept, type KeptForOthers } from './kept-for-others.ts';

export interface ReadHardware {
  readonly hardware: Hardware;
  /** What the vm has besides, as its hypervisor calls it. */
  readonly others: readonly string[];
  readonly onGuestReboot: GuestRebootAction;
  readonly resources: VmResources;
  /** For other programs. */
  readonly kept: KeptForOthers;
}

export interface HardwareContext {
  /** Of the host. */
  readonly architecture: string;
  readonly sizes: Sizes;
}

const maxOthers = 32;
const maxOtherLength = 120;
const leastBytes = 4 * miB;
const limitBytes = 64 * 1024 * giB;

/** Faults: `invalid` for what is no XML of a domain, `too-large`. */
export function readHardware(xml: string, { architecture, sizes }: HardwareContext): ReadHardware {
  const domain = readXml(xml);
  const devices = find(domain, 'devices');
  const board = readBoard(domain, architecture);
  const disks = readDisks(findAll(devices, 'disk'), sizes);
  const adapters = readAdapters(findAll(devices, 'interface'));
  const sizeBytes = boundedMemory(board.memoryBytes ?? leastBytes);
  const mostBytes = boundedMemory(board.maxMemoryBytes ?? sizeBytes);
  const parsed = hardwareSchema.safeParse({
    profile: 'modern',
    machine: board.machine,
    firmware: board.firmware,
    processor: boundedProcessor(board.processor),
    memory: { sizeBytes, maxBytes: mostBytes > sizeBytes ? mostBytes : null },
    clock: board.clock,
    tpm: board.tpm,
    ...readDevices(devices),
    disks: disks.disks.slice(0, 64),
    opticalDrives: disks.opticalDrives,
    floppy: disks.floppy,
    adapters: adapters.adapters,
  });
  if (!parsed.success)
    throw new Fault('invalid', 'what its hypervisor says of it is out of bounds', {
      cause: parsed.error,
    });
  const { kept, others: unread } = readKept(xml, domain);
  const share = readShare(domain, parsed.data.processor.count);
  const others = [
    ...disks.others,
    ...adapters.others,
    ...otherDevices(devices),
    ...share.others,
    ...unread,
  ];
  return {
    hardware: parsed.data,
    others: others.slice(0, maxOthers).map((text) => text.slice(0, maxOtherLength)),
    onGuestReboot: rebootActionOf(domain),
    resources: share.resources,
    kept,
  };
}

function boundedMemory(bytes: number): number {
  return Math.min(limitBytes, Math.max(leastBytes, Math.ceil(bytes / miB) * miB));
}

function boundedProcessor(
  told: ReturnType<typeof readBoard>['processor'],
): Record<string, unknown> {
  const bounded = (value: number | null | undefined, most: number): number | undefined =>
    value === undefined || value === null ? undefined : Math.min(most, Math.max(1, value));
  return {
    ...told,
    count: bounded(told.count, 1024) ?? 1,
    maxCount: bounded(told.maxCount, 1024) ?? null,
    coresPerSocket: bounded(told.coresPerSocket, 1024) ?? 1,
    threadsPerCore: bounded(told.threadsPerCore, 16) ?? 1,
  };
}

/** Without those that have their words, and those that are there for others. */
const known: ReadonlySet<string> = new Set(
  'disk interface serial console parallel sound video tpm'
    .concat(' emulator controller input graphics memballoon audio')
    .split(' '),
);

function otherDevices(devices: XmlNode | undefined): readonly string[] {
  return (devices?.children ?? [])
    .filter(({ name }) => !known.has(name))
    .map((element) => {
      const words = ['type', 'model'].map((key) => attributeOf(element, key));
      const target = attributeOf(find(element, 'target'), 'name');
      return [element.name, ...words, target].filter((word) => word !== undefined).join(' ');
    });
}
