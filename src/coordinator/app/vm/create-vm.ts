/** Creating and adding vms (VM-01 to VM-03, VM-10). The work itself is in create-steps.ts. */
import { randomUUID } from 'node:crypto';
import { machineId, metadataKey, titleKey } from '#foreign';
import { Fault, isFault } from '#lib';
import {
  isUuid,
  useOf,
  type DiskSource,
  type DryRun,
  type Operation,
  type StartCheck,
  type VmCreate,
  type VmDefinition,
} from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { HostDocument, ImageDocument, VmDocument } from '../../documents.ts';
import { chargeVm } from '../../operations/charge.ts';
import type { Document } from '../../store/store.ts';
import { findHost, findImage, findPlace, requireAbility, requireVerb } from '../find.ts';
import { asReasons, inWords } from '../hardware-warnings.ts';
import { asJson } from '../json.ts';
import { definitionForAgent } from '../media.ts';
import { nameDocument, nameTaken, requireFreeName, reserveName } from '../names.ts';
import { requireProfile } from '../profiles.ts';
import { giveMac, requireFreeMacs, usedMacs } from '../macs.ts';
import { requireAccountChoice } from './account-choice.ts';
import { judgeAutomaticStart } from './automatic-start.ts';
import { creatorWithoutRights } from './creator-grant.ts';
import { makeDefinition } from './make-definition.ts';
import { requireOwnFiles } from './others-files.ts';
import { requireDriveRight } from './raw-devices.ts';
import { requireScriptRight } from './script-right.ts';
import { plugIn } from './tell-hypervisor.ts';
import { requireTimeSource } from './time-source.ts';
import { warnOfVm } from '../vm-warnings.ts';
import { stepNames } from '../work.ts';
import { addKind, createKind } from './create-steps.ts';

/** What the operation vm.create is given. */
export interface CreateInput {
  readonly definition: VmDefinition;
  readonly hostId: string;
  readonly folderId: string;
  readonly disks: readonly DiskSource[];
  readonly start: boolean;
  /** What was said of it that stands in nothing's way, for the result. */
  readonly warnings: readonly string[];
  /** The user who gets a grant on it. */
  readonly creator: string | null;
}

/** What the operation vm.add is given. */
export interface AddInput {
  readonly hostId: string;
  readonly folderId: string;
  readonly file: string;
  /** The user who gets a grant on it. */
  readonly creator: string | null;
  /** Whether who adds it may give drives of the host to vms: what the file says is known later. */
  readonly mayGiveDrives: boolean;
}

export async function createVm(
  coordinator: Coordinator,
  caller: Caller,
  create: VmCreate,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory, links } = coordinator;
  const folder = findPlace(inventory, caller, create.folder ?? '/');
  const image =
    create.disk?.kind === 'image' ? findImage(inventory, caller, create.disk.image) : undefined;
  const host = chooseHost(coordinator, caller, create.host, folder.id, image);
  requireFreeName(inventory, 'vm', create.name);
  const isForeign = host.data.connection !== undefined;
  const uuid = (isForeign ? uuidThere(coordinator, create, host.id) : undefined) ?? randomUUID();
  const wish = isForeign ? onHypervisor(create, uuid) : create;
  const id = isForeign ? machineId(host.id, uuid) : chooseId(coordinator, create);
  const macs = usedMacs(inventory);
  const existingSizeBytes =
    create.disk?.kind === 'existing'
      ? (
          await links.call(host.id, 'machine.disk.inspect', {
            id: null,
            file: create.disk.file,
            format: create.disk.format,
          })
        ).sizeBytes
      : undefined;
  const made = makeDefinition({
    id,
    create: wish,
    profile: create.profile === undefined ? undefined : requireProfile(inventory, create.profile),
    image: image?.data,
    existingSizeBytes,
    makeMac: () => giveMac(inventory, macs),
  });
  const definition = plugIn(inventory, host.id, made.definition);
  const { disks } = made;
  requireTimeSource(definition, false);
  requireAccountChoice(definition);
  requireOwnFiles(inventory, caller, host.id, definition);
  requireDriveRight(caller, host.id, definition);
  requireScriptRight(caller, { kind: 'place', folderId: folder.id, hostId: host.id }, definition);
  requireFreeMacs(inventory, caller, definition);
  const plan = await links.call(host.id, 'machine.plan', {
    definition: definitionForAgent(inventory, host.id, definition),
    disks: [...disks],
  });
  requirePlan(plan, create.name);
  const target = { kind: 'vm', id, name: create.name } as const;
  const own = [
    ...warnOfVm(inventory, host.id, definition),
    ...(await judgeAutomaticStart(coordinator, host.id, definition)),
  ];
  const warnings = [...plan.warnings, ...asReasons(own)];
  const input: CreateInput = {
    definition,
    hostId: host.id,
    folderId: folder.id,
    disks,
    start: create.start,
    warnings: inWords(warnings),
    creator: creatorWithoutRights(caller, { folderId: folder.id, hostId: host.id }),
  };
  const charge = { vm: id, folderId: folder.id, use: useOf(definition) };
  chargeVm(inventory, charge, create.name);
  if (dryRun)
    return {
      dryRun: true,
      action: 'vm.create',
      target,
      steps: stepNames(createKind),
      changes: [],
      warnings,
    };
  try {
    return await coordinator.operations.submit(
      caller,
      {
        action: 'vm.create',
        target,
        input: asJson(input) as Record<string, never>,
        reserves: [nameDocument('vm', create.name)],
        charge,
      },
      reserveName('vm', create.name, id),
    );
  } catch (error) {
    // Somebody was faster with the name.
    if (isFault(error, 'exists')) throw nameTaken('vm', create.name);
    throw error;
  }
}

export async function addVm(
  coordinator: Coordinator,
  caller: Caller,
  add: { readonly host?: string | undefined; readonly file: string; readonly folder: string },
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const folder = findPlace(inventory, caller, add.folder);
  const host = chooseHostOfFile(coordinator, caller, add, folder.id);
  const target = { kind: 'host', id: host.id, name: host.data.name } as const;
  if (dryRun)
    return {
      dryRun: true,
      action: 'vm.add',
      target,
      steps: stepNames(addKind),
      changes: [],
      warnings: [],
    };
  const place = { hostId: host.id, folderId: folder.id };
  const creator = creatorWithoutRights(caller, place);
  const mayGiveDrives = caller.may('host.drives', { kind: 'host', id: host.id });
  const input: AddInput = { ...place, file: add.file, creator, mayGiveDrives };
  return await coordinator.operations.submit(caller, {
    action: 'vm.add',
    target,
    input: asJson(input) as Record<string, never>,
  });
}

/**
 * The host that was named, the image's, the only one, or of those that are ready the one with the most
 * free memory. Errors: `not-found`, `forbidden`, `refused` when there is none.
 */
export function chooseHost(
  { inventory }: Coordinator,
  caller: Caller,
  wanted: string | undefined,
  folderId: string,
  image: Document<ImageDocument> | undefined,
): Document<HostDocument> {
  if (wanted !== undefined) {
    const host = findHost(inventory, caller, wanted);
    requireAbility(host, 'create');
    requireVerb(
      caller,
      'vm.create',
      { kind: 'place', folderId, hostId: host.id },
      `host ${host.data.name} in this folder`,
    );
    if (image !== undefined && image.data.hostId !== host.id)
      throw new Fault('refused', `the image ${image.data.name} is not on host ${host.data.name}`, {
        hint: 'leave the host out, or build the image there',
      });
    return host;
  }
  const known = hostsFor(inventory, caller, folderId).filter(
    ({ id }) => image === undefined || image.data.hostId === id,
  );
  const ready = known.flatMap((host) => {
    const shown = inventory.host(host.id);
    return shown?.status === 'ready' ? [{ host, freeBytes: shown.load?.memoryFreeBytes ?? 0 }] : [];
  });
  if (known.length === 0)
    requireVerb(
      caller,
      'vm.create',
      { kind: 'place', folderId, hostId: '' },
      'any host in this folder',
    );
  const best = ready.sort((one, other) => other.freeBytes - one.freeBytes)[0];
  if (best === undefined)
    throw new Fault('refused', 'no host is ready to take a vm', {
      hint: 'look at the hosts with: gantry host list',
    });
  return best.host;
}

/** That the definition brings along. Errors: `invalid`; `exists` where a vm there has it. */
function uuidThere(
  { inventory }: Coordinator,
  { definition = {} }: VmCreate,
  hostId: string,
): string | undefined {
  const { extensions } = definition;
  const said = isRecord(extensions) ? extensions['libvirt'] : undefined;
  const uuid = isRecord(said) ? said['uuid'] : undefined;
  if (uuid === undefined) return undefined;
  if (typeof uuid !== 'string' || !isUuid(uuid))
    throw new Fault('invalid', 'extensions.libvirt.uuid is not a UUID in lower case');
  const known = inventory.document<VmDocument>('vm', machineId(hostId, uuid));
  if (known === undefined) return uuid;
  throw new Fault('exists', `${known.data.definition.name} has that UUID on its hypervisor`, {
    hint: 'leave it out to make a new vm',
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** On a hypervisor that others run a vm has a UUID there, which its id is made of (docs/rfd/0024). Errors: `invalid`. */
function onHypervisor(create: VmCreate, uuid: string): VmCreate {
  const { definition = {}, name } = create;
  if (definition['id'] !== undefined)
    throw new Fault('invalid', 'the id of a vm on a libvirt host is made of its UUID there', {
      hint: 'leave the id out',
    });
  const libvirt = { name, uuid, hardware: 'unread' };
  const given = isRecord(definition['extensions']) ? definition['extensions'] : {};
  // What its hypervisor keeps for other programs; nothing else is kept for them here.
  const theirs = [titleKey, metadataKey].filter((key) => Object.hasOwn(given, key));
  const kept = Object.fromEntries(theirs.map((key) => [key, given[key]]));
  return { ...create, definition: { ...definition, extensions: { ...kept, libvirt } } };
}

/** The UUID that the definition brings along, if it is free, else a new one. */
function chooseId({ inventory }: Coordinator, { definition }: VmCreate): string {
  const given = definition?.['id'];
  if (given === undefined) return randomUUID();
  if (typeof given !== 'string' || !isUuid(given))
    throw new Fault('invalid', 'the id in the definition is not a UUID in lower case');
  if (inventory.document('vm', given) !== undefined)
    throw new Fault('exists', `there is a vm with the id ${given} already`, {
      hint: 'leave the id out to make a new vm',
    });
  return given;
}

/** Errors: `blocked` with all reasons. */
export function requirePlan(check: StartCheck, name: string): void {
  if (check.ok) return;
  throw new Fault(
    'blocked',
    `cannot create ${name}: ${check.reasons.map(({ text }) => text).join('; ')}`,
    { reasons: check.reasons },
  );
}

/** For what lies on one of them: the host that was named, or the only one. Errors: `invalid` where there are several; as `chooseHost`. */
export function chooseHostOfFile(
  coordinator: Coordinator,
  caller: Caller,
  { host, file }: { readonly host?: string | undefined; readonly file: string },
  folderId: string,
): Document<HostDocument> {
  const known = host === undefined ? hostsFor(coordinator.inventory, caller, folderId) : [];
  if (known.length > 1)
    throw new Fault('invalid', `it must be said on which host ${file} is`, {
      hint: `name one with --host: ${known
        .slice(0, 5)
        .map(({ data }) => data.name)
        .join(', ')}`,
    });
  return chooseHost(coordinator, caller, host, folderId, undefined);
}

/** On which the caller may make vms in the folder. Those that others run are chosen by name. */
function hostsFor(
  inventory: Coordinator['inventory'],
  caller: Caller,
  folderId: string,
): readonly Document<HostDocument>[] {
  return Array.from(inventory.documents<HostDocument>('host')).filter(
    ({ id, data }) =>
      data.facts?.missing.create === undefined &&
      data.connection === undefined &&
      caller.may('vm.create', { kind: 'place', folderId, hostId: id }),
  );
}
