/**
 * Hardware profiles, built in and stored (HW-01, HW-59).
 *
 * Invariant: a profile holds nothing that belongs to one vm or one host: no disks, media, addresses, serial
 * numbers, shared folders, files or devices.
 */
import { randomUUID } from 'node:crypto';
import { Fault, isoTime } from '#lib';
import { isUuid, profiles, type Hardware, type Profile, type ProfileCreate } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { ProfileDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Document, NewEvent } from '../store/store.ts';
import { parseDefinition } from './check-definition.ts';
import { commitFresh } from './commit-fresh.ts';
import { findVm } from './find.ts';
import { applyMergePatch } from './merge-patch.ts';
import { nameTaken, releaseName, requireFreeName, reserveName } from './names.ts';
import { requireMatch, type Precondition } from './precondition.ts';
import { installationThing } from './things.ts';

/** Built-in profiles were always there. */
const beginning = '1970-01-01T00:00:00.000Z';

const builtIn: readonly Profile[] = Object.entries(profiles).map(
  ([name, { id, meaning, hardware }]) => ({
    kind: 'profile',
    id,
    name,
    meaning,
    hardware,
    adapterModel: null,
    builtIn: true,
    version: 1,
    createdAt: beginning,
    updatedAt: beginning,
  }),
);

function showOwn({ id, version, createdAt, updatedAt, data }: Document<ProfileDocument>): Profile {
  return { kind: 'profile', id, ...data, builtIn: false, version, createdAt, updatedAt };
}

export function listProfiles(inventory: Inventory): readonly Profile[] {
  return [...builtIn, ...Array.from(inventory.documents<ProfileDocument>('profile'), showOwn)];
}

/** By id or name. Errors: `not-found`. */
export function requireProfile(inventory: Inventory, reference: string): Profile {
  const fixed = builtIn.find(({ id, name }) => id === reference || name === reference);
  if (fixed) return fixed;
  const own = isUuid(reference)
    ? inventory.document<ProfileDocument>('profile', reference)
    : inventory.find<ProfileDocument>('profile', reference);
  if (own) return showOwn(own);
  throw new Fault('not-found', `there is no profile ${reference.slice(0, 100)}`, {
    hint: 'look at: gantry profile list',
  });
}

/** Errors: `exists`; `not-found`; `invalid` naming the settings. */
export async function createProfile(
  coordinator: Coordinator,
  caller: Caller,
  create: ProfileCreate,
  dryRun: boolean,
): Promise<Profile> {
  const { inventory, clock } = coordinator;
  const id = randomUUID();
  const { name, meaning } = create;
  const from = takeFrom(inventory, caller, create);
  const hardware = parseHardware(id, name, applyMergePatch(from.hardware, create.hardware ?? {}));
  const adapterModel = create.adapterModel === undefined ? from.adapterModel : create.adapterModel;
  const data: ProfileDocument = { name, meaning, hardware, adapterModel };
  const requireFree = (): void => {
    if (builtIn.some((one) => one.name === name)) throw nameTaken('profile', name);
    requireFreeName(inventory, 'profile', name);
  };
  requireFree();
  const now = isoTime(clock.now());
  const planned = {
    kind: 'profile',
    id,
    version: 1,
    createdAt: now,
    updatedAt: now,
    data,
  } as const;
  if (dryRun) return showOwn(planned);
  await commitFresh(coordinator, () => {
    requireFree();
    const named = reserveName('profile', name, id);
    return {
      conditions: [{ kind: 'profile', id, absent: true }, ...named.conditions],
      writes: [{ kind: 'profile', id, data }, ...named.writes],
      events: [profileEvent(caller, 'profile.created', id, name)],
    };
  });
  return requireProfile(inventory, id);
}

/** Vms that were made with it stay as they are. Errors: `not-found`; `stale`; `refused` for a built-in one. */
export async function deleteProfile(
  coordinator: Coordinator,
  caller: Caller,
  reference: string,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<void> {
  const { inventory } = coordinator;
  const { id } = requireProfile(inventory, reference);
  const check = (): Profile => {
    const profile = requireProfile(inventory, id);
    if (profile.builtIn)
      throw new Fault('refused', `profile ${profile.name} is built in and stays`);
    requireMatch(options.precondition, `profile ${profile.name}`, profile.version);
    return profile;
  };
  check();
  if (options.dryRun) return;
  await commitFresh(coordinator, () => {
    const { name, version } = check();
    return {
      conditions: [{ kind: 'profile', id, version }],
      writes: [{ kind: 'profile', id, delete: true }, releaseName('profile', name)],
      events: [profileEvent(caller, 'profile.deleted', id, name)],
    };
  });
}

function takeFrom(
  inventory: Inventory,
  caller: Caller,
  { from }: ProfileCreate,
): Pick<Profile, 'hardware' | 'adapterModel'> {
  if (from.kind === 'profile') return requireProfile(inventory, from.profile);
  const { hardware } = findVm(inventory, caller, from.vm).data.definition;
  return { hardware, adapterModel: hardware.adapters[0]?.model ?? null };
}

/** Errors: `invalid` with every issue and its path. */
function parseHardware(id: string, name: string, hardware: unknown): Hardware {
  const definition = parseDefinition({ id, name, hardware }, `profile ${name}`);
  return withoutOwn(definition.hardware);
}

function withoutOwn(hardware: Hardware): Hardware {
  const { firmware, clock, opticalDrives, floppy, serialPorts, parallelPort } = hardware;
  return {
    ...hardware,
    firmware: { ...firmware, bootOnce: null },
    bios: profiles.modern.hardware.bios,
    disks: [],
    opticalDrives: opticalDrives.map((drive) => ({ ...drive, medium: null })),
    floppy: floppy && { ...floppy, medium: null },
    adapters: [],
    sharedFolders: [],
    serialPorts: serialPorts.map((port) =>
      port.kind === 'file' || port.kind === 'device' ? { kind: 'none' } : port,
    ),
    parallelPort: parallelPort.kind === 'none' ? parallelPort : { kind: 'none' },
    clock: { ...clock, offsetSeconds: 0 },
  };
}

function profileEvent(
  { actor, origin, correlationId }: Caller,
  name: 'profile.created' | 'profile.deleted',
  id: string,
  called: string,
): NewEvent {
  return {
    name,
    target: { kind: 'profile', id, name: called },
    ancestors: [installationThing],
    actor,
    origin,
    correlationId,
    attributes: {},
  };
}
