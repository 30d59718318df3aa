/**
 * A domain as somebody wants it, read from domain XML (libvirt's "Domain XML format"). What a vm of Gantry has no word for
 * is refused by name; what Gantry sees to by itself (controllers, addresses, timers, the balloon) is passed over.
 */
import { isDeepStrictEqual } from 'node:util';
import { attributeOf, find, findAll, textOf, type XmlNode } from '#foreign';
import type { BootDevice, Hardware, PortBackend } from '#api';
import { kiB, miB } from '#lib';
import { libvirtFault } from '#libvirt';
import { readAdapter, type AdapterWish } from './adapter-wish.ts';
import { readCpuTune, type ProcessorShare } from './cpu-tune-wish.ts';
import { placeLoose, readBlock, type BlockWish } from './block-wish.ts';
import { metadataWanted } from './metadata-wish.ts';
import { readEndings, readFeatures, readFirmwareWords, type Endings } from './policy-wish.ts';
import { countOf, Lost, readRoot, sizeOf } from './xml-words.ts';

export interface DomainWish extends Endings {
  readonly name: string;
  /** Undefined: any. */
  readonly uuid: string | undefined;
  /** Undefined: none. */
  readonly title: string | undefined;
  readonly description: string;
  /** Of other programs: elements by their namespaces. */
  readonly metadata: ReadonlyMap<string, string>;
  /** As our own XML says it. */
  readonly host: string | undefined;
  readonly share: ProcessorShare;
  /** Of a vm that is new, where the definition names none: libvirt's own choice for the architecture. */
  readonly usualMachine: Hardware['machine'];
  /** A merge patch, of all but what follows. */
  readonly hardware: Readonly<Record<string, unknown>>;
  readonly blocks: readonly BlockWish[];
  readonly adapters: readonly AdapterWish[];
  /** COM1 and COM2. */
  readonly serialPorts: readonly PortBackend[];
}

const knownOfDomain =
  'name uuid title description metadata memory currentMemory vcpu cputune os cpu features ' +
  'clock on_poweroff on_reboot on_crash pm devices resource seclabel genid';
const knownOfOs = 'type loader nvram boot bootmenu bios firmware smbios';
const knownDevices =
  'disk interface serial console video sound tpm input graphics ' +
  'emulator controller channel audio memballoon rng panic hub';

/** Errors: XML_ERROR; CONFIG_UNSUPPORTED with all that a vm cannot have. */
export function readDomain(text: string): DomainWish {
  const root = readRoot(text, 'domain');
  const lost = new Lost();
  lost.others(root, '', knownOfDomain.split(' '));
  const devices = find(root, 'devices');
  lost.others(devices, '', knownDevices.split(' '));
  const processor = processorOf(root, lost);
  const wish: DomainWish = {
    name: textOf(find(root, 'name')) ?? '',
    uuid: textOf(find(root, 'uuid'))?.toLowerCase(),
    title: titleIn(root),
    description: textOf(find(root, 'description')) ?? '',
    metadata: metadataWanted(text, root),
    ...readEndings(root, lost),
    host: textOf(find(root, 'metadata', 'gantry:vm', 'gantry:host')),
    share: readCpuTune(root, processor.count, lost),
    usualMachine: attributeOf(find(root, 'os', 'type'), 'arch') === 'aarch64' ? 'virt' : 'pc',
    hardware: {
      ...memoryOf(root),
      processor,
      ...boardOf(root, devices, lost),
      ...extrasOf(devices, lost),
    },
    blocks: readBlocks(findAll(devices, 'disk'), lost),
    adapters: onlyOnce(
      findAll(devices, 'interface').map((node) => readAdapter(node, lost)),
      isSameAdapter,
    ),
    serialPorts: serialPortsOf(findAll(devices, 'serial'), lost),
  };
  if (wish.name === '') throw libvirtFault('XML_ERROR', 'XML error: the domain has no name');
  lost.refuse();
  return wish;
}

/**
 * virt-manager attaches a device to a vm that runs, and then defines the vm as it is by then with that device once more: to libvirt
 * these are two definitions, here they are one.
 */
function onlyOnce<T>(wishes: readonly T[], isSame: (one: T, other: T) => boolean): T[] {
  return wishes.filter((wish, index) => !wishes.slice(0, index).some((one) => isSame(one, wish)));
}

function isSameBlock(one: BlockWish, other: BlockWish): boolean {
  return (
    one.file !== undefined &&
    one.file === other.file &&
    one.device === other.device &&
    (isDeepStrictEqual(one.place, other.place) ||
      ((one.isLoose || other.isLoose) && one.place.bus === other.place.bus))
  );
}

function isSameAdapter(one: AdapterWish, other: AdapterWish): boolean {
  return (
    one.mac !== undefined &&
    one.mac === other.mac &&
    isDeepStrictEqual(one.attachment, other.attachment)
  );
}

/** Errors: XML_ERROR for one of several lines, as libvirt says it. */
function titleIn(root: XmlNode): string | undefined {
  const title = textOf(find(root, 'title'))?.trim() ?? '';
  if (title === '') return undefined;
  requireTitle(title);
  return title;
}

export function requireTitle(title: string): void {
  if (title.includes('\n'))
    throw libvirtFault('XML_ERROR', "XML error: Domain title can't contain newlines");
}

/** Of one device, as it is attached. Errors: as `readDomain`; OPERATION_UNSUPPORTED for other kinds. */
export function readDevice(
  text: string,
  firstScsi: number,
):
  | { readonly kind: 'disk'; readonly block: BlockWish }
  | { readonly kind: 'interface'; readonly adapter: AdapterWish } {
  const root = readRoot(text, ...knownDevices.split(' '), 'hostdev', 'filesystem', 'watchdog');
  if (root.name !== 'disk' && root.name !== 'interface')
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      `a ${root.name} comes, goes and changes with the definition, while the vm is off`,
    );
  const lost = new Lost();
  if (root.name === 'interface') {
    const adapter = readAdapter(root, lost);
    lost.refuse();
    return { kind: 'interface', adapter };
  }
  const block = readBlock(root, firstScsi, lost);
  lost.refuse();
  if (block === undefined) throw libvirtFault('XML_ERROR', 'XML error: the disk has no place');
  return { kind: 'disk', block };
}

const sataPositions = 6;

function readBlocks(nodes: readonly XmlNode[], lost: Lost): BlockWish[] {
  const hasSata = nodes.some((node) => attributeOf(find(node, 'target'), 'bus') === 'sata');
  const blocks = nodes.flatMap((node) => readBlock(node, hasSata ? sataPositions : 0, lost) ?? []);
  return placeLoose(onlyOnce(blocks, isSameBlock));
}

function memoryOf(root: XmlNode): Record<string, unknown> {
  const most = sizeOf(find(root, 'memory'));
  const now = sizeOf(find(root, 'currentMemory')) ?? most;
  if (most === undefined || now === undefined) return {};
  return { memory: { sizeBytes: now, maxBytes: most > now ? most : null } };
}

function processorOf(
  root: XmlNode,
  lost: Lost,
): Readonly<Record<string, unknown>> & { readonly count: number } {
  const vcpu = find(root, 'vcpu');
  const most = countOf(vcpu?.text.trim(), 'vcpu') ?? 1;
  const now = countOf(attributeOf(vcpu, 'current'), 'vcpu/@current') ?? most;
  const cpu = find(root, 'cpu');
  const topology = find(cpu, 'topology');
  if (Number(attributeOf(topology, 'dies') ?? 1) !== 1) lost.add('processors with several dies');
  const cores = countOf(attributeOf(topology, 'cores'), 'cores');
  const threads = countOf(attributeOf(topology, 'threads'), 'threads');
  const mode = attributeOf(cpu, 'mode') ?? 'custom';
  const model = mode === 'custom' ? textOf(find(cpu, 'model')) : 'host';
  const hideHypervisor = readFeatures(root, lost);
  return {
    count: now,
    maxCount: most > now ? most : null,
    ...(cores === undefined ? {} : { coresPerSocket: cores }),
    ...(threads === undefined ? {} : { threadsPerCore: threads }),
    ...(model === undefined ? {} : { model }),
    ...(hideHypervisor === undefined ? {} : { hideHypervisor }),
  };
}

const bootNames: Readonly<Record<string, BootDevice>> = {
  hd: 'disk',
  cdrom: 'cd',
  fd: 'floppy',
  network: 'network',
};

function boardOf(root: XmlNode, devices: XmlNode | undefined, lost: Lost): Record<string, unknown> {
  const os = find(root, 'os');
  lost.others(os, 'os', knownOfOs.split(' '));
  readFirmwareWords(os, lost);
  const type = find(os, 'type');
  lost.choose('domain of the type', type?.text.trim(), { hvm: 'hvm' });
  const machine = machineOf(attributeOf(type, 'machine'), lost);
  const loader = find(os, 'loader');
  const isEfi = attributeOf(os, 'firmware') === 'efi' || attributeOf(loader, 'type') === 'pflash';
  const order = findAll(os, 'boot').flatMap(
    (node) => lost.choose('boot device', attributeOf(node, 'dev'), bootNames) ?? [],
  );
  const bootOrder = order.length > 0 ? order : orderOfDevices(devices);
  const base = lost.choose('clock', attributeOf(find(root, 'clock'), 'offset'), {
    utc: 'utc',
    localtime: 'localtime',
  });
  return {
    ...(machine === undefined ? {} : { machine }),
    firmware: {
      type: isEfi ? 'uefi' : 'bios',
      secureBoot: isEfi && attributeOf(loader, 'secure') === 'yes',
      ...(bootOrder.length === 0 ? {} : { bootOrder: [...new Set(bootOrder)] }),
    },
    ...(base === undefined ? {} : { clock: { base } }),
  };
}

function machineOf(name: string | undefined, lost: Lost): Hardware['machine'] | undefined {
  if (name === undefined) return undefined;
  if (name === 'q35' || name.startsWith('pc-q35')) return 'q35';
  if (name === 'pc' || name.startsWith('pc-i440fx')) return 'pc';
  if (name === 'virt' || name.startsWith('virt-')) return 'virt';
  lost.add(`machine ${name}`);
  return undefined;
}

/** Where each device has a number of its own: the kinds in the order of their first. */
function orderOfDevices(devices: XmlNode | undefined): readonly BootDevice[] {
  const kinds: Readonly<Record<string, BootDevice>> = {
    disk: 'disk',
    cdrom: 'cd',
    floppy: 'floppy',
  };
  const numbered = (devices?.children ?? []).flatMap((node) => {
    const number = Number(attributeOf(find(node, 'boot'), 'order'));
    const kind =
      node.name === 'interface' ? 'network' : kinds[attributeOf(node, 'device') ?? 'disk'];
    return Number.isInteger(number) && kind !== undefined ? [{ number, kind }] : [];
  });
  return numbered.toSorted((a, b) => a.number - b.number).map(({ kind }) => kind);
}

function extrasOf(devices: XmlNode | undefined, lost: Lost): Record<string, unknown> {
  for (const node of findAll(devices, 'graphics')) {
    const type = attributeOf(node, 'type');
    // What Terraform's provider asks for unasked.
    if (type === 'spice') lost.add(`graphics spice (its screen is type='vnc')`);
    else lost.choose('graphics', type, { vnc: true });
    // Who gets to a screen is a right here; that a password does it must not be believed.
    if (attributeOf(node, 'passwd') !== undefined) lost.add('password of its graphics');
  }
  for (const node of findAll(devices, 'input'))
    lost.choose('input', attributeOf(node, 'type'), { tablet: true, mouse: true, keyboard: true });
  const video = find(devices, 'video', 'model');
  const adapter = lost.choose('video model', attributeOf(video, 'type') ?? 'none', {
    vga: 'std',
    cirrus: 'cirrus',
    virtio: 'virtio',
    none: 'none',
  });
  const sound = lost.choose('sound model', attributeOf(find(devices, 'sound'), 'model') ?? 'none', {
    ac97: 'ac97',
    ich6: 'hda',
    ich9: 'hda',
    sb16: 'sb16',
    none: 'none',
  });
  const tpm = find(devices, 'tpm', 'backend');
  lost.choose('tpm', attributeOf(tpm, 'type'), { emulator: true });
  return {
    graphics: { ...(adapter === undefined ? {} : { adapter }), ...videoMemoryOf(video) },
    ...(sound === undefined ? {} : { sound }),
    tablet: findAll(devices, 'input').some((node) => attributeOf(node, 'type') === 'tablet'),
    tpm: tpm !== undefined,
  };
}

/** Other sizes are those of models that a vm has not. */
function videoMemoryOf(video: XmlNode | undefined): Record<string, unknown> {
  const videoMemoryBytes = (countOf(attributeOf(video, 'vram'), 'vram') ?? 0) * kiB;
  return videoMemoryBytes > 0 && videoMemoryBytes % miB === 0 ? { videoMemoryBytes } : {};
}

const maxSerialPorts = 2;

function serialPortsOf(nodes: readonly XmlNode[], lost: Lost): PortBackend[] {
  const ports: PortBackend[] = [];
  for (const [order, node] of nodes.entries()) {
    const port = countOf(attributeOf(find(node, 'target'), 'port'), 'the port') ?? order;
    if (port >= maxSerialPorts) lost.add(`serial port ${port}`);
    else {
      while (ports.length < port) ports.push({ kind: 'none' });
      ports[port] = serialOf(node, lost);
    }
  }
  return ports;
}

function serialOf(node: XmlNode, lost: Lost): PortBackend {
  const source = attributeOf(find(node, 'source'), 'path') ?? '';
  const type = attributeOf(node, 'type') ?? '';
  switch (type) {
    case 'pty':
      return { kind: 'console' };
    case 'file':
      return { kind: 'file', file: source };
    case 'dev':
      return { kind: 'device', device: source };
    default:
      lost.add(`serial port of the type ${type}`);
      return { kind: 'none' };
  }
}
