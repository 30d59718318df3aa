/**
 * Copies of vms (VM-87, VM-92): another vm with other identity, and disks of its own or layers above those of the source
 * (docs/rfd/0019). The operation has the source, so that nobody starts it while it is copied; the copy is known once its
 * files are whole.
 */
import { randomUUID } from 'node:crypto';
import {
  linkedPlace,
  placeName,
  type Disk,
  type DiskCopy,
  type DryRun,
  type MachineReport,
  type Operation,
  type VmClone,
  type VmDefinition,
} from '#api';
import { Fault, isFault, type Reason } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { findPlace, requireVerb } from '../find.ts';
import { asJson } from '../json.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { definitionForAgent, definitionFromAgent } from '../media.ts';
import { nameTaken, requireFreeName, reserveName } from '../names.ts';
import { vmThing } from '../things.ts';
import { giveMac, usedMacs } from '../macs.ts';
import { stepNames, type Kind, type Step, type Work } from '../work.ts';
import { causeOf, vmFrame } from './common-steps.ts';
import { forgiveMissing, register, releaseOwnName, unregister } from './create-steps.ts';
import { creatorWithoutRights } from './creator-grant.ts';
import { machineOf, prepare, withHardware } from './device-change.ts';
import { guestOfClone, identity, warnOfIdentity } from './guest-identity.ts';
import { withDiskFiles, withMediaOf, withRelativePaths } from './own-paths.ts';
import { requireScriptRight } from './script-right.ts';
import { findSnapshot } from './snapshots-vm.ts';

/** As long as the copying of large disks takes. */
export const copyLimitMs = 24 * 3_600_000;

interface CloneInput {
  /** Of the copy. */
  readonly definition: VmDefinition;
  readonly disks: readonly DiskCopy[];
  readonly linked: { readonly snapshotId: string | null } | null;
  readonly guest: Pick<VmDocument, 'guest'>;
  /** In words. */
  readonly warnings: readonly string[];
  /** The vm whose guest was not generalised; null where there is no need to tell. */
  readonly sameGuestAs: string | null;
  readonly hostId: string;
  readonly folderId: string;
  readonly parent: string | null;
  readonly creator: string | null;
}

export async function cloneVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: VmClone,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const { vm, definition, linked } = await chooseSource(coordinator, id, request);
  const { hostId } = vm.data;
  const folderId =
    request.folder === undefined
      ? vm.data.folderId
      : findPlace(inventory, caller, request.folder).id;
  const place = { folderId, hostId };
  requireVerb(
    caller,
    'vm.create',
    { kind: 'place', ...place },
    `folder ${inventory.folderPath(folderId)}`,
  );
  requireFreeName(inventory, 'vm', request.name);
  const macs = usedMacs(inventory);
  const copy = copyDefinition(withRelativePaths(definition, vm.data.path), vm.data.path, {
    id: randomUUID(),
    name: request.name,
    makeMac: () => giveMac(inventory, macs),
    fileOf: (disk) => (linked === null ? fileOfCopy(request.name, disk) : disk.file),
  });
  requireScriptRight(caller, { kind: 'place', ...place }, copy);
  const disks = definition.hardware.disks.map((disk, index) => ({
    from: disk.file,
    to: copy.hardware.disks[index]?.file ?? disk.file,
  }));
  const target = vmThing(id, vm.data);
  const said = request.generalised === true ? 'generalised' : undefined;
  const sameGuest = warnOfIdentity(vm.data, said);
  const ofState = linked === null && inventory.vm(id)?.state === 'saved';
  const warnings = [...warnOf(definition, ofState), ...sameGuest];
  if (dryRun)
    return {
      dryRun: true,
      action: cloneKind.action,
      target,
      steps: stepNames(cloneKind),
      changes: [],
      warnings: asReasons(warnings),
    };
  const input: CloneInput = {
    definition: copy,
    disks,
    linked,
    guest: guestOfClone(vm.data, said),
    warnings: inWords(warnings),
    sameGuestAs: sameGuest.length === 0 ? null : vm.data.definition.name,
    ...place,
    parent: request.path ?? null,
    creator: creatorWithoutRights(caller, place),
  };
  try {
    return await coordinator.operations.submit(
      caller,
      { action: cloneKind.action, target, input: asJson(input) as Record<string, never> },
      reserveName('vm', copy.name, copy.id),
    );
  } catch (error) {
    // Somebody was faster with the name.
    if (isFault(error, 'exists')) throw nameTaken('vm', copy.name);
    throw error;
  }
}

interface Source {
  readonly vm: Document<VmDocument>;
  /** Of the vm as it is, or with the hardware that it had at the snapshot. */
  readonly definition: VmDefinition;
  readonly linked: CloneInput['linked'];
}

/** Errors: `invalid`, `not-found` for a snapshot; `refused` where the state of the vm does not allow it. */
async function chooseSource(
  coordinator: Coordinator,
  id: string,
  { linked = false, snapshot: reference }: VmClone,
): Promise<Source> {
  const { inventory, links } = coordinator;
  if (reference === undefined) {
    const source = prepare(coordinator, id, 'clone');
    if (linked && inventory.vm(id)?.state !== 'off')
      throw new Fault('refused', `${source.definition.name} is not off`, {
        hint: 'shut it down first, or make the linked clone from one of its snapshots',
      });
    return { ...source, linked: linked ? { snapshotId: null } : null };
  }
  if (!linked)
    throw new Fault('invalid', 'only linked clones are made from snapshots', {
      hint: 'add --linked; gantry vm flatten makes the clone independent afterwards',
    });
  const { vm, definition: now } = prepare(coordinator, id, 'clone-snapshot');
  const { id: snapshotId } = findSnapshot(inventory, id, reference);
  const { hostId } = vm.data;
  const kept = await links.call(hostId, 'machine.snapshot.read', { id, snapshotId });
  const { guestOs, resources, hardware } = definitionFromAgent(inventory, hostId, kept.definition);
  return { vm, definition: { ...now, guestOs, resources, hardware }, linked: { snapshotId } };
}

/** Errors: `refused` for a disk that other vms write to as well, and for a linked one. */
export function copyDefinition(
  source: VmDefinition,
  folder: string,
  as: {
    readonly id: string;
    readonly name: string;
    readonly makeMac: () => string;
    readonly fileOf: (disk: Disk) => string;
  },
): VmDefinition {
  const { id, name, makeMac: newMac, fileOf } = as;
  const linked = linkedPlace(source.hardware);
  if (linked !== undefined)
    throw new Fault('refused', `${source.name} has a linked disk at ${linked}`, {
      hint: 'convert it with: gantry vm convert-disk, or detach it',
    });
  const shared = source.hardware.disks.find((disk) => disk.shared);
  if (shared !== undefined)
    throw new Fault('refused', `the disk ${placeName(shared)} of ${source.name} is shared`, {
      hint: 'detach it, clone the vm, and attach it again',
    });
  const renamed = withDiskFiles(withMediaOf(source, folder), fileOf);
  const shutdown = { ...source.settings.shutdown, quit: { wasRunning: false } };
  return {
    ...withHardware(renamed, {
      // Given anew by the first start.
      bios: { chassis: { assetTag: null, serialNumber: null }, baseBoard: { serialNumber: null } },
      adapters: renamed.hardware.adapters.map((adapter) => ({
        ...adapter,
        mac: newMac(),
        macMode: 'dynamic',
        attachment:
          adapter.attachment.kind === 'user'
            ? {
                ...adapter.attachment,
                // The same port of the host cannot lead to two vms.
                forwards: adapter.attachment.forwards.map((one) => ({ ...one, hostPort: 0 })),
              }
            : adapter.attachment,
      })),
    }),
    id,
    name,
    settings: { ...source.settings, shutdown },
  };
}

function fileOfCopy(name: string, disk: Disk): string {
  return `${name}-${placeName(disk).replace(':', '-')}.${disk.format}`;
}

function warnOf({ hardware, name }: VmDefinition, isSaved: boolean): Reason[] {
  const warnings: Reason[] = [];
  const ports = hardware.adapters.flatMap(({ attachment }) =>
    attachment.kind === 'user' ? attachment.forwards.map(({ hostPort }) => hostPort) : [],
  );
  if (ports.some((port) => port !== 0))
    warnings.push({
      code: 'forwards',
      text: `ports of the host that lead to ${name} are chosen anew for the copy: ${ports.join(', ')}`,
    });
  if (isSaved)
    warnings.push({
      code: 'saved-identity',
      text: 'the guest goes on with the addresses that it had; it has its own after it was turned off',
    });
  return warnings;
}

function inputOf(work: Work): CloneInput {
  return work.input as unknown as CloneInput;
}

const copyStep: Step = {
  name: 'copy',
  async run(work) {
    const { definition, disks, parent, linked } = inputOf(work);
    const { hostId, machine } = machineOf(work);
    const { inventory, links } = work.coordinator;
    const { report } = await links.call(
      hostId,
      'machine.clone',
      {
        ...machine,
        definition: definitionForAgent(inventory, hostId, definition),
        definitionVersion: 1,
        parent,
        disks: [...disks],
        ...(linked === null ? {} : { linked }),
      },
      {
        signal: work.signal,
        limitMs: copyLimitMs,
        onProgress: (progress, note) => work.tell(progress, note),
      },
    );
    await work.remember({ report: asJson(report) });
  },
  async undo(work) {
    const { definition, hostId } = inputOf(work);
    await forgiveMissing(
      work.coordinator.links.call(hostId, 'machine.destroy', {
        id: definition.id,
        generation: 0,
        cause: causeOf(work),
        keep: [],
      }),
    );
    await releaseOwnName(work, definition.id, definition.name);
  },
};

const registerStep: Step = {
  name: 'register',
  async run(work) {
    const { definition, hostId, folderId, creator, guest, warnings, sameGuestAs } = inputOf(work);
    const report = work.memory['report'] as unknown as MachineReport;
    const vm: VmDocument = {
      definition,
      hostId,
      folderId,
      path: report.path,
      revision: 1,
      generation: report.generation,
      ...guest,
    };
    await register(work, vm, report, 'cloned', creator, {
      events:
        sameGuestAs === null
          ? []
          : [
              {
                ...vmFrame(work, vm),
                name: 'vm.clone.not-generalised',
                attributes: { source: sameGuestAs, identity },
              },
            ],
    });
    work.pusher.note(definition.id, 1);
    await work.conclude({
      vm: definition.id,
      ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
    });
  },
  undo: (work) => unregister(work, inputOf(work).definition.id),
};

export const cloneKind: Kind = { action: 'vm.clone', steps: [copyStep, registerStep] };
