/**
 * A definition out of what another product says of a vm (VM-90). What has a counterpart is taken over, what has none
 * becomes a warning, and so does what is nearly the same. Pure but for the randomness that is given.
 */
import {
  findGuest,
  placeName,
  placesOf,
  profiles,
  type Disk,
  type DiskFormat,
  type DiskBus,
  type DiskSource,
  type ForeignMachine,
  type Hardware,
  type Medium,
  type TransferFinding,
  type VmDefinition,
  type VmImport,
} from '#api';
import { formatBytes, miB } from '#lib';
import { parseDefinition } from '../check-definition.ts';
import { importAdapters, type AdapterOptions } from './import-adapters.ts';
import { guestOf } from './import-guests.ts';
import { importLimits } from './export-limits.ts';
import { importLayers, type ImportedLayers } from './import-layers.ts';
import { clean, ImportNotes } from './import-notes.ts';
import { importPorts } from './import-ports.ts';
import { freePlace, newDisk } from './make-definition.ts';

export interface ImportOptions
  extends AdapterOptions, Pick<VmImport, 'undo' | 'snapshots' | 'savedState' | 'sound'> {
  readonly id: string;
  readonly name: string;
  readonly format: DiskFormat;
  readonly foreign: ForeignMachine;
  /** Whether the host draws for guests. */
  readonly hasAcceleration3d: boolean;
}

export interface Imported {
  readonly definition: VmDefinition;
  readonly disks: readonly DiskSource[];
  readonly layers: ImportedLayers;
  readonly findings: readonly TransferFinding[];
}

/** Errors: `invalid`, `exhausted` when there are more disks than places. */
export function importDefinition(options: ImportOptions): Imported {
  const { foreign, id, name, format } = options;
  const notes = new ImportNotes();
  for (const blocking of foreign.blocking) notes.block(blocking);
  tellManifest(foreign, notes);
  notes.carried('name', name);
  const guestOs = guestOf(foreign.guestOs) ?? 'other';
  if (foreign.guestOs !== null && guestOf(foreign.guestOs) === undefined)
    notes.changed('guest', foreign.guestOs, 'it is not in the catalogue and becomes "other"');
  else if (foreign.guestOs !== null) notes.carried('guest', `${foreign.guestOs}: ${guestOs}`);
  const guest = findGuest(guestOs);
  const isLinux = guest?.family === 'linux';
  const base = hardwareOf(options, isLinux, notes);
  const placed = placeDevices(base, foreign, { isLinux, notes });
  const files = placed.disks.map(({ place, disk }) => ({
    disk,
    place,
    file: `${name}-${placeName(place).replace(':', '-')}.${format}`,
  }));
  for (const { place, disk } of files)
    notes.carried(
      `disk ${placeName(place)}`,
      `${disk.path}, ${formatBytes(disk.sizeBytes)}, ${disk.format} to ${format}`,
    );
  for (const { place, disk } of files)
    if (disk.operationsPerSecond !== undefined)
      notes.carried(
        `limit of the disk ${placeName(place)}`,
        `${disk.operationsPerSecond} operations per second`,
      );
  const { sources, layers } = importLayers(files, format, foreign, options, notes);
  const hardware: Hardware = {
    ...base,
    disks: files.map(({ place, file, disk }) => ({
      ...newDisk(place, file, format, disk.sizeBytes),
      ...importLimits(disk.operationsPerSecond),
    })),
    opticalDrives: placed.drives,
    floppy:
      foreign.floppy === null ? null : { medium: mediumOf(foreign.floppy.medium), readOnly: false },
    adapters: importAdapters(options, isLinux, notes),
  };
  if (foreign.floppy !== null) notes.carried('floppy drive', '');
  const definition = parseDefinition(
    {
      id,
      name,
      description: foreign.description,
      guestOs,
      hardware,
      settings: settingsOf(foreign, notes),
      ...(Object.keys(foreign.kept).length === 0
        ? {}
        : { extensions: { [foreign.format]: foreign.kept } }),
    },
    name,
  );
  for (const lost of foreign.lost) notes.lost(lost);
  return { definition, disks: sources, layers, findings: notes.list };
}

/** A package whose files are what its maker says, and who that is. */
function tellManifest({ manifest }: ForeignMachine, notes: ImportNotes): void {
  if (manifest === undefined) return;
  const { file, files, signer } = manifest;
  notes.carried('manifest', `${file}, ${files} files; disks are compared with it as they are read`);
  if (signer === null) return;
  const { subject, issuer, fingerprint, isTrusted } = signer;
  if (isTrusted) return notes.carried('signature', `${subject}, whom ${issuer} vouches for`);
  notes.warn({
    code: 'unknown-signer',
    text: `the package is signed by ${clean(subject)}, whom no authority that the host knows vouches for`,
    remedy: `compare the fingerprint of the certificate with what its maker publishes: ${clean(fingerprint)}`,
  });
}

/** What happens to the vm with its host. */
function settingsOf(
  { onHostStart, onHostStop }: ForeignMachine,
  notes: ImportNotes,
): Record<string, unknown> {
  if (onHostStart !== null) notes.carried('on host start', onHostStart);
  if (onHostStop !== null) notes.carried('on host stop', onHostStop);
  return {
    ...(onHostStart === null ? {} : { start: { onHostStart } }),
    ...(onHostStop === null ? {} : { shutdown: { onHostStop } }),
  };
}

function hardwareOf(options: ImportOptions, isLinux: boolean, notes: ImportNotes): Hardware {
  const { foreign } = options;
  const isOld = foreign.format === 'vmc';
  const base = profiles[isOld ? 'classic' : 'modern'].hardware;
  const hasIde = [...foreign.disks, ...foreign.drives].some(({ bus }) => bus === 'ide');
  const machine = foreign.firmware === 'bios' && (isOld || hasIde) ? 'pc' : 'q35';
  const count = foreign.processors ?? 1;
  const cores = foreign.coresPerSocket ?? 1;
  if (foreign.tpm) notes.changed('TPM', '', 'its contents stay behind; keys in it are lost');
  const sizeBytes = Math.max(4, Math.ceil((foreign.memoryBytes ?? 512 * miB) / miB)) * miB;
  notes.carried('memory', formatBytes(sizeBytes));
  notes.carried('processors', `${count}`);
  notes.carried('firmware', foreign.firmware);
  const bootOrder = foreign.bootOrder ?? base.firmware.bootOrder;
  if (foreign.bootOrder !== null) notes.carried('boot order', bootOrder.join(', '));
  if (foreign.usb !== null) notes.carried('USB controller', foreign.usb);
  notes.carried('clock', foreign.clock);
  return {
    ...base,
    machine,
    firmware: {
      ...base.firmware,
      type: foreign.firmware,
      secureBoot: foreign.secureBoot,
      bootOrder: [...bootOrder],
    },
    bios: {
      chassis: {
        assetTag: serialOf(foreign.assetTag),
        serialNumber: serialOf(foreign.chassisSerial),
      },
      baseBoard: { serialNumber: serialOf(foreign.boardSerial) },
    },
    processor: { ...base.processor, count, coresPerSocket: count % cores === 0 ? cores : 1 },
    memory: { ...base.memory, sizeBytes },
    scsiController: scsiOf(foreign, isLinux, notes),
    graphics: graphicsOf(options, base.graphics, notes),
    ...importPorts(foreign, base, notes),
    sound: soundOf(options, notes),
    usb: foreign.usb ?? 'none',
    tablet: foreign.usb !== null,
    tpm: foreign.tpm,
    clock: { ...base.clock, base: foreign.clock },
  };
}

function soundOf({ foreign, sound }: ImportOptions, notes: ImportNotes): Hardware['sound'] {
  if (foreign.sound === null) return 'none';
  if (sound === 'keep') {
    notes.carried('sound card', foreign.sound);
    return foreign.sound;
  }
  notes.dropped(`sound card ${foreign.sound}`, 'as asked for', 'import with --sound keep');
  return 'none';
}

/** 3D acceleration only where the host draws (CMP-24). */
function graphicsOf(
  { foreign, hasAcceleration3d }: ImportOptions,
  base: Hardware['graphics'],
  notes: ImportNotes,
): Hardware['graphics'] {
  const plain: Hardware['graphics'] =
    foreign.format === 'vmc' ? base : { ...base, adapter: 'std', videoMemoryBytes: 16 * miB };
  if (!foreign.acceleration3d) return plain;
  if (!hasAcceleration3d) {
    const remedy = 'import it on a host with a graphics processor for guests';
    notes.dropped('3D acceleration', 'the host does not offer it', remedy);
    return plain;
  }
  notes.changed(
    'graphics',
    '3D acceleration',
    'the adapter is virtio, for which the guest needs a driver',
  );
  return { ...base, adapter: 'virtio', acceleration3d: true };
}

function serialOf(value: string | null): string | null {
  return value !== null && /^[\x21-\x7e]{1,64}$/.test(value) ? value : null;
}

function scsiOf(
  { scsiModel, disks, drives }: ForeignMachine,
  isLinux: boolean,
  notes: ImportNotes,
): Hardware['scsiController'] {
  if (![...disks, ...drives].some(({ bus }) => bus === 'scsi')) return 'lsi53c895a';
  const model = (scsiModel ?? 'lsilogic').toLowerCase();
  if (model === 'lsilogic' || model === 'virtio-scsi')
    return model === 'lsilogic' ? 'lsi53c895a' : 'virtio-scsi';
  const instead = model === 'pvscsi' && isLinux ? 'virtio-scsi' : 'lsi53c895a';
  const how = `there is no such SCSI controller; it becomes ${instead}, for which the guest needs a driver`;
  notes.changed('SCSI controller', model, how);
  return instead;
}

interface Placed {
  readonly disks: readonly {
    readonly place: Pick<Disk, 'bus' | 'controller' | 'position'>;
    readonly disk: ForeignMachine['disks'][number];
  }[];
  readonly drives: Hardware['opticalDrives'];
}

/** Each device where it was, else at the first free place of the bus: a place that other buses count otherwise is told. */
function placeDevices(
  base: Hardware,
  foreign: ForeignMachine,
  { isLinux, notes }: { readonly isLinux: boolean; readonly notes: ImportNotes },
): Placed {
  let taken: Hardware = { ...base, disks: [], opticalDrives: [] };
  const settle = (
    what: string,
    wanted: { readonly bus: string; readonly controller: number; readonly position: number },
  ): Pick<Disk, 'bus' | 'controller' | 'position'> => {
    const bus = busOf(wanted.bus, isLinux);
    const { controllers, positions } = placesOf(bus, base);
    const fits = wanted.controller < controllers && wanted.position < positions;
    const isTaken = [...taken.disks, ...taken.opticalDrives].some(
      (one) => placeName(one) === placeName({ ...wanted, bus }),
    );
    const place = freePlace(taken, bus, fits && !isTaken ? wanted : {});
    const before = `${wanted.bus}${wanted.controller}:${wanted.position}`;
    if (placeName(place) !== before) notes.changed(what, before, `it is at ${placeName(place)}`);
    taken = { ...taken, opticalDrives: [...taken.opticalDrives, { ...place, medium: null }] };
    return place;
  };
  return {
    disks: foreign.disks.map((disk) => ({ disk, place: settle('disk', disk) })),
    drives: foreign.drives.map((drive) => {
      const place = settle('CD drive', drive.bus === 'nvme' ? { ...drive, bus: 'sata' } : drive);
      notes.carried('CD drive', placeName(place));
      return { ...place, medium: mediumOf(drive.medium) };
    }),
  };
}

function busOf(bus: string, isLinux: boolean): DiskBus {
  switch (bus) {
    case 'ide':
    case 'sata':
    case 'scsi':
    case 'virtio':
      return bus;
    default:
      return isLinux ? 'virtio' : 'sata';
  }
}

function mediumOf(medium: { readonly path: string | null } | null): Medium | null {
  return medium === null || medium.path === null ? null : { kind: 'file', file: medium.path };
}
