/**
 * VMX, the configuration of VMware's products: lines of `name = "value"`, in which `|22` is the character with that
 * hexadecimal number. There is no published grammar; names are those that Workstation, Player, Fusion and ESXi write.
 */
import { Fault } from '#lib';
import {
  type ForeignAdapter,
  type ForeignBus,
  type ForeignDisk,
  type ForeignDrive,
  type ForeignMachine,
  type ForeignMedium,
  type ForeignPort,
} from './machine.ts';
import { Sheet } from './sheet.ts';
import { readOperationsLimit } from './vmx-limits.ts';
import { bootOrderOf, readMac, readUuid, toBytes } from './values.ts';

const maxLines = 20_000;
const maxLineLength = 16_384;

/** How the products number themselves, and what they remember of windows, slots and their last run. */
const bookkeeping =
  /^(\.?encoding|config\.version|virtualhw\..*|cleanshutdown|softpoweroff|extendedconfigfile|nvram|vmci\d.*|pcibridge\d.*|.*\.pcislotnumber|.*\.pcifunction|replay\..*|checkpoint\..*|powertype\..*|toolscripts\..*|tools\..*|uuid\.location|migrate\..*|numa\..*|monitor\..*|gui\..*|vc\.uuid|vm\.genidx?|sched\..*|hpet0\..*|vmotion\..*|.*\.redo|.*\.ctkenabled|svga\..*|proxyapps\..*|isolation\..*|log\..*|.*\.wakeonpcktrcv|.*\.addresstype|.*\.generatedaddressoffset|.*\.linkstatepropagation\..*|.*\.allowguestconnectioncontrol|.*\.clientdevice|.*\.autodetect|.*\.startconnected|floppy\d\..*|bios\.bootdelay|mem\.hotadd|vcpu\.hotadd|ehci\.pcislotnumber|usb:\d+\.(parent|port|speed|present)|vmxstats\.filename|sound\.filename|sound\.autodetect|guestos\.detailed\.data|tools\.remindinstall|annotation)$/;

export function isVmx(text: string): boolean {
  const head = text.slice(0, 65_536);
  return /^\s*(config\.version|virtualhw\.version|displayname|memsize|guestos)\s*=/im.test(head);
}

/** Faults: `invalid` naming the line. */
export function parseVmx(text: string): ForeignMachine {
  const sheet = new Sheet(readLines(text));
  const description = unescape(sheet.take('annotation') ?? '').slice(0, 4096);
  const devices = readDevices(sheet);
  const adapters = readAdapters(sheet);
  const floppy = readFloppy(sheet);
  const ports = readPorts(sheet);
  const sound = readSound(sheet);
  const usb = readUsb(sheet);
  loseOthers(sheet);
  const machine = {
    product: 'VMware',
    format: 'vmx' as const,
    name: sheet.take('displayName') || null,
    description,
    guestOs: sheet.take('guestOS') ?? null,
    memoryBytes: toBytes(sheet.takeNumber('memsize', 1, 64 * 1024 * 1024)),
    processors: sheet.takeNumber('numvcpus', 1, 1024) ?? 1,
    coresPerSocket: sheet.takeNumber('cpuid.coresPerSocket', 1, 1024) ?? null,
    firmware: /^efi$/i.test(sheet.take('firmware') ?? 'bios')
      ? ('uefi' as const)
      : ('bios' as const),
    secureBoot: sheet.takeFlag('uefi.secureBoot.enabled'),
    uuid: readUuid(sheet.take('uuid.bios')),
    chassisSerial: null,
    assetTag: sheet.take('SMBIOS.assetTag') || null,
    boardSerial: null,
    ...devices,
    floppy,
    adapters,
    ...ports,
    bootOrder: bootOrderOf((sheet.take('bios.bootOrder') ?? '').split(',')),
    ...readDefaults(sheet),
    acceleration3d: sheet.takeFlag('mks.enable3d'),
    savedState: [sheet.take('checkpoint.vmState') ?? ''].filter((name) => name !== ''),
    sound,
    usb,
    clock: readClock(sheet),
    tpm: sheet.takeFlag('vtpm.present'),
  };
  sheet.ignore(bookkeeping);
  return { ...machine, ...sheet.end() };
}

export function* readLines(text: string): Generator<readonly [string, string]> {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length > maxLines)
    throw new Fault('too-large', `the configuration has more than ${maxLines} lines`);
  for (const [index, line] of lines.entries()) {
    if (line.length > maxLineLength)
      throw new Fault('too-large', `line ${index + 1} has ${line.length} characters`);
    if (/^\s*(#.*)?$/.test(line)) continue;
    const match = /^\s*([\w.:/-]+)\s*=\s*(?:"([^"]*)"|([^"#]*?))\s*(?:#.*)?$/.exec(line);
    if (match === null)
      throw new Fault('invalid', `line ${index + 1} is no setting: ${line.trim().slice(0, 60)}`);
    yield [match[1] ?? '', unescape(match[2] ?? match[3] ?? '')];
  }
}

function unescape(value: string): string {
  return value.replaceAll(/\|([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

type Devices = Pick<ForeignMachine, 'disks' | 'drives' | 'scsiModel'>;

function readDevices(sheet: Sheet): Devices {
  const disks: ForeignDisk[] = [];
  const drives: ForeignDrive[] = [];
  let scsiModel: string | null = null;
  for (const [, bus = '', controller = ''] of sheet.find(
    /^(ide|sata|scsi|nvme)(\d{1,3})\.present$/,
  )) {
    sheet.take(`${bus}${controller}.present`);
    const model = sheet.take(`${bus}${controller}.virtualDev`);
    const shares = sheet.take(`${bus}${controller}.sharedBus`) ?? 'none';
    if (bus === 'scsi') scsiModel ??= model ?? null;
    if (shares !== 'none')
      sheet.lose(`${bus}${controller}.sharedBus`, shares, 'a bus is not shared between vms');
  }
  const present = sheet.find(/^(ide|sata|scsi|nvme)(\d{1,3}):(\d{1,3})\.present$/);
  for (const [, bus = '', controller = '', position = ''] of present) {
    const at = `${bus}${controller}:${position}`;
    const place = {
      bus: bus as ForeignBus,
      controller: Number(controller),
      position: Number(position),
    };
    const take = (name: string): string | undefined => sheet.take(`${at}.${name}`);
    const isPresent = /^true$/i.test(take('present') ?? '');
    const type = (take('deviceType') ?? 'disk').toLowerCase();
    const file = take('fileName') ?? '';
    const mode = take('mode') ?? 'persistent';
    if (!isPresent) {
      sheet.ignore(new RegExp(`^${at}\\.`));
      continue;
    }
    if (type.includes('cdrom')) drives.push({ ...place, medium: mediumOf(type, file) });
    else if (type === 'disk' || type.endsWith('harddisk')) {
      if (/^(emptybackingstring|)$/i.test(file)) sheet.lose(at, type, 'it names no file');
      else {
        const limit = readOperationsLimit(sheet, at);
        const limited = limit === undefined ? {} : { operationsPerSecond: limit };
        disks.push({ ...place, files: [file], undoFiles: [], ...limited });
      }
    } else sheet.lose(at, `${type} ${file}`.trim(), reasonFor(type), deviceOf(type));
    if (mode.includes('nonpersistent'))
      sheet.lose(`${at}.mode`, mode, 'changes to the disk are kept; discard them with undo disks');
    sheet.ignore(new RegExp(`^${at}\\.`));
  }
  return { disks, drives, scsiModel };
}

function mediumOf(type: string, file: string): ForeignMedium | null {
  if (/^(|auto detect|emptybackingstring)$/i.test(file)) return null;
  return type.endsWith('image') ? { kind: 'file', file } : { kind: 'device', device: file };
}

function reasonFor(type: string): string {
  return type.startsWith('rawdisk') || type.includes('passthru')
    ? 'a drive of the host is not taken over'
    : 'there is no such device';
}

function deviceOf(type: string): string | null {
  return type.includes('passthru') || type.includes('generic') ? 'physical-scsi' : null;
}

function readAdapters(sheet: Sheet): readonly ForeignAdapter[] {
  const adapters: ForeignAdapter[] = [];
  for (const [, number = ''] of sheet.find(/^ethernet(\d{1,3})\.present$/)) {
    const take = (name: string): string | undefined => sheet.take(`ethernet${number}.${name}`);
    const isPresent = /^true$/i.test(take('present') ?? '');
    if (!isPresent) {
      sheet.ignore(new RegExp(`^ethernet${number}\\.`));
      continue;
    }
    const given = sheet.peek(`ethernet${number}.address`) !== undefined;
    const isStatic = /^static$/i.test(take('addressType') ?? (given ? 'static' : 'generated'));
    const generated = take('generatedAddress');
    const address = isStatic ? take('address') : (generated ?? take('address'));
    const kind = take('connectionType') ?? 'bridged';
    const network = take('networkName') ?? take('vnet') ?? kind;
    adapters.push({
      model: take('virtualDev') ?? null,
      mac: address === undefined ? null : readMac(address),
      macOrigin: isStatic ? 'static' : 'generated',
      network: /^false$/i.test(take('startConnected') ?? 'true') ? null : network,
    });
  }
  return adapters;
}

function readFloppy(sheet: Sheet): ForeignMachine['floppy'] {
  const value = sheet.take('floppy0.present');
  const second = sheet.take('floppy1.present');
  if (/^true$/i.test(second ?? ''))
    sheet.lose('floppy1', sheet.take('floppy1.fileName') ?? '', 'there is one floppy drive');
  // Where nothing is said the products add a drive.
  if (/^false$/i.test(value ?? 'true')) return undefined;
  const file = sheet.take('floppy0.fileName') ?? '';
  const type = (sheet.take('floppy0.fileType') ?? 'device').toLowerCase();
  if (value === undefined || file === '') return { medium: null };
  return { medium: mediumOf(type === 'file' ? 'image' : 'device', file) };
}

function portOf(type: string, file: string): ForeignPort {
  switch (type) {
    case 'file':
      return { kind: 'file', file };
    case 'pipe':
      return { kind: 'pipe', name: file };
    default:
      return { kind: 'device', device: file };
  }
}

function readPorts(sheet: Sheet): Pick<ForeignMachine, 'serialPorts' | 'parallelPort'> {
  const serialPorts: ForeignPort[] = [];
  let parallelPort: ForeignPort | null = null;
  for (const [, kind = '', number = ''] of sheet.find(/^(serial|parallel)(\d{1,3})\.present$/)) {
    const port = `${kind}${number}`;
    const isPresent = sheet.takeFlag(`${port}.present`);
    const type = (sheet.take(`${port}.fileType`) ?? 'device').toLowerCase();
    const file = sheet.take(`${port}.fileName`) ?? '';
    sheet.ignore(new RegExp(`^${port}\\.`));
    if (!isPresent || type === 'thinprint') continue;
    const slot = Number(number);
    if (kind === 'parallel' && slot === 0) parallelPort = portOf(type, file);
    else if (kind === 'serial' && slot < 2) {
      while (serialPorts.length < slot) serialPorts.push({ kind: 'none' });
      serialPorts[slot] = portOf(type, file);
    } else sheet.lose(port, `${type} ${file}`, 'there are two serial ports and one parallel port');
  }
  return { serialPorts, parallelPort };
}

/** Of Server (GSX), which starts and stops vms with its host. */
function readDefaults(sheet: Sheet): Pick<ForeignMachine, 'onHostStart' | 'onHostStop'> {
  const start = (sheet.take('autostart') ?? '').toLowerCase();
  const stop = (sheet.take('autostop') ?? '').toLowerCase();
  return {
    onHostStart: start === 'poweron' || start === 'true' ? 'always' : start === '' ? null : 'off',
    onHostStop:
      stop === ''
        ? null
        : /soft|shutdown/.test(stop)
          ? 'shutdown'
          : stop === 'suspend'
            ? 'save'
            : 'off',
  };
}

function readSound(sheet: Sheet): ForeignMachine['sound'] {
  const isPresent = sheet.takeFlag('sound.present');
  const model = (sheet.take('sound.virtualDev') ?? 'es1371').toLowerCase();
  if (!isPresent) return null;
  if (model === 'sb16') return 'sb16';
  if (model === 'hdaudio') return 'hda';
  sheet.lose('sound.virtualDev', model, 'there is no such sound device; it becomes AC97');
  return 'ac97';
}

function readUsb(sheet: Sheet): ForeignMachine['usb'] {
  const [three, two, one] = ['usb_xhci', 'ehci', 'usb'].map((name) =>
    sheet.takeFlag(`${name}.present`),
  );
  for (const [path = '', number = ''] of sheet.find(/^usb(?:_xhci)?:(\d{1,3})\.devicetype$/)) {
    const type = sheet.take(path) ?? '';
    if (!/^(hid|hub)$/i.test(type))
      sheet.lose(`usb:${number}`, type, 'it belongs to its host', 'usb-device');
  }
  for (const [path = ''] of sheet.find(/^usb\.autoconnect\.device\d+$/))
    sheet.lose(path, sheet.take(path) ?? '', 'it belongs to its host', 'usb-device');
  sheet.ignore(/^(usb|ehci|usb_xhci)[:.]/);
  return three ? '3' : two ? '2.0' : one ? '1.1' : null;
}

/** Without a word the guest's clock shows the local time of its host, which on ESXi, whose mark `sched` is, is always UTC. */
function readClock(sheet: Sheet): ForeignMachine['clock'] {
  const guest = sheet.take('rtc.diffFromUTC');
  const isOfEsxi = sheet.find(/^sched\.(cpu|mem|swap)\./).length > 0;
  return guest === '0' || (guest === undefined && isOfEsxi) ? 'utc' : 'localtime';
}

/** Devices and states that are known and cannot be had. */
function loseOthers(sheet: Sheet): void {
  for (const [, number = ''] of sheet.find(/^pcipassthru(\d{1,3})\.present$/)) {
    const id = sheet.take(`pciPassthru${number}.deviceId`) ?? '';
    const isPresent = sheet.takeFlag(`pciPassthru${number}.present`);
    sheet.ignore(new RegExp(`^pcipassthru${number}\\.`));
    if (isPresent) sheet.lose(`pciPassthru${number}`, id, 'devices of the host are not passed on');
  }
  if (sheet.takeFlag('firewire.present'))
    sheet.lose('firewire', 'TRUE', 'no driver emulates it', 'firewire');
  for (const [, number = ''] of sheet.find(/^sharedfolder(\d{1,3})\.present$/)) {
    const path = sheet.take(`sharedFolder${number}.hostPath`) ?? '';
    sheet.ignore(new RegExp(`^sharedfolder${number}\\.`));
    sheet.lose(`sharedFolder${number}`, path, 'a folder of the other host');
  }
  sheet.ignore(/^sharedfolder\./);
}
