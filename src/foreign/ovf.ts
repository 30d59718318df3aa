/**
 * OVF, the descriptor of a packaged vm (DMTF DSP0243 versions 1.0 to 2.1), as VMware's products, VirtualBox and others write it, with
 * what each of them adds in a namespace of its own.
 */
import { Fault } from '#lib';
import type { ForeignMachine } from './machine.ts';
import {
  loseDevices,
  readAdapters,
  readDevices,
  readPorts,
  soundOf,
  usbOf,
} from './ovf-devices.ts';
import { readConfigs, readItems, type OvfItem } from './ovf-items.ts';
import {
  attributeNamed,
  childOf,
  childrenOf,
  localName,
  OvfPackage,
  sectionsOf,
  wordOf,
} from './ovf-package.ts';
import { readUuid } from './values.ts';
import { readXml, type XmlNode } from './xml.ts';

const root = /<(?:[\w.-]{1,40}:)?Envelope\s[^<>]{0,8000}\/ovf\/envelope/;

export function isOvf(text: string): boolean {
  return root.test(text.slice(0, 65_536));
}

/** Parts of a package that are read by name, or say nothing about the machine. */
const read =
  /^(References|DiskSection|NetworkSection|DeploymentOptionSection|Strings|VirtualSystem|VirtualSystemCollection|Info|Name|AnnotationSection|OperatingSystemSection|VirtualHardwareSection|Machine|Content|Section)$/;

/** Faults: `invalid` with the place or the name; `too-large`; `unsupported` for a package with several vms, or with files that cannot be read as they lie there. */
export function parseOvf(text: string): ForeignMachine {
  const parts = new OvfPackage(readXml(text));
  const { system } = parts;
  const [hardware, ...others] = sectionsOf(system, 'VirtualHardwareSection');
  if (hardware === undefined) throw new Fault('invalid', 'it says nothing of the hardware');
  if (others.length > 0)
    parts.lose('VirtualHardwareSection', `${others.length + 1}`, 'the first of them is taken');
  const items = readItems(parts.envelope, hardware);
  const settings = new Map(readConfigs(hardware));
  const take = (key: string): string | undefined => {
    const value = settings.get(key);
    settings.delete(key);
    return value;
  };
  const firmware = take('firmware') ?? firmwareOfVirtualBox(system);
  const processor = items.find(({ kind }) => kind === 'processor');
  const devices = readDevices(parts, items);
  const machine = {
    product: productOf(parts.envelope),
    format: 'ovf' as const,
    name: wordOf(system, 'Name') || attributeNamed(system, 'id') || null,
    description: wordOf(childOf(system, 'AnnotationSection'), 'Annotation').slice(0, 4096),
    guestOs: guestOf(system),
    memoryBytes: memoryOf(items),
    processors: processor?.quantity ?? 1,
    coresPerSocket: processor?.coresPerSocket ?? null,
    firmware: /^efi/i.test(firmware) ? ('uefi' as const) : ('bios' as const),
    secureBoot: /^true$/i.test(take('bootOptions.efiSecureBootEnabled') ?? ''),
    uuid: readUuid(attributeNamed(childOf(system, 'Machine'), 'uuid')),
    chassisSerial: null,
    assetTag: null,
    boardSerial: null,
    ...devices,
    adapters: readAdapters(items),
    ...readPorts(parts, items),
    bootOrder: null,
    onHostStart: null,
    onHostStop: null,
    acceleration3d: items.some(({ configs }) =>
      configs.some(([key, value]) => key === 'enable3DSupport' && value === 'true'),
    ),
    savedState: [],
    sound: soundOf(parts, items),
    usb: usbOf(items),
    clock: 'utc' as const,
    tpm: items.some(({ subtype }) => subtype.includes('.tpm')),
  };
  loseSections(parts);
  loseDevices(parts, items);
  const kept = Object.fromEntries(
    [...settings].map(([key, value]) => [key.slice(0, 200), value.slice(0, 1000)]),
  );
  for (const [key, value] of settings)
    parts.lose(key, value, 'nothing here corresponds to it; it is kept among the extensions');
  return { ...machine, lost: parts.lost, kept };
}

/** Whose namespaces are in it. */
function productOf(envelope: XmlNode): string {
  const spaces = Array.from(envelope.attributes.values()).join(' ');
  if (/virtualbox\.org/i.test(spaces)) return 'VirtualBox';
  return /vmware\.com/i.test(spaces) ? 'VMware' : 'OVF';
}

/** VirtualBox keeps its own description of the vm beside the standard's. */
function firmwareOfVirtualBox(system: XmlNode): string {
  const firmware = childOf(childOf(childOf(system, 'Machine'), 'Hardware'), 'Firmware');
  return attributeNamed(firmware, 'type') ?? 'bios';
}

/** The product's own word before the number of the standard, which is told by what it is called. */
function guestOf(system: XmlNode): string | null {
  const section = childOf(system, 'OperatingSystemSection');
  if (section === undefined) return null;
  const own = attributeNamed(section, 'osType') ?? wordOf(section, 'OSType');
  return own || wordOf(section, 'Description') || null;
}

function memoryOf(items: readonly OvfItem[]): number | null {
  const memory = items.find(({ kind }) => kind === 'memory');
  const bytes = (memory?.quantity ?? Number.NaN) * (memory?.unitBytes ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** What a package asks of whoever runs it, and what has no place here. */
function loseSections(parts: OvfPackage): void {
  for (const section of [...parts.envelope.children, ...parts.system.children]) {
    const name = localName(section.name);
    if (read.test(name)) continue;
    if (name === 'EulaSection')
      parts.lose('licence', wordOf(section, 'License'), 'read its terms before the vm is used');
    else if (name === 'ProductSection') loseProperties(parts, section);
    else parts.lose(name, wordOf(section, 'Info'), 'nothing here corresponds to it');
  }
}

/** Settings for the guest, which it would read from a CD of VMware's, or through its tools. */
function loseProperties(parts: OvfPackage, section: XmlNode): void {
  for (const property of childrenOf(section, 'Property'))
    parts.lose(
      `property ${attributeNamed(property, 'key') ?? ''}`,
      attributeNamed(property, 'password') === 'true'
        ? ''
        : (attributeNamed(property, 'value') ?? ''),
      'the guest is not told of it: set it there',
    );
}
