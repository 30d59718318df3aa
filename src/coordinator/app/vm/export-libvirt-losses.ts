/**
 * What of a vm its definition for libvirt does not say (FMT-45): told one by one. Settings and shares of the processor are
 * compared with what is usual as a whole, so that one which is new is told, too. Pure.
 */
import {
  adapterSchema,
  vmResourcesSchema,
  vmSettingsSchema,
  type Adapter,
  type Hardware,
  type VmDefinition,
} from '#api';
import { metadataKey, titleKey } from '#foreign';
import type { ImportNotes } from './import-notes.ts';

const ofGantry = 'it is of Gantry, and libvirt has no word for it';
const unwritten = 'the definition for libvirt does not say it';
const setThere = 'set it up where the vm runs then';

/** Settings that the definition says. */
const written: readonly string[] = [
  'settings.onGuestReboot',
  'settings.failure.reaction',
  'resources.cpuWeight',
  'resources.cpuMaximumPercent',
];

/** Models that libvirt gives without being asked. */
const usualScsi = 'lsi53c895a';

export function tellDomainLosses(definition: VmDefinition, notes: ImportNotes): void {
  const leave = (what: string, why = unwritten, remedy = setThere): void =>
    notes.dropped(what, why, remedy);
  const { tags, guestOs, domainController, portableTo, production, extensions } = definition;
  if (tags.length > 0) leave(`tags ${tags.join(', ')}`, ofGantry);
  if (guestOs !== 'other') leave(`guest operating system ${guestOs}`);
  if (domainController) leave('mark of a domain controller', ofGantry);
  if (portableTo.length > 0) leave(`marks of portability to ${portableTo.join(', ')}`, ofGantry);
  if (production) leave('mark of production', ofGantry);
  for (const key of Object.keys(extensions))
    if (key !== titleKey && key !== metadataKey)
      leave(`what is kept for ${key}`, 'libvirt does not know it');
  tellBoard(definition.hardware, leave, notes);
  for (const adapter of definition.hardware.adapters) tellAdapter(adapter, leave);
  const parts = [
    ['resources', definition.resources, vmResourcesSchema.parse({})],
    ['settings', definition.settings, vmSettingsSchema.parse({})],
  ] as const;
  for (const [name, value, usual] of parts)
    for (const [path, text] of unusual(value, usual, name))
      if (!written.includes(path)) leave(`${path} ${text}`, ofGantry);
  const { cpuWeight } = definition.resources;
  if (cpuWeight !== 100)
    notes.changed(
      'resources.cpuWeight',
      String(cpuWeight),
      'there, too, 100 is usual, but 1024 on a host with control groups of version 1',
      'change its shares there, with virsh schedinfo',
    );
  if (definition.settings.failure.reaction === 'reset')
    notes.changed('settings.failure.reaction', 'reset', 'a guest that crashed is restarted there');
}

type Leave = (what: string, why?: string, remedy?: string) => void;

function tellBoard(hardware: Hardware, leave: Leave, notes: ImportNotes): void {
  const { firmware, bios, processor, graphics, usb, clock } = hardware;
  if (firmware.type === 'uefi')
    leave('variables of its UEFI', 'libvirt makes new ones', 'enter its boot entries there again');
  if (firmware.bootOnce !== null) leave(`device of the next start, ${firmware.bootOnce}`);
  const { chassis, baseBoard } = bios;
  for (const [what, value] of [
    ['asset tag', chassis.assetTag],
    ['serial number of the chassis', chassis.serialNumber],
    ['serial number of the board', baseBoard.serialNumber],
  ] as const)
    if (value !== null) leave(`${what} ${value}`);
  const perSocket = processor.coresPerSocket * processor.threadsPerCore;
  if ((processor.maxCount ?? processor.count) % perSocket !== 0)
    leave(`cores and threads of a socket, ${perSocket}`, 'they do not make up its processors');
  const onScsi = [...hardware.disks, ...hardware.opticalDrives].some(({ bus }) => bus === 'scsi');
  if (onScsi && hardware.scsiController !== usualScsi)
    notes.changed(
      'SCSI controller',
      hardware.scsiController,
      'libvirt gives one of its own, for which the guest needs a driver',
      'name the model there',
    );
  if (graphics.acceleration3d) leave('3D acceleration');
  if (usb !== 'none')
    notes.changed('USB controller', usb, 'libvirt gives one of its own', 'name the model there');
  if (clock.offsetSeconds !== 0) leave(`offset of the clock, ${clock.offsetSeconds} s`);
  for (const { name } of hardware.sharedFolders)
    leave(`shared folder ${name}`, 'it is a folder of this host');
  for (const [index, port] of hardware.serialPorts.entries()) {
    const place = port.kind === 'file' ? port.file : port.kind === 'device' ? port.device : null;
    if (place === null) continue;
    const how = 'it leads to what is called so there';
    notes.changed(`serial port ${index + 1}`, place, how, 'lead it somewhere there');
  }
  if (hardware.parallelPort.kind !== 'none') leave('parallel port');
}

const usualAdapter = adapterSchema.parse({
  slot: 0,
  model: 'virtio',
  mac: '52:54:00:00:00:00',
  attachment: { kind: 'none' },
});
const adapterParts = [
  'optional',
  'priority',
  'firewall',
  'addresses',
  'vlans',
] as const satisfies readonly (keyof Adapter)[];

function tellAdapter(adapter: Adapter, leave: Leave): void {
  for (const part of adapterParts)
    if (JSON.stringify(adapter[part]) !== JSON.stringify(usualAdapter[part]))
      leave(`${part} of adapter ${adapter.slot}`);
}

/** Paths of what is not as usual, each with its value in words; of lists and scripts how many. */
function* unusual(value: unknown, usual: unknown, path: string): Generator<[string, string]> {
  if (isRecord(value) && isRecord(usual)) {
    for (const key of Object.keys(value)) yield* unusual(value[key], usual[key], `${path}.${key}`);
  } else if (JSON.stringify(value) !== JSON.stringify(usual))
    yield [path, Array.isArray(value) ? `(${value.length})` : String(value)];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
