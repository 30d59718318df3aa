/**
 * Copies of vms (VM-87, VM-92, SNAP-16): another vm with other identity, and disks of its own or layers above those of
 * the source (docs/rfd/0019). The operation has the source, so that nobody starts it while it is copied; a snapshot is
 * copied without, since nobody changes it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import {
  linkedPlace,
  placeName,
  useOf,
  type Disk,
  type DryRun,
  type Operation,
  type Thing,
  type VmClone,
  type VmDefinition,
} from '#api';
import { machineId } from '#foreign';
import { Fault, isFault, type Reason } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import { chargeVm } from '../../operations/charge.ts';
import type { Document } from '../../store/store.ts';
import { findPlace, requireVerb, vmDocument } from '../find.ts';
import { asJson } from '../json.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { warnOfEnvironments } from '../network/environments.ts';
import { definitionFromAgent } from '../media.ts';
import { nameDocument, nameTaken, requireFreeName, reserveName } from '../names.ts';
import { vmThing } from '../things.ts';
import { giveMac, usedMacs } from '../macs.ts';
import { stepNames, type Kind } from '../work.ts';
import { copiedFile, onHypervisor, requireForHypervisor } from './clone-on-hypervisor.ts';
import { cloneKind, cloneRunningKind, cloneSnapshotKind, type CloneInput } from './clone-steps.ts';
import { creatorWithoutRights } from './creator-grant.ts';
import { prepare, withHardware } from './device-change.ts';
import { seedOf, withoutSeed, withSeed } from './first-boot.ts';
import { guestOfClone, warnOfIdentity } from './guest-identity.ts';
import { withDiskFiles, withMediaOf, withRelativePaths } from './own-paths.ts';
import { requireDriveRight } from './raw-devices.ts';
import { requireScriptRight } from './script-right.ts';
import { findSnapshot, newSnapshot } from './snapshots-vm.ts';
import { isForeignHost } from './tell-hypervisor.ts';

export async function cloneVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: VmClone,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const source = await chooseSource(coordinator, id, request);
  const { vm, definition, linked, kind } = source;
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
  const uuid = randomUUID();
  const isForeign = isForeignHost(inventory, hostId);
  if (isForeign) requireForHypervisor(request);
  const isLinked = linked !== null;
  const itself = isForeign ? definition : withRelativePaths(definition, vm.data.path);
  const fileHere = (disk: Disk) => (isLinked ? disk.file : fileOfCopy(request.name, disk));
  const plain = copyDefinition(itself, vm.data.path, {
    id: isForeign ? machineId(hostId, uuid) : uuid,
    name: request.name,
    makeMac: () => giveMac(inventory, macs),
    makeSerial: () => randomBytes(10).toString('hex').toUpperCase(),
    firstBoot: request.firstBoot !== undefined,
    fileOf: isForeign ? copiedFile(request, isLinked) : fileHere,
  });
  const copy = isForeign ? onHypervisor(plain, uuid, isLinked) : plain;
  requireScriptRight(caller, { kind: 'place', ...place }, copy);
  requireDriveRight(caller, hostId, copy);
  const disks = definition.hardware.disks.map((disk, index) => ({
    from: disk.file,
    to: copy.hardware.disks[index]?.file ?? disk.file,
  }));
  const made: Thing = { kind: 'vm', id: copy.id, name: copy.name };
  const target = kind === cloneKind ? vmThing(id, vm.data) : made;
  const said = request.generalised === true ? 'generalised' : undefined;
  const sameGuest = warnOfIdentity(vm.data, said);
  const ofState = linked === null && inventory.vm(id)?.state === 'saved';
  const warnings = [
    ...warnOf(definition, ofState),
    ...sameGuest,
    ...warnOfEnvironments(inventory, copy),
  ];
  const charge = { vm: copy.id, folderId, use: useOf(copy) };
  chargeVm(inventory, charge, copy.name);
  if (dryRun)
    return {
      dryRun: true,
      action: kind.action,
      target,
      steps: stepNames(kind),
      changes: [],
      warnings: asReasons(warnings),
    };
  const input: CloneInput = {
    sourceId: id,
    definition: copy,
    disks,
    linked,
    passing:
      kind === cloneRunningKind
        ? newSnapshot(caller, {
            name: `clone-${copy.id.slice(0, 8)}`,
            description: `for ${copy.name}, until that is whole`,
            quiesce: request.quiesce ?? false,
          })
        : null,
    seed: request.firstBoot === undefined ? null : seedOf(copy, request.firstBoot),
    separate: source.separate,
    guest: guestOfClone(vm.data, said),
    warnings: inWords(warnings),
    sameGuestAs: sameGuest.length === 0 ? null : vm.data.definition.name,
    ...place,
    parent: source.parent,
    creator: creatorWithoutRights(caller, place),
  };
  try {
    return await coordinator.operations.submit(
      caller,
      {
        action: kind.action,
        target,
        ...(target === made ? {} : { makes: made }),
        input: asJson(input) as Record<string, never>,
        reserves: [nameDocument('vm', copy.name)],
        charge,
      },
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
  readonly separate: CloneInput['separate'];
  /** Folder of the host in which the copy is made; null: its folder for vms. */
  readonly parent: string | null;
  readonly kind: Kind;
}

/** Errors: `invalid`, `not-found` for a snapshot; `refused` where the state of the vm does not allow it. */
async function chooseSource(
  coordinator: Coordinator,
  id: string,
  request: VmClone,
): Promise<Source> {
  const { inventory, links } = coordinator;
  const { linked = false, snapshot, path, quiesce = false } = request;
  const reference = snapshot ?? vmDocument(inventory, id).data.template?.snapshotId;
  if (quiesce && reference !== undefined)
    throw new Fault('invalid', 'a snapshot that is there already was quiesced then, or was not', {
      hint: 'leave --quiesce out',
    });
  if (reference === undefined) {
    const source = prepare(coordinator, id, 'clone');
    const isForeign = isForeignHost(inventory, source.vm.data.hostId);
    const state = inventory.vm(id)?.state;
    if (state === 'running') {
      const place = placeAt(source.vm.data, request, isForeign);
      return { ...source, linked: { snapshotId: null }, ...place, kind: cloneRunningKind };
    }
    if (quiesce) throw notRunning(source.definition.name);
    if ((linked || isForeign) && state !== 'off')
      throw new Fault('refused', `${source.definition.name} is not off`, {
        hint: 'shut it down or resume it first, or make the clone from one of its snapshots',
      });
    return {
      ...source,
      linked: linked ? { snapshotId: null } : null,
      separate: null,
      parent: path ?? null,
      kind: cloneKind,
    };
  }
  const { vm, definition: now } = prepare(coordinator, id, 'clone-snapshot');
  const { id: snapshotId } = findSnapshot(inventory, id, reference);
  const { hostId } = vm.data;
  const kept = await links.call(hostId, 'machine.snapshot.read', { id, snapshotId });
  const isForeign = isForeignHost(inventory, hostId);
  const { guestOs, resources, hardware } = definitionFromAgent(inventory, hostId, kept.definition);
  return {
    vm,
    definition: { ...now, guestOs, resources, hardware },
    linked: { snapshotId },
    ...placeAt(vm.data, request, isForeign),
    kind: cloneSnapshotKind,
  };
}

/**
 * Where what is made of a snapshot comes to be: what shares files with the vm is made on its volume, and goes from there to where
 * a copy of a vm that is off is made at once.
 */
function placeAt(
  vm: VmDocument,
  { linked = false, path }: VmClone,
  isForeign: boolean,
): Pick<Source, 'separate' | 'parent'> {
  if (linked) return { separate: null, parent: path ?? null };
  const wanted = path === undefined ? 'usual' : posix.resolve(path);
  const parent = isForeign ? null : wanted;
  return { separate: { parent }, parent: posix.dirname(vm.path) };
}

function notRunning(name: string): Fault {
  return new Fault('refused', `${name} does not run: no guest is there to be held still`, {
    hint: 'leave --quiesce out',
  });
}

/** Errors: `refused` for a disk that other vms write to as well, and for a linked one. */
export function copyDefinition(
  source: VmDefinition,
  folder: string,
  as: {
    readonly id: string;
    readonly name: string;
    readonly makeMac: () => string;
    readonly makeSerial: () => string;
    /** Whether it gets a configuration disk in a CD drive. */
    readonly firstBoot: boolean;
    readonly fileOf: (disk: Disk) => string;
  },
): VmDefinition {
  const { id, name, makeMac: newMac, makeSerial, fileOf } = as;
  const linked = linkedPlace(source.hardware);
  if (linked !== undefined)
    throw new Fault('refused', `${source.name} has a linked disk at ${linked}`, {
      hint: 'convert it with: gantry vm convert-disk, or detach it',
    });
  const device = source.hardware.disks.find((disk) => disk.kind === 'device');
  if (device !== undefined)
    throw new Fault(
      'refused',
      `the disk ${placeName(device)} of ${source.name} is a raw device: a drive of the host is not copied`,
      { hint: 'detach it, clone the vm, and attach it again' },
    );
  const shared = source.hardware.disks.find((disk) => disk.shared);
  if (shared !== undefined)
    throw new Fault('refused', `the disk ${placeName(shared)} of ${source.name} is shared`, {
      hint: 'detach it, clone the vm, and attach it again',
    });
  const renamed = withDiskFiles(withMediaOf(withoutSeed(source), folder), fileOf);
  const shutdown = { ...source.settings.shutdown, quit: { wasRunning: false } };
  const copy = {
    ...withHardware(renamed, {
      // Given anew by the first start.
      bios: { chassis: { assetTag: null, serialNumber: null }, baseBoard: { serialNumber: null } },
      disks: renamed.hardware.disks.map((disk) =>
        disk.serial === '' ? disk : { ...disk, serial: makeSerial() },
      ),
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
    extensions: withoutIdentity(source.extensions),
  };
  return as.firstBoot ? withSeed(copy) : copy;
}

/** The UUID of a vm that was adopted is its guest's alone. */
function withoutIdentity({ libvirt: _libvirt, ...rest }: VmDefinition['extensions']) {
  return rest;
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
