/**
 * What is right in a definition and yet may not be wanted: hardware that another product lacks, that the
 * guest is known to fail on, or that an installed guest does not know yet. Pure. None of it stops anything;
 * it is told by checks, by dry runs and in the results of creations and changes.
 */
import {
  findGuest,
  largestVhdBytes,
  placeName,
  portableDrivePlace,
  productFacts,
  type Disk,
  type GuestIncompatibility,
  type Hardware,
  type StartCheck,
  type VmDefinition,
} from '#api';
import { formatBytes, type Reason } from '#lib';
import type { Inventory } from '../inventory/inventory.ts';

/** `hostProcessor` is how the processor of the vm's host calls itself, where that is known. */
export function warnOfHardware(
  definition: VmDefinition,
  hostProcessor: string | undefined,
): readonly Reason[] {
  return [...warnOfPortability(definition), ...warnOfGuest(definition, hostProcessor)];
}

/** What is lost with a disk that is ignored. */
const bootsFrom = 'the guest boots from it, and would not start there';
const mayHoldPages = 'a page file or swap space on it would be missing there';

function warnOfPortability({ hardware, portableTo }: VmDefinition): readonly Reason[] {
  const warnings: Reason[] = [];
  const warn = (code: string, text: string, remedy: string): void => {
    warnings.push({ code: `portability-${code}`, text, remedy });
  };
  const bootDisk = hardware.firmware.bootOrder.includes('disk') ? hardware.disks[0] : undefined;
  for (const product of portableTo) {
    const { name, sound, diskBuses } = productFacts[product];
    if (hardware.sound !== 'none' && !sound)
      warn(
        'sound',
        `${name} has no sound device, the vm has ${hardware.sound}`,
        'remove the sound device: hardware.sound=none',
      );
    for (const disk of hardware.disks) {
      const place = placeName(disk);
      const largestBytes = largestVhdBytes[disk.bus] ?? Infinity;
      if (!diskBuses.includes(disk.bus))
        warn(
          'disk',
          `${name} ignores the disk ${place}: it has no ${disk.bus} bus; ${disk === bootDisk ? bootsFrom : mayHoldPages}`,
          `attach the disk on ${diskBuses.join(' or ')}`,
        );
      else if (disk.sizeBytes > largestBytes)
        warn(
          'disk-size',
          `${name} takes a VHD of at most ${formatBytes(largestBytes)} on ${disk.bus}, the disk ${place} has ${formatBytes(disk.sizeBytes)}`,
          diskBuses.includes('scsi') && disk.bus === 'ide'
            ? 'attach the disk on scsi'
            : 'spread what it holds over smaller disks',
        );
    }
  }
  const places = hardware.opticalDrives.map(placeName);
  if (portableTo.length > 0 && places.length > 1)
    warn(
      'cd-drives',
      `the vm has ${places.length} CD drives (${places.join(', ')}); other products take one`,
      `keep the one at ${portableDrivePlace}`,
    );
  else if (portableTo.length > 0 && places[0] !== undefined && places[0] !== portableDrivePlace)
    warn(
      'cd-place',
      `the CD drive is at ${places[0]}; other products look for it at ${portableDrivePlace}`,
      `put it at ${portableDrivePlace}, the first position of the secondary channel`,
    );
  return warnings;
}

function warnOfGuest(
  { guestOs, hardware }: VmDefinition,
  hostProcessor: string | undefined,
): readonly Reason[] {
  const guest = findGuest(guestOs);
  if (guest === undefined) return [];
  return guest.incompatibilities
    .filter((known) => isChosen(known, hardware, hostProcessor))
    .map(({ text }) => ({
      code: 'guest-incompatibility',
      text: `${guest.name}: ${text}`,
      remedy: `recommended: profile ${guest.profile}, disks on ${guest.diskBus}, network adapter ${guest.adapter}`,
    }));
}

function isChosen(
  known: GuestIncompatibility,
  { machine, disks, adapters, processor, scsiController }: Hardware,
  hostProcessor: string | undefined,
): boolean {
  return (
    known.machines.includes(machine) ||
    disks.some(({ bus }) => known.diskBuses.includes(bus)) ||
    (disks.some(({ bus }) => bus === 'scsi') && known.scsiControllers.includes(scsiController)) ||
    adapters.some(({ model }) => known.adapters.includes(model)) ||
    known.processorModels.includes(processor.model) ||
    (processor.model === 'host' &&
      known.hostProcessors.some((part) => hostProcessor?.includes(part) === true))
  );
}

/**
 * Changes after which a guest that is installed may not boot, each with the way to keep the old device
 * beside the new one where there is room for both (HW-51).
 */
export function warnOfChange(before: VmDefinition, after: VmDefinition): readonly Reason[] {
  const { name } = after;
  const [old, now] = [before.hardware, after.hardware];
  const warnings: Reason[] = [];
  const warn = (what: string, remedy: string): void => {
    warnings.push({
      code: 'guest-may-not-boot',
      text: `the guest of ${name} may not boot: ${what}`,
      remedy,
    });
  };
  const prepare = 'install the drivers in the guest first; to go back, set the old value again';
  if (old.machine !== now.machine)
    warn(`the machine type changes from ${old.machine} to ${now.machine}`, prepare);
  if (old.firmware.type !== now.firmware.type)
    warn(`the firmware changes from ${old.firmware.type} to ${now.firmware.type}`, prepare);
  const moved = now.disks.find((disk) => {
    const same = old.disks.find(({ file }) => file === disk.file);
    return same !== undefined && same.bus !== disk.bus;
  });
  if (moved !== undefined)
    warn(
      `the disk ${moved.file} moves to the bus ${moved.bus}`,
      `keep it where it is and add a small disk beside it until the guest has the driver: gantry vm attach-disk ${name} --new 1G --bus ${moved.bus}`,
    );
  const hasScsi = (disks: readonly Disk[]): boolean => disks.some(({ bus }) => bus === 'scsi');
  if (old.scsiController !== now.scsiController && hasScsi(old.disks))
    warn(
      `the SCSI controller changes from ${old.scsiController} to ${now.scsiController}`,
      'keep the controller, and put new disks on another bus beside it',
    );
  for (const adapter of now.adapters) {
    const same = old.adapters.find(({ slot }) => slot === adapter.slot);
    if (same === undefined || same.model === adapter.model) continue;
    warn(
      `network adapter ${adapter.slot} changes from ${same.model} to ${adapter.model}`,
      `keep the old adapter and add the new one beside it: gantry vm attach-adapter ${name} --model ${adapter.model}`,
    );
  }
  return warnings;
}

/** How the processor of the host calls itself. */
export function hostProcessor(
  inventory: Pick<Inventory, 'host'>,
  hostId: string,
): string | undefined {
  return inventory.host(hostId)?.facts?.processor.model;
}

/** As the contract has them. */
export function asReasons(warnings: readonly Reason[]): StartCheck['warnings'] {
  return warnings.map(({ code, text, remedy }) =>
    remedy === undefined ? { code, text } : { code, text, remedy },
  );
}

/** As operations keep and tell them. */
export function inWords(warnings: readonly Reason[]): readonly string[] {
  return warnings.map(({ text, remedy }) => (remedy === undefined ? text : `${text}; ${remedy}`));
}
