/**
 * A vm as another product may run it, in neutral words, with all that stands in the way, becomes something else or
 * is left out (CMP-05 to CMP-16). Pure.
 */
import {
  limitsSaid,
  placeName,
  type Disk,
  type Hardware,
  type VmDefinition,
  type VmHandOut,
} from '#api';
import type { WritableMachine } from '#foreign';
import { formatBytes } from '#lib';
import { placesFit, type ExportProfile } from './export-profiles.ts';
import { tellDomainLosses } from './export-libvirt-losses.ts';
import { exportLimits } from './export-limits.ts';
import { ImportNotes } from './import-notes.ts';

export interface ExportFacts {
  readonly definition: VmDefinition;
  /** Name of a network by its id. */
  readonly networkName: (id: string) => string;
  readonly isSaved: boolean;
}

export interface ExportedDisk {
  readonly sizeBytes: number;
  /** As the definition names it. */
  readonly disk: string;
  /** In the folder that is made. */
  readonly file: string;
}

export interface Exported {
  readonly machine: WritableMachine;
  readonly disks: readonly ExportedDisk[];
  readonly notes: ImportNotes;
}

type Choices = Pick<VmHandOut, 'savedState' | 'moveToIde'>;
type Place = Pick<Disk, 'bus' | 'controller' | 'position'>;

export function exportMachine(
  facts: ExportFacts,
  profile: ExportProfile,
  choices: Choices,
): Exported {
  const { definition } = facts;
  const { hardware, name } = definition;
  const notes = new ImportNotes();
  notes.carried('name', name);
  judgeState(facts, choices, notes);
  judgeBoard(hardware, profile, notes);
  const ide = new IdePlaces(hardware);
  const places = placeDisks(hardware, { profile, choices, ide, notes });
  const disks = places.map(({ disk, place }) => ({
    place,
    disk: disk.file,
    limits: limitsSaid(disk.limits),
    sizeBytes: disk.sizeBytes,
    file: `${fileName(name)}-${placeName(place).replace(':', '-')}.${profile.disk.format}`,
  }));
  const drives = placeDrives(hardware, { profile, ide, notes });
  const { extensions, settings } = definition;
  if (profile.format === 'ovf') tellPackage(definition, notes);
  if (profile.format === 'xml') tellDomainLosses(definition, notes);
  return {
    disks: disks.map(({ disk, file, sizeBytes }) => ({ disk, file, sizeBytes })),
    notes,
    machine: {
      // The name of a VMC is that of its file.
      name: profile.format === 'vmc' ? null : name,
      description: definition.description,
      guestOs: definition.guestOs === 'other' ? null : definition.guestOs,
      memoryBytes: hardware.memory.sizeBytes,
      processors: hardware.processor.count,
      coresPerSocket:
        hardware.processor.coresPerSocket > 1 ? hardware.processor.coresPerSocket : null,
      firmware: hardware.firmware.type,
      secureBoot: hardware.firmware.secureBoot,
      uuid: definition.id,
      chassisSerial: hardware.bios.chassis.serialNumber,
      assetTag: hardware.bios.chassis.assetTag,
      boardSerial: hardware.bios.baseBoard.serialNumber,
      scsiModel: 'lsilogic',
      disks: disks.map(({ place, file, limits }) => ({
        ...place,
        files: [file],
        undoFiles: [],
        ...(profile.format === 'xml' ? {} : exportLimits(place, limits, profile, notes)),
      })),
      drives: drives.map((place) => ({ ...place, medium: null })),
      floppy: exportFloppy(hardware, profile, notes),
      adapters: exportAdapters(facts, profile, notes),
      ...exportPorts(hardware, profile, notes),
      bootOrder: hardware.firmware.bootOrder,
      onHostStart: settings.start.onHostStart,
      onHostStop: settings.shutdown.onHostStop,
      acceleration3d: hardware.graphics.acceleration3d && profile.format === 'vmx',
      sound: exportSound(hardware, profile, notes),
      usb: exportUsb(hardware, profile, notes),
      clock: hardware.clock.base,
      tpm: hardware.tpm,
      kept: keptOf(extensions, profile.format),
    },
  };
}

/** A package says what a vm is made of, and nothing of which one it is. */
function tellPackage({ hardware, settings }: VmDefinition, notes: ImportNotes): void {
  const leave = (what: string, why: string): void =>
    notes.dropped(what, why, 'set it where the package is imported');
  leave('UUID', 'each vm that is made of the package has one of its own');
  leave(`boot order ${hardware.firmware.bootOrder.join(', ')}`, 'a package has none');
  const { chassis, baseBoard } = hardware.bios;
  if ([chassis.assetTag, chassis.serialNumber, baseBoard.serialNumber].some((one) => one !== null))
    leave('serial numbers', 'a package has none');
  if (settings.start.onHostStart !== 'off')
    leave(`start with the host, ${settings.start.onHostStart}`, 'a package says nothing of hosts');
  const ports = [...hardware.serialPorts, hardware.parallelPort];
  if (ports.some(({ kind }) => kind === 'file'))
    leave('files of serial and parallel ports', 'a package has the ports alone');
  if (hardware.adapters.some(({ macMode }) => macMode !== 'static'))
    leave('MAC addresses that were made for it', 'each vm that is made of the package has its own');
}

/** As a file is called on any system. */
export function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N} ._-]/gu, '-');
}

/** What an import has kept of the same format goes back. */
function keptOf(extensions: VmDefinition['extensions'], format: string): Record<string, string> {
  const kept = extensions[format];
  if (typeof kept !== 'object' || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function judgeState(
  { isSaved, definition }: ExportFacts,
  { savedState }: Choices,
  notes: ImportNotes,
): void {
  if (!isSaved) return;
  const why = 'a saved state fits no other product and is never written for one';
  const resume = `resume and shut it down: gantry vm restore ${definition.name}`;
  if (savedState === 'discard') notes.dropped('saved state', `${why}; it stays here`, resume);
  else
    notes.block({
      code: 'saved-state',
      text: `${definition.name} is saved: ${why}`,
      remedy: `${resume}; or export it without: --saved-state discard`,
    });
}

function judgeBoard(hardware: Hardware, profile: ExportProfile, notes: ImportNotes): void {
  const { processor, memory, firmware, adapters, tpm } = hardware;
  const exceeds = (what: string, has: string, most: string, remedy: string): void =>
    notes.block({
      code: 'export-limit',
      text: `${profile.name} has at most ${most} ${what}, the vm has ${has}`,
      remedy,
    });
  if (processor.count > profile.maxProcessors)
    exceeds(
      'processors',
      `${processor.count}`,
      `${profile.maxProcessors}`,
      'hardware.processor.count',
    );
  else notes.carried('processors', `${processor.count}`);
  const most = formatBytes(profile.maxMemoryBytes);
  if (memory.sizeBytes > profile.maxMemoryBytes)
    exceeds('memory', formatBytes(memory.sizeBytes), most, 'hardware.memory');
  else notes.carried('memory', formatBytes(memory.sizeBytes));
  if (adapters.length > profile.maxAdapters)
    exceeds(
      'network adapters',
      `${adapters.length}`,
      `${profile.maxAdapters}`,
      'take one out: gantry vm detach-adapter',
    );
  if (firmware.type === 'uefi' && !profile.uefi)
    notes.block({
      code: 'export-firmware',
      text: `${profile.name} has no UEFI, from which the guest boots`,
      remedy: 'make the guest boot from a BIOS first',
    });
  if (firmware.type === 'bios' && !profile.bios)
    notes.block({
      code: 'export-firmware',
      text: `${profile.name} has no BIOS, from which the guest boots`,
      remedy: 'make the guest boot from UEFI first',
    });
  if (tpm)
    notes.dropped('TPM', `${profile.name} gets an empty one, or none`, 'take keys out of it first');
}

/** IDE positions that nothing has. */
class IdePlaces {
  readonly #taken: Set<string>;

  constructor({ opticalDrives, disks }: Hardware) {
    this.#taken = new Set([...opticalDrives, ...disks].map(placeName));
  }

  take(): Place | undefined {
    for (const controller of [0, 1])
      for (const position of [0, 1]) {
        const place = { bus: 'ide', controller, position } as const;
        if (this.#taken.has(placeName(place))) continue;
        this.#taken.add(placeName(place));
        return place;
      }
    return undefined;
  }
}

interface Placing {
  readonly profile: ExportProfile;
  readonly ide: IdePlaces;
  readonly notes: ImportNotes;
}

function placeDisks(
  hardware: Hardware,
  { profile, choices: { moveToIde }, ide, notes }: Placing & { readonly choices: Choices },
): readonly { readonly disk: Disk; readonly place: Place }[] {
  const bootDisk = hardware.firmware.bootOrder.includes('disk') ? hardware.disks[0] : undefined;
  return hardware.disks.map((disk) => {
    const { bus, controller, position } = disk;
    const from = placeName(disk);
    const here = profile.buses[bus];
    if (disk.kind === 'linked')
      notes.block({
        code: 'export-linked',
        text: `the disk ${from} is a drive of the host`,
        remedy: 'convert it first: gantry vm convert-disk',
      });
    const fits = here !== undefined && placesFit(here, disk);
    const moved = fits || !moveToIde ? undefined : ide.take();
    const place = moved ?? { bus, controller, position };
    const role =
      disk === bootDisk
        ? 'the guest boots from it'
        : 'a page file or swap space on it would be missing';
    if (!fits && moved === undefined)
      notes.block({
        code: 'export-place',
        text: `${profile.name} has no place ${from}, so the disk would be ignored: ${role}`,
        remedy: moveToIde
          ? 'there is no free IDE position: take a disk or drive out'
          : 'put it on IDE; or let the export do that where the guest has the driver (--move-to-ide)',
      });
    else if (moved === undefined) notes.carried('disk', from);
    else
      notes.changed(
        'disk',
        from,
        `it is at ${placeName(moved)}, for which the guest has the driver`,
        'leave out --move-to-ide',
      );
    const largest = profile.buses[place.bus]?.maxBytes ?? Infinity;
    if (disk.sizeBytes > largest)
      notes.block({
        code: 'export-disk-size',
        text: `${profile.name} takes at most ${formatBytes(largest)} on ${place.bus}, the disk ${from} has ${formatBytes(disk.sizeBytes)}`,
        remedy: 'spread what it holds over smaller disks',
      });
    return { disk, place };
  });
}

/** A CD drive on IDE needs no driver of its own, so one that has no place there gets a free one. */
function placeDrives(
  { opticalDrives }: Hardware,
  { profile, ide, notes }: Placing,
): readonly Place[] {
  const places = opticalDrives.map(placeName);
  const { drivePlace } = profile;
  for (const drive of opticalDrives)
    if (drive.medium !== null) leaveMedium(`CD drive ${placeName(drive)}`, notes);
  if (drivePlace !== null && (places.length !== 1 || places[0] !== drivePlace)) {
    const has = places.length === 0 ? 'none' : places.join(', ');
    notes.block({
      code: 'export-cd',
      text: `${profile.name} demands exactly one CD drive, at ${drivePlace}; the vm has ${has}`,
      remedy: `have one CD drive, at ${drivePlace}, the first position of the secondary channel`,
    });
    return [];
  }
  return opticalDrives.map((drive): Place => {
    const { bus, controller, position } = drive;
    const from = placeName(drive);
    const known = profile.buses[bus];
    const fits = known !== undefined && placesFit(known, drive);
    const moved = fits ? undefined : ide.take();
    if (fits) notes.carried('CD drive', from);
    else if (moved !== undefined)
      notes.changed('CD drive', from, `it is at ${placeName(moved)}`, 'put it on IDE here, too');
    else
      notes.block({
        code: 'export-place',
        text: `${profile.name} has no place ${from} for a CD drive, and no IDE position is free`,
        remedy: 'take a disk or drive out',
      });
    return moved ?? { bus, controller, position };
  });
}

function leaveMedium(what: string, notes: ImportNotes): void {
  notes.dropped(`medium in the ${what}`, 'it is a file of this host', 'insert it there anew');
}

function exportAdapters(
  { definition, networkName }: ExportFacts,
  profile: ExportProfile,
  notes: ImportNotes,
): WritableMachine['adapters'] {
  return definition.hardware.adapters.map(({ slot, model, mac, macMode, attachment }) => {
    const theirs = profile.adapters[model] ?? profile.otherAdapter;
    if (profile.adapters[model] === undefined)
      notes.changed(
        `adapter ${slot}`,
        model,
        `it becomes ${theirs}, for which the guest needs a driver`,
      );
    const network =
      attachment.kind === 'network'
        ? networkName(attachment.network)
        : attachment.kind === 'user'
          ? 'nat'
          : null;
    if (network !== null)
      notes.changed(
        'network',
        network,
        `adapter ${slot} is in what is called so there`,
        'choose its network there',
      );
    notes.carried(`adapter ${slot}`, `${mac}, ${macMode}`);
    return {
      model: theirs,
      mac,
      macOrigin: macMode === 'static' ? 'static' : 'generated',
      network,
    };
  });
}

function exportPorts(
  { serialPorts, parallelPort }: Hardware,
  profile: ExportProfile,
  notes: ImportNotes,
): Pick<WritableMachine, 'serialPorts' | 'parallelPort'> {
  const name = (file: string): string => file.split('/').at(-1) ?? file;
  return {
    serialPorts: serialPorts.slice(0, profile.maxSerialPorts).map((port, slot) => {
      if (port.kind === 'file') return { kind: 'file', file: name(port.file) };
      // libvirt's definition has them all, and says so itself
      if (port.kind !== 'none' && profile.format !== 'xml')
        notes.dropped(
          `serial port ${slot + 1}`,
          `its ${port.kind} is of this host`,
          'lead it somewhere there',
        );
      return { kind: 'none' };
    }),
    parallelPort:
      parallelPort.kind === 'file' ? { kind: 'file', file: name(parallelPort.file) } : null,
  };
}

function exportFloppy(
  { floppy }: Hardware,
  profile: ExportProfile,
  notes: ImportNotes,
): WritableMachine['floppy'] {
  if (floppy === null) return undefined;
  if (floppy.medium !== null) leaveMedium('floppy drive', notes);
  if (profile.floppy) return { medium: null };
  notes.dropped('floppy drive', `${profile.name} has none`, 'use a CD image there');
  return undefined;
}

function exportSound(
  { sound }: Hardware,
  profile: ExportProfile,
  notes: ImportNotes,
): WritableMachine['sound'] {
  if (sound === 'none') return null;
  if (profile.sound) {
    notes.carried('sound card', sound);
    return sound;
  }
  notes.dropped(
    `sound card ${sound}`,
    `${profile.name} has none, and plug and play would report errors there`,
    'remove its driver in the guest',
  );
  return null;
}

function exportUsb(
  { usb }: Hardware,
  profile: ExportProfile,
  notes: ImportNotes,
): WritableMachine['usb'] {
  if (usb === 'none') return null;
  if (profile.usb) {
    if (profile.format !== 'xml') notes.carried('USB controller', usb);
    return usb;
  }
  notes.dropped(
    `USB controller ${usb}`,
    `${profile.name} has no USB, so nothing is passed through`,
    'do without it',
  );
  return null;
}
