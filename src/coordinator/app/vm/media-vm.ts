/** Media in the drives of a vm. Images are kept by their id, so that they may be renamed. */
import { Fault } from '#lib';
import {
  mediumSchema,
  placeName,
  traySchema,
  type DryRun,
  type Medium,
  type Operation,
  type Tray,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import { findImage } from '../find.ts';
import { asJson } from '../json.ts';
import { imageOnHost } from '../media.ts';
import type { Kind, Step, Work } from '../work.ts';
import { pushStep } from './change-vm.ts';
import { causeOf, changeDefinition } from './common-steps.ts';
import { begin, machineOf, prepare, withHardware } from './device-change.ts';
import { requireOwnFiles } from './others-files.ts';
import { requireDriveRight } from './raw-devices.ts';

export interface MediumChange {
  readonly place: string;
  /** Null ejects. */
  readonly medium: Medium | null;
  readonly tray: Tray;
}

export async function changeMedium(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  { place, medium, tray }: MediumChange,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { vm, definition } = prepare(coordinator, id, 'insert-media');
  const before = mediumAt(definition, place);
  let wanted = medium;
  if (medium?.kind === 'image') {
    const image = findImage(coordinator.inventory, caller, medium.image);
    if (image.data.hostId !== vm.data.hostId)
      throw new Fault('refused', `the image ${image.data.name} is not on the host of the vm`, {
        hint: 'build or add it there',
      });
    const fits = place === 'floppy' ? 'floppy' : 'cd';
    if (image.data.imageKind !== fits)
      throw new Fault(
        'refused',
        `the image ${image.data.name} is a ${image.data.imageKind}, not a ${fits}`,
      );
    // By id, so that the image may be renamed.
    wanted = { kind: 'image', image: image.id };
  }
  const after = putMedium(definition, place, wanted);
  requireOwnFiles(coordinator.inventory, caller, vm.data.hostId, after, definition);
  requireDriveRight(caller, vm.data.hostId, after, definition);
  return await begin(
    coordinator,
    caller,
    vm,
    wanted === null ? ejectKind : insertKind,
    { place, medium: asJson(wanted), before: asJson(before), tray },
    dryRun,
  );
}

/** What is in the drive. Errors: `not-found`. */
function mediumAt({ hardware, name }: VmDefinition, place: string): Medium | null {
  if (place === 'floppy' && hardware.floppy !== null) return hardware.floppy.medium;
  const drive = hardware.opticalDrives.find((one) => placeName(one) === place);
  if (drive !== undefined) return drive.medium;
  const drives = hardware.opticalDrives.map(placeName);
  if (hardware.floppy !== null) drives.push('floppy');
  throw new Fault('not-found', `${name} has no drive ${place.slice(0, 40)}`, {
    hint: `its drives are: ${drives.join(', ') || 'none'}`,
  });
}

function putMedium(definition: VmDefinition, place: string, medium: Medium | null): VmDefinition {
  const { opticalDrives, floppy } = definition.hardware;
  if (place === 'floppy')
    return withHardware(definition, { floppy: floppy === null ? null : { ...floppy, medium } });
  return withHardware(definition, {
    opticalDrives: opticalDrives.map((drive) =>
      placeName(drive) === place ? { ...drive, medium } : drive,
    ),
  });
}

function mediumOf(work: Work, which: 'medium' | 'before'): Medium | null {
  return mediumSchema.nullable().parse(work.input[which] ?? null);
}

async function callMedium(work: Work, which: 'medium' | 'before'): Promise<void> {
  const { hostId, machine } = machineOf(work);
  const { inventory, links } = work.coordinator;
  const medium = mediumOf(work, which);
  const image = medium?.kind === 'image' ? imageOnHost(inventory, hostId, medium.image) : undefined;
  const { live } = await links.call(
    hostId,
    'machine.medium',
    {
      ...machine,
      place: String(work.input['place']),
      medium,
      path: image?.document.path ?? null,
      tray: traySchema.parse(work.input['tray']),
    },
    { signal: work.signal },
  );
  await work.conclude({ live });
}

function writeMedium(work: Work, which: 'medium' | 'before'): Promise<boolean> {
  const place = String(work.input['place']);
  return changeDefinition(work, (now) => putMedium(now, place, mediumOf(work, which)));
}

const mediumSteps: readonly Step[] = [
  {
    name: 'change',
    run: (work) => callMedium(work, 'medium'),
    undo: (work) => callMedium(work, 'before'),
  },
  {
    name: 'write',
    run: async (work) => {
      await writeMedium(work, 'medium');
    },
    undo: async (work) => {
      await writeMedium(work, 'before');
      await work.pusher.pushOrLater(work.target.id, causeOf(work));
    },
  },
  pushStep,
];

export const insertKind: Kind = { action: 'vm.medium.insert', steps: mediumSteps };
export const ejectKind: Kind = { action: 'vm.medium.eject', steps: mediumSteps };
