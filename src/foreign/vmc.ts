/**
 * VMC, the configuration of Virtual PC and Virtual Server: XML below `preferences`, in UTF-16 or UTF-8. There is no
 * published schema; names are those that Virtual PC 2004 and 2007 and Virtual Server 2005 write.
 */
import type {
  ForeignAdapter,
  ForeignBus,
  ForeignDisk,
  ForeignDrive,
  ForeignMachine,
  ForeignMedium,
  ForeignPort,
} from './machine.ts';
import { Sheet } from './sheet.ts';
import { bootOrderOf, readMac, readUuid, toBytes } from './values.ts';
import { readLeaves } from './xml.ts';

const pci = 'hardware/pci_bus';

/** What is in a position of a controller. */
const driveTypes: Readonly<Record<string, 'none' | 'disk' | 'cd'>> = {
  '0': 'none',
  '1': 'disk',
  '2': 'cd',
};

/** What the products remember of themselves and how they show things. */
const bookkeeping =
  /^(version|alerts\/.*|options\/.*|ui_options\/.*|display\/.*|hardware\/bios\/(cmos|time_bytes|cache.*)|hardware\/processor\/.*|hardware\/video\/.*|.*\/controller_count|integration\/.*\/(version|vm_version|last.*|.*installed.*)|properties\/.*(modified|created|last).*|.*\/auto_detect|.*\/id|settings\/configuration\/.*|settings\/shutdown\/(?!quit\/action).*|virtual_machines\/.*)$/;

export function isVmc(text: string): boolean {
  return /<preferences[\s>]/.test(text.slice(0, 65_536));
}

/** Faults: `invalid`, `too-large`. */
export function parseVmc(text: string): ForeignMachine {
  const sheet = new Sheet(
    readLeaves(text).map(([path, value]) => [path.replace(/^preferences\//, ''), value] as const),
  );
  const devices = readDevices(sheet);
  const adapters = readAdapters(sheet);
  const floppy = readFloppy(sheet);
  const ports = readPorts(sheet);
  loseIntegration(sheet);
  const videoMiB = sheet.takeNumber(`${pci}/video_adapter/vram_size`, 0, 4096);
  if (videoMiB !== undefined && videoMiB > 16)
    sheet.lose('vram_size', `${videoMiB}`, 'video memory is that of the profile');
  const machine = {
    product: productOf(sheet, devices.scsiModel),
    format: 'vmc' as const,
    name: null,
    description: (
      sheet.take('settings/notes') ??
      sheet.take('properties/notes') ??
      sheet.take('notes') ??
      ''
    ).slice(0, 4096),
    guestOs:
      sheet.take('settings/guest_os') ??
      sheet.take('properties/guest_os') ??
      sheet.take('guest_os') ??
      null,
    memoryBytes: toBytes(sheet.takeNumber('hardware/memory/ram_size', 1, 64 * 1024 * 1024)),
    processors: sheet.takeNumber('hardware/processor/count', 1, 32) ?? 1,
    coresPerSocket: null,
    firmware: 'bios' as const,
    secureBoot: false,
    uuid: readUuid(sheet.take('hardware/bios/bios_guid')),
    chassisSerial: sheet.take('hardware/bios/chassis/serial_number') || null,
    assetTag: sheet.take('hardware/bios/chassis/asset_tag') || null,
    boardSerial: sheet.take('hardware/bios/base_board/serial_number') || null,
    ...devices,
    floppy,
    adapters,
    ...ports,
    bootOrder: readBootOrder(sheet),
    ...readDefaults(sheet),
    acceleration3d: false,
    savedState: readSavedState(sheet),
    sound: readSound(sheet),
    usb: null,
    clock: 'localtime' as const,
    tpm: false,
  };
  loseUndo(sheet);
  sheet.ignore(bookkeeping);
  return { ...machine, ...sheet.end() };
}

/** Who wrote it last; what does not say so has a SCSI bus only in Virtual Server. */
function productOf(sheet: Sheet, scsiModel: string | null): string {
  const names = ['modifier', 'creator'].map((who) => sheet.take(`properties/${who}/name`) ?? '');
  sheet.ignore(/^properties\/(creator|modifier)\//);
  const name = names.find((one) => one !== '') ?? '';
  if (/virtual server/i.test(name)) return 'Virtual Server';
  if (/virtual pc/i.test(name)) return 'Virtual PC';
  return scsiModel === null ? 'Virtual PC' : 'Virtual Server';
}

/** Both names of a file: the one beside the configuration first, since the other one is of another system. */
function takeNames(sheet: Sheet, path: string): string[] {
  const relative = sheet.take(`${path}/relative`) ?? '';
  const absolute = sheet.take(`${path}/absolute`) ?? '';
  return [relative, absolute].filter((name) => name !== '');
}

function readDevices(sheet: Sheet): Pick<ForeignMachine, 'disks' | 'drives' | 'scsiModel'> {
  const disks: ForeignDisk[] = [];
  const drives: ForeignDrive[] = [];
  let scsiModel: string | null = null;
  const places =
    /^hardware\/pci_bus\/(ide|scsi)_adapter\/(?:ide|scsi)_controller\[(\d{1,3})\]\/location\[(\d{1,3})\]\/drive_type$/;
  for (const [path = '', bus = '', controller = '', position = ''] of sheet.find(places)) {
    const base = path.slice(0, -'/drive_type'.length);
    const type = sheet.take(path) ?? '0';
    const place = {
      bus: bus as ForeignBus,
      controller: Number(controller),
      position: Number(position),
    };
    const name = `${bus}${controller}:${position}`;
    const files = takeNames(sheet, `${base}/pathname`);
    const undo = takeNames(sheet, `${base}/undo_pathname`);
    if (bus === 'scsi') scsiModel = 'lsilogic';
    const kind = driveTypes[type];
    if (kind === 'disk' && files.length > 0) disks.push({ ...place, files, undoFiles: undo });
    else if (kind === 'cd') drives.push({ ...place, medium: mediumOf(files) });
    else if (kind === undefined || kind === 'disk')
      sheet.lose(name, `drive type ${type}`, 'it names no file, or is of a kind that nobody knows');
  }
  return { disks, drives, scsiModel };
}

/** A drive of the other host is a letter with a colon. */
function mediumOf(files: readonly string[]): ForeignMedium | null {
  const [file] = files;
  if (file === undefined) return null;
  return /^[a-z]:?\\?$/i.test(file) ? { kind: 'device', device: file } : { kind: 'file', file };
}

function readAdapters(sheet: Sheet): ForeignAdapter[] {
  const base = `${pci}/ethernet_adapter`;
  const count = sheet.takeNumber(`${base}/controller_count`, 0, 16) ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const own = `${base}/ethernet_controller[${index}]`;
    const address = sheet.take(`${own}/ethernet_card_address`) ?? '';
    const isDynamic = sheet.takeFlag(`${own}/ethernet_card_address_dynamic`);
    return {
      model: 'tulip',
      mac: readMac(address),
      macOrigin: isDynamic ? 'generated' : 'static',
      network: sheet.take(`${own}/virtual_network/name`) || null,
    };
  });
}

function readFloppy(sheet: Sheet): ForeignMachine['floppy'] {
  const names = takeNames(sheet, 'hardware/super_io/floppy[0]/pathname');
  const medium = mediumOf(names);
  if (sheet.find(/^hardware\/super_io\/floppy\[[1-9]/).length > 0) {
    sheet.lose('floppy[1]', '', 'there is one floppy drive');
    sheet.ignore(/^hardware\/super_io\/floppy\[[1-9]/);
  }
  sheet.ignore(/^hardware\/super_io\/floppy\[0\]\//);
  return { medium };
}

type Ports = Pick<ForeignMachine, 'serialPorts' | 'parallelPort'>;

/** Kinds of ports by their numbers: nothing, a text file, a port of the host, a named pipe. */
function portOf(type: string, name: string): ForeignPort {
  if (type === '0' || name === '') return { kind: 'none' };
  if (type === '1') return { kind: 'file', file: name };
  return type === '3' || /pipe/i.test(name)
    ? { kind: 'pipe', name }
    : { kind: 'device', device: name };
}

function readPorts(sheet: Sheet): Ports {
  const serialPorts: ForeignPort[] = [];
  let parallelPort: ForeignPort | null = null;
  const ports = /^hardware\/super_io\/(serial_port|parallel_port)(?:\[(\d{1,2})\])?\/port_type$/;
  for (const [path = '', kind = '', number = '0'] of sheet.find(ports)) {
    const type = sheet.take(path) ?? '0';
    const base = path.slice(0, -'/port_type'.length);
    const [file = ''] = takeNames(sheet, `${base}/pathname`);
    const port = portOf(type, sheet.take(`${base}/port_name`) || file);
    const slot = Number(number);
    if (kind === 'parallel_port' && slot === 0) parallelPort = port;
    else if (kind === 'serial_port' && slot < 2) {
      while (serialPorts.length < slot) serialPorts.push({ kind: 'none' });
      serialPorts[slot] = port;
    } else if (port.kind !== 'none')
      sheet.lose(`${kind}[${number}]`, type, 'there are two serial ports and one parallel port');
    sheet.ignore(new RegExp(`^${base.replaceAll(/[[\]]/g, '\\$&')}/`, 'i'));
  }
  return { serialPorts, parallelPort };
}

/** Devices by their words, in their order. */
function readBootOrder(sheet: Sheet): ForeignMachine['bootOrder'] {
  const words = (sheet.take('hardware/bios/boot_order') ?? '').toLowerCase();
  return bootOrderOf(words.split(/[\s,;]+/));
}

/** By the numbers that Virtual Server gives them. */
const stopActions = ['save', 'off', 'shutdown'] as const;
const startActions = ['off', 'if-was-running', 'always'] as const;

function readDefaults(sheet: Sheet): Pick<ForeignMachine, 'onHostStart' | 'onHostStop'> {
  const start = sheet.takeNumber('settings/startup/automatic/type', 0, 2);
  const stop = sheet.takeNumber('settings/shutdown/quit/action', 0, 2);
  return {
    onHostStart: start === undefined ? null : (startActions[start] ?? null),
    onHostStop: stop === undefined ? null : (stopActions[stop] ?? null),
  };
}

function readSavedState(sheet: Sheet): readonly string[] {
  return ['settings/configuration/saved_state/path', 'settings/saved_state/pathname'].flatMap(
    (path) => takeNames(sheet, path),
  );
}

function readSound(sheet: Sheet): ForeignMachine['sound'] {
  const isEnabled =
    sheet.takeFlag('hardware/isa_bus/sound_adapter/enable') ||
    sheet.takeFlag('hardware/sound_adapter/enable') ||
    sheet.takeFlag(`${pci}/sound_adapter/enable`);
  sheet.ignore(/sound_adapter\//);
  return isEnabled ? 'sb16' : null;
}

/** What ran in the guest through the additions of the other product. */
function loseIntegration(sheet: Sheet): void {
  const folders =
    /^integration\/.*shared_folders\/.*folder.*\/(?:pathname\/absolute|path|absolute)$/;
  for (const [path = ''] of sheet.find(folders))
    sheet.lose('shared folder', sheet.take(path) ?? '', 'a folder of the other host');
  sheet.ignore(/^integration\//);
}

function loseUndo(sheet: Sheet): void {
  if (sheet.takeFlag('settings/undo_drives/enabled'))
    sheet.lose('settings/undo_drives', 'true', 'undo disks are chosen anew');
  sheet.ignore(/^settings\/undo_drives\//);
}
