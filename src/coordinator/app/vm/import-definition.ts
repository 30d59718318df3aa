/**
 * A definition out of what another product says of a vm (VM-90). What has a counterpart is taken over, what has none
 * becomes a warning, and so does what is nearly the same. Pure but for the randomness that is given.
 */
import {
  findGuest,
  placeName,
  placesOf,
  profiles,
  unrepresentedDevices,
  type Disk,
  type DiskFormat,
  type DiskBus,
  type DiskSource,
  type ForeignMachine,
  type Hardware,
  type Medium,
  type VmDefinition,
} from '#api';
import { miB, type Reason } from '#lib';
import { parseDefinition } from '../check-definition.ts';
import { importAdapters, type AdapterOptions } from './import-adapters.ts';
import { guestOf } from './import-guests.ts';
import { freePlace, newDisk } from './make-definition.ts';

export interface ImportOptions extends AdapterOptions {
  readonly id: string;
  readonly name: string;
  readonly format: DiskFormat;
  readonly foreign: ForeignMachine;
}

export interface Imported {
  readonly definition: VmDefinition;
  readonly disks: readonly DiskSource[];
  readonly warnings: readonly Reason[];
}

/** Errors: `invalid`, `exhausted` when there are more disks than places. */
export function importDefinition(options: ImportOptions): Imported {
  const { foreign, id, name, format } = options;
  const notes = new Notes();
  const guestOs = guestOf(foreign.guestOs) ?? 'other';
  if (foreign.guestOs !== null && guestOf(foreign.guestOs) === undefined)
    notes.changed('guest', foreign.guestOs, 'it is not in the catalogue and becomes "other"');
  const guest = findGuest(guestOs);
  const isLinux = guest?.family === 'linux';
  const base = hardwareOf(foreign, isLinux, notes);
  const placed = placeDevices(base, foreign, { isLinux, notes });
  const disks: Disk[] = [];
  const sources: DiskSource[] = [];
  for (const { place, disk } of placed.disks) {
    const file = `${name}-${placeName(place).replace(':', '-')}.${format}`;
    disks.push(newDisk(place, file, format, disk.sizeBytes));
    const { path: sourcePath, format: sourceFormat, sizeBytes } = disk;
    sources.push({ kind: 'foreign', file, format, sizeBytes, sourcePath, sourceFormat });
  }
  const hardware: Hardware = {
    ...base,
    disks,
    opticalDrives: placed.drives,
    floppy:
      foreign.floppy === null ? null : { medium: mediumOf(foreign.floppy.medium), readOnly: false },
    adapters: importAdapters(options, isLinux, notes),
  };
  const definition = parseDefinition(
    {
      id,
      name,
      description: foreign.description,
      guestOs,
      hardware,
      ...(Object.keys(foreign.kept).length === 0
        ? {}
        : { extensions: { [foreign.format]: foreign.kept } }),
    },
    name,
  );
  for (const lost of foreign.lost) notes.lost(lost);
  return { definition, disks: sources, warnings: notes.list };
}

/** What is said of it, in the order in which it was noticed. */
class Notes {
  readonly list: Reason[] = [];

  warn(reason: Reason): void {
    this.list.push(reason);
  }

  changed(setting: string, value: string, how: string): void {
    this.list.push({ code: 'changed', text: `${setting} ${clean(value)}: ${how}` });
  }

  lost({ setting, value, why, device }: ForeignMachine['lost'][number]): void {
    const known = unrepresentedDevices.find(({ id }) => id === device);
    const what = value === '' ? setting : `${setting} ${clean(value)}`;
    this.list.push(
      known === undefined
        ? { code: 'not-represented', text: `${clean(what)}: ${why}` }
        : {
            code: `unrepresented-${known.id}`,
            text: `${clean(what)}: ${known.device} is not offered: ${known.reason}`,
          },
    );
  }
}

/** Words of a file that anybody may have written. */
function clean(value: string): string {
  return value.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 200);
}

function hardwareOf(foreign: ForeignMachine, isLinux: boolean, notes: Notes): Hardware {
  const isOld = foreign.format === 'vmc';
  const base = profiles[isOld ? 'classic' : 'modern'].hardware;
  const hasIde = [...foreign.disks, ...foreign.drives].some(({ bus }) => bus === 'ide');
  const machine = foreign.firmware === 'bios' && (isOld || hasIde) ? 'pc' : 'q35';
  const count = foreign.processors ?? 1;
  const cores = foreign.coresPerSocket ?? 1;
  if (foreign.tpm) notes.changed('TPM', '', 'its contents stay behind; keys in it are lost');
  const sizeBytes = Math.max(4, Math.ceil((foreign.memoryBytes ?? 512 * miB) / miB)) * miB;
  return {
    ...base,
    machine,
    firmware: { ...base.firmware, type: foreign.firmware, secureBoot: foreign.secureBoot },
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
    graphics: isOld
      ? base.graphics
      : { ...base.graphics, adapter: 'std', videoMemoryBytes: 16 * miB },
    sound: foreign.sound ?? 'none',
    usb: foreign.usb ?? 'none',
    tablet: foreign.usb !== null,
    tpm: foreign.tpm,
    clock: { ...base.clock, base: foreign.clock },
  };
}

function serialOf(value: string | null): string | null {
  return value !== null && /^[\x21-\x7e]{1,64}$/.test(value) ? value : null;
}

function scsiOf(
  { scsiModel, disks, drives }: ForeignMachine,
  isLinux: boolean,
  notes: Notes,
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
  { isLinux, notes }: { readonly isLinux: boolean; readonly notes: Notes },
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
    drives: foreign.drives.map((drive) => ({
      ...settle('CD drive', drive.bus === 'nvme' ? { ...drive, bus: 'sata' } : drive),
      medium: mediumOf(drive.medium),
    })),
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
