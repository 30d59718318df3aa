/**
 * Writes an OVF descriptor (DMTF DSP0243 version 1.1, which products of all makers read), with VMware's words where the standard
 * leaves them to products: what `parseOvf` reads of it again is what was given, but for what a package does not say: who the vm is.
 */
import type { ForeignBus, WritableMachine } from './machine.ts';
import { escapeXml } from './xml-text.ts';

const mib = 1024 * 1024;

interface Controller {
  readonly bus: ForeignBus;
  readonly number: number;
  readonly id: number;
}

/** `sizeBytes` of a disk, by the name of its file. Disks are VMDK for streams. */
export function writeOvf(machine: WritableMachine, sizeBytes: ReadonlyMap<string, number>): Buffer {
  const name = machine.name ?? 'vm';
  const files = machine.disks.map(({ files: [file = ''] }) => file);
  const networks = new Set(machine.adapters.flatMap(({ network }) => network ?? []));
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"',
    '  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"',
    '  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"',
    '  xmlns:vmw="http://www.vmware.com/schema/ovf">',
    '  <References>',
    ...files.map(
      (file, index) => `    <File ovf:id="file${index + 1}" ovf:href="${escapeXml(file)}"/>`,
    ),
    '  </References>',
    '  <DiskSection>',
    '    <Info>Virtual disks</Info>',
    ...files.map(
      (file, index) =>
        `    <Disk ovf:diskId="disk${index + 1}" ovf:fileRef="file${index + 1}" ovf:capacity="${sizeBytes.get(file) ?? 0}" ` +
        'ovf:capacityAllocationUnits="byte" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>',
    ),
    '  </DiskSection>',
    '  <NetworkSection>',
    '    <Info>Networks of the vm</Info>',
    ...[...networks].map(
      (network) =>
        `    <Network ovf:name="${escapeXml(network)}"><Description>${escapeXml(network)}</Description></Network>`,
    ),
    '  </NetworkSection>',
    `  <VirtualSystem ovf:id="${escapeXml(name)}">`,
    '    <Info>A virtual machine</Info>',
    `    <Name>${escapeXml(name)}</Name>`,
    ...guestLines(machine),
    ...(machine.description === ''
      ? []
      : [
          '    <AnnotationSection>',
          '      <Info>What it is for</Info>',
          `      <Annotation>${escapeXml(machine.description)}</Annotation>`,
          '    </AnnotationSection>',
        ]),
    '    <VirtualHardwareSection>',
    '      <Info>Virtual hardware</Info>',
    '      <System>',
    '        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>',
    '        <vssd:InstanceID>0</vssd:InstanceID>',
    `        <vssd:VirtualSystemIdentifier>${escapeXml(name)}</vssd:VirtualSystemIdentifier>`,
    '        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>',
    '      </System>',
    ...itemsOf(machine),
    ...settingsOf(machine).map(
      ([key, value]) =>
        `      <vmw:Config ovf:required="false" vmw:key="${escapeXml(key)}" vmw:value="${escapeXml(value)}"/>`,
    ),
    '    </VirtualHardwareSection>',
    '  </VirtualSystem>',
    '</Envelope>',
  ];
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Numbers of `CIM_OperatingSystem.OSType`, as far as they say more than "other". */
const osNumbers: readonly (readonly [RegExp, number])[] = [
  [/debian/i, 96],
  [/ubuntu/i, 94],
  [/rhel|redhat|red hat/i, 80],
  [/suse|sles/i, 84],
  [/freebsd/i, 78],
  [/linux/i, 101],
  [/windows/i, 103],
];

function guestLines({ guestOs }: WritableMachine): readonly string[] {
  const number = osNumbers.find(([word]) => word.test(guestOs ?? ''))?.[1] ?? 1;
  return [
    `    <OperatingSystemSection ovf:id="${number}">`,
    '      <Info>The guest</Info>',
    ...(guestOs === null ? [] : [`      <Description>${escapeXml(guestOs)}</Description>`]),
    '    </OperatingSystemSection>',
  ];
}

function settingsOf(machine: WritableMachine): readonly (readonly [string, string])[] {
  return [
    ['firmware', machine.firmware === 'uefi' ? 'efi' : 'bios'],
    ...(machine.secureBoot ? [['bootOptions.efiSecureBootEnabled', 'true'] as const] : []),
    ...Object.entries(machine.kept),
  ];
}

/** What an item says besides its number, in the order of the alphabet that its schema demands. */
type Words = Readonly<Record<string, string | number | undefined>>;

/** Devices without which the vm is still of use, where a product has none of them. */
const mayLack = new Set([1, 14, 21, 22, 23]);

function itemsOf(machine: WritableMachine): readonly string[] {
  const lines: string[] = [];
  let last = 0;
  const put = (type: number, title: string, words: Words = {}): number => {
    last += 1;
    const all: Words = { ...words, ElementName: title, InstanceID: last, ResourceType: type };
    lines.push(mayLack.has(type) ? '      <Item ovf:required="false">' : '      <Item>');
    for (const key of Object.keys(all)
      .filter((one) => one !== 'CoresPerSocket')
      .toSorted())
      if (all[key] !== undefined)
        lines.push(`        <rasd:${key}>${escapeXml(String(all[key]))}</rasd:${key}>`);
    if (all['CoresPerSocket'] !== undefined)
      lines.push(
        `        <vmw:CoresPerSocket ovf:required="false">${all['CoresPerSocket']}</vmw:CoresPerSocket>`,
      );
    lines.push('      </Item>');
    return last;
  };
  const { processors, coresPerSocket, memoryBytes } = machine;
  put(3, `${processors ?? 1} virtual processors`, {
    AllocationUnits: 'hertz * 10^6',
    VirtualQuantity: processors ?? 1,
    CoresPerSocket: coresPerSocket ?? undefined,
  });
  if (memoryBytes !== null)
    put(4, `${memoryBytes / mib} MiB of memory`, {
      AllocationUnits: 'byte * 2^20',
      VirtualQuantity: memoryBytes / mib,
    });
  putStorage(machine, put);
  for (const [index, { model, mac, macOrigin, network }] of machine.adapters.entries())
    put(10, `Network adapter ${index + 1}`, {
      ResourceSubType: adapterWords[model ?? ''] ?? 'E1000',
      AutomaticAllocation: String(network !== null),
      Connection: network ?? undefined,
      // One that was made for this vm is not given to the next.
      Address: macOrigin === 'static' ? (mac ?? undefined) : undefined,
    });
  for (const [index] of machine.serialPorts.entries()) put(21, `Serial port ${index + 1}`);
  if (machine.parallelPort !== null) put(22, 'Parallel port');
  if (machine.usb !== null) put(23, 'USB controller', { ResourceSubType: usbWords[machine.usb] });
  if (machine.sound !== null)
    put(1, 'Sound card', { ResourceSubType: `vmware.soundcard.${soundWords[machine.sound]}` });
  return lines;
}

const adapterWords: Readonly<Record<string, string>> = { vlance: 'PCNet32', e1000: 'E1000' };
const soundWords = { ac97: 'ensoniq1371', hda: 'hdaudio', sb16: 'sb16' };
const usbWords = { '1.1': 'vmware.usb.uhci', '2.0': 'vmware.usb.ehci', '3': 'vmware.usb.xhci' };

type Put = (type: number, title: string, words?: Words) => number;

function putStorage(machine: WritableMachine, put: Put): void {
  const controllers: Controller[] = [];
  const controllerOf = ({
    bus,
    controller: number,
  }: {
    bus: ForeignBus;
    controller: number;
  }): Controller => {
    const known = controllers.find((one) => one.bus === bus && one.number === number);
    if (known !== undefined) return known;
    const made = { bus, number, id: putController(machine, bus, number, put) };
    controllers.push(made);
    return made;
  };
  for (const [index, disk] of machine.disks.entries())
    put(17, `Hard disk ${index + 1}`, {
      Parent: controllerOf(disk).id,
      AddressOnParent: disk.position,
      HostResource: `ovf:/disk/disk${index + 1}`,
    });
  for (const [index, drive] of machine.drives.entries())
    put(15, `CD drive ${index + 1}`, {
      Parent: controllerOf(drive).id,
      AddressOnParent: drive.position,
      AutomaticAllocation: 'false',
    });
  if (machine.floppy !== undefined) put(14, 'Floppy drive', { AutomaticAllocation: 'false' });
}

function putController(
  { scsiModel }: WritableMachine,
  bus: ForeignBus,
  number: number,
  put: Put,
): number {
  const title = `${bus.toUpperCase()} controller ${number}`;
  if (bus === 'ide') return put(5, title, { Address: number });
  if (bus === 'scsi')
    return put(6, title, { Address: number, ResourceSubType: scsiModel ?? 'lsilogic' });
  return put(20, title, {
    Address: number,
    ResourceSubType: bus === 'nvme' ? 'vmware.nvme.controller' : 'AHCI',
  });
}
