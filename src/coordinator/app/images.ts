/** Images: built on a host, or a file of a host made known (HW-42). */
import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import { describeFault, Fault } from '#lib';
import {
  driverRecipes,
  type DryRun,
  type Image,
  type ImageAdd,
  type ImageBuild,
  type ImageRecipe,
  type Operation,
} from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { HostDocument, ImageDocument, VmDocument } from '../documents.ts';
import type { Document, NewEvent } from '../store/store.ts';
import { commitFresh } from './commit-fresh.ts';
import { findHost, requireAbility, requireVerb } from './find.ts';
import { notFound } from './not-found.ts';
import { asJson } from './json.ts';
import { mediaOf } from './media.ts';
import { freeName, releaseName, requireFreeName, reserveName } from './names.ts';
import { requireMatch, type Precondition } from './precondition.ts';
import { ancestorsOf, hostThing, installationThing } from './things.ts';
import { followed, stepNames, type Kind, type Step, type Work } from './work.ts';

const buildLimitMs = 60 * 60_000;

interface BuildInput {
  readonly recipe: ImageRecipe;
  readonly drivers?: string;
  readonly name: string;
  readonly hostId: string;
}

interface AddInput {
  /** What is null its content tells. */
  readonly image: Omit<
    ImageDocument,
    'sizeBytes' | 'fileBytes' | 'sha256' | 'format' | 'imageKind'
  > & {
    readonly format: Image['format'] | null;
    readonly imageKind: Image['imageKind'] | null;
  };
}

export async function buildImage(
  coordinator: Coordinator,
  caller: Caller,
  build: ImageBuild,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const { recipe, drivers } = build;
  if (drivers !== undefined && !driverRecipes.has(recipe)) {
    throw new Fault('invalid', `the image ${recipe} takes no drivers`, {
      hint: `these do: ${[...driverRecipes].join(', ')}`,
    });
  }
  const host = chooseImageHost(coordinator, caller, build.host);
  const known = builtImage(coordinator, host.id, build.recipe);
  if (build.name !== undefined && build.name !== known?.data.name)
    requireFreeName(inventory, 'image', build.name);
  const name = build.name ?? known?.data.name ?? freeName(inventory, 'image', build.recipe);
  const target = { kind: 'image', id: known?.id ?? randomUUID(), name } as const;
  if (dryRun) return plan(buildKind, target);
  const what = drivers === undefined ? { recipe } : { recipe, drivers };
  const input: BuildInput = { ...what, name, hostId: host.id };
  return await coordinator.operations.submit(caller, {
    action: buildKind.action,
    target,
    input: { ...input },
  });
}

export async function addImage(
  coordinator: Coordinator,
  caller: Caller,
  add: ImageAdd,
  dryRun: boolean,
): Promise<Operation | DryRun> {
  const host = chooseImageHost(coordinator, caller, add.host);
  requireFreeName(coordinator.inventory, 'image', add.name);
  const target = { kind: 'image', id: randomUUID(), name: add.name } as const;
  if (dryRun) return plan(addKind, target);
  const input: AddInput = {
    image: {
      name: add.name,
      imageKind: add.imageKind ?? null,
      format: add.format ?? null,
      guestOs: add.guestOs ?? null,
      description: add.description,
      hostId: host.id,
      path: add.file,
      builtFrom: null,
    },
  };
  return await coordinator.operations.submit(caller, {
    action: addKind.action,
    target,
    input: { image: asJson(input.image) },
  });
}

export async function deleteImage(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const image = inventory.document<ImageDocument>('image', id);
  if (image === undefined) throw notFound('image', id);
  requireMatch(options.precondition, image.data.name, image.version);
  requireUnused(coordinator, image);
  const target = { kind: 'image', id, name: image.data.name } as const;
  if (options.dryRun) return plan(deleteKind, target);
  return await coordinator.operations.submit(
    caller,
    { action: deleteKind.action, target, input: {} },
    { conditions: [{ kind: 'image', id, version: image.version }] },
  );
}

function plan(kind: Kind, target: DryRun['target']): DryRun {
  return {
    dryRun: true,
    action: kind.action,
    target,
    steps: stepNames(kind),
    changes: [],
    warnings: [],
  };
}

/** The named host, or the only one on which the caller may manage images. */
function chooseImageHost(
  { inventory }: Coordinator,
  caller: Caller,
  wanted: string | undefined,
): Document<HostDocument> {
  if (wanted !== undefined) {
    const host = findHost(inventory, caller, wanted);
    requireAbility(host, 'create');
    if (host.data.connection !== undefined)
      throw new Fault('unsupported', `host ${host.data.name} is a libvirt connection`, {
        hint: 'images are kept on hosts with an agent',
      });
    requireVerb(caller, 'image.manage', { kind: 'host', id: host.id }, `host ${host.data.name}`);
    return host;
  }
  const possible = [...inventory.documents<HostDocument>('host')].filter(
    ({ id, data }) =>
      data.connection === undefined &&
      data.facts?.missing.create === undefined &&
      caller.may('image.manage', { kind: 'host', id }),
  );
  const ready = possible.filter(({ id }) => inventory.host(id)?.status === 'ready');
  const [first, second] = ready;
  if (first !== undefined && second === undefined) return first;
  throw new Fault(
    'refused',
    first === undefined
      ? 'no host is ready to take an image'
      : 'several hosts could take the image',
    { hint: first === undefined ? 'look at: gantry host list' : 'name the host' },
  );
}

function builtImage(
  { inventory }: Coordinator,
  hostId: string,
  recipe: ImageRecipe,
): Document<ImageDocument> | undefined {
  for (const image of inventory.documents<ImageDocument>('image'))
    if (image.data.hostId === hostId && image.data.builtFrom === recipe) return image;
  return undefined;
}

/** Errors: `refused` naming the first vm that has it in a drive or as a disk. */
function requireUnused({ inventory }: Coordinator, { id, data }: Document<ImageDocument>): void {
  for (const vmId of inventory.vmsOfHost(data.hostId)) {
    const vm = inventory.document<VmDocument>('vm', vmId)?.data;
    if (vm === undefined) continue;
    const inDrive = mediaOf(vm.definition).some(
      (medium) =>
        (medium.kind === 'image' && (medium.image === id || medium.image === data.name)) ||
        (medium.kind === 'file' && medium.file === data.path),
    );
    const asDisk = vm.definition.hardware.disks.some(
      ({ file }) => posix.resolve(vm.path, file) === data.path,
    );
    if (inDrive || asDisk)
      throw new Fault('refused', `the image ${data.name} is used by vm ${vm.definition.name}`, {
        hint: inDrive ? 'eject it first' : 'detach the disk first',
      });
  }
}

function buildInput(work: Work): BuildInput {
  return work.input as unknown as BuildInput;
}

const buildStep: Step = {
  name: 'build',
  // What was built is kept by its content and found again.
  way: 'stays',
  async run(work) {
    const { recipe, drivers, hostId } = buildInput(work);
    try {
      const made = await work.coordinator.links.call(
        hostId,
        'image.build',
        drivers === undefined ? { recipe } : { recipe, drivers },
        followed(work, buildLimitMs),
      );
      await work.remember({ made: asJson(made) });
    } catch (error) {
      await work.coordinator.commit({
        events: [
          {
            ...frame(work, hostId),
            name: 'image.build-failed',
            attributes: { reason: describeFault(error).slice(0, 1000) },
          },
        ],
      });
      throw error;
    }
  },
};

/** A recipe that was built before and gives another file now is the same image, renewed. */
const registerBuilt: Step = {
  name: 'register',
  async run(work) {
    const { recipe, name, hostId } = buildInput(work);
    const made = work.memory['made'] as unknown as Pick<
      ImageDocument,
      'path' | 'format' | 'sizeBytes' | 'fileBytes' | 'sha256' | 'imageKind'
    >;
    const bootable =
      recipe === 'starter' || recipe === 'starter-iso' || recipe === 'starter-floppy';
    await register(work, {
      name,
      imageKind: made.imageKind,
      format: made.format,
      sizeBytes: made.sizeBytes,
      fileBytes: made.fileBytes,
      sha256: made.sha256,
      guestOs: bootable ? 'gantry-starter' : recipe === 'debian' ? 'debian' : null,
      description: '',
      hostId,
      path: made.path,
      builtFrom: recipe,
    });
  },
  undo: unregister,
};

async function register(work: Work, image: ImageDocument): Promise<void> {
  const { inventory } = work.coordinator;
  const { id } = work.target;
  if (inventory.document('image', id) === undefined) await work.remember({ fresh: true });
  await commitFresh(work.coordinator, () => {
    const known = inventory.document<ImageDocument>('image', id);
    if (known !== undefined && JSON.stringify(known.data) === JSON.stringify(image))
      return undefined;
    const renamed = known !== undefined && known.data.name !== image.name;
    const named =
      known === undefined || renamed
        ? reserveName('image', image.name, id)
        : { conditions: [], writes: [] };
    if (named.writes.length > 0) requireFreeName(inventory, 'image', image.name);
    return {
      conditions: [
        known === undefined
          ? { kind: 'image', id, absent: true }
          : { kind: 'image', id, version: known.version },
        ...named.conditions,
      ],
      writes: [
        { kind: 'image', id, data: image },
        ...named.writes,
        ...(renamed ? [releaseName('image', known.data.name)] : []),
      ],
      events: [
        {
          ...frame(work, image.hostId),
          name: 'image.added',
          attributes: { how: image.builtFrom === null ? 'registered' : 'built' },
        },
      ],
    };
  });
  await work.conclude({ image: id, path: image.path });
}

/** Takes out again what this operation has made known; an image from before stays. */
async function unregister(work: Work): Promise<void> {
  if (work.memory['fresh'] !== true) return;
  const { inventory } = work.coordinator;
  const { id } = work.target;
  await commitFresh(work.coordinator, () => {
    const known = inventory.document<ImageDocument>('image', id);
    if (known === undefined) return undefined;
    return {
      conditions: [{ kind: 'image', id, version: known.version }],
      writes: [{ kind: 'image', id, delete: true }, releaseName('image', known.data.name)],
      events: [{ ...frame(work, known.data.hostId), name: 'image.deleted', attributes: {} }],
    };
  });
}

function frame(
  work: Work,
  hostId: string,
): Pick<NewEvent, 'target' | 'ancestors' | 'actor' | 'origin' | 'correlationId'> {
  const { actor, origin, correlationId } = work.caller;
  const { inventory } = work.coordinator;
  const known = inventory.document('image', work.target.id) !== undefined;
  return {
    target: work.target,
    ancestors: known
      ? ancestorsOf(inventory, work.target)
      : [hostThing(inventory, hostId), installationThing],
    actor,
    origin,
    correlationId,
  };
}

export const buildKind: Kind = { action: 'image.build', steps: [buildStep, registerBuilt] };

function addedImage(work: Work): AddInput['image'] {
  return work.input['image'] as unknown as AddInput['image'];
}

export const addKind: Kind = {
  action: 'image.add',
  steps: [
    {
      name: 'inspect',
      async run(work) {
        const { hostId, path, format, imageKind } = addedImage(work);
        const found = await work.coordinator.links.call(
          hostId,
          'image.inspect',
          { file: path, format, imageKind },
          { signal: work.signal, limitMs: buildLimitMs },
        );
        await work.remember({ found: asJson(found) });
      },
    },
    {
      name: 'register',
      async run(work) {
        const found = work.memory['found'] as unknown as Pick<
          Image,
          'path' | 'sizeBytes' | 'fileBytes' | 'sha256' | 'format' | 'imageKind'
        >;
        const { path, sizeBytes, fileBytes, sha256, format, imageKind } = found;
        const known = { path, sizeBytes, fileBytes, sha256, format, imageKind };
        await register(work, { ...addedImage(work), ...known });
      },
      undo: unregister,
    },
  ],
};

export const deleteKind: Kind = {
  action: 'image.delete',
  steps: [
    {
      name: 'delete',
      way: 'no-way-back',
      async run(work) {
        const { inventory, links } = work.coordinator;
        const image = inventory.document<ImageDocument>('image', work.target.id);
        if (image === undefined) return;
        requireUnused(work.coordinator, image);
        const { builtFrom, hostId, path } = image.data;
        // Only what Gantry has built is Gantry's to delete. Of a host that is gone nobody needs an image.
        const file = builtFrom === null ? 'keep' : 'delete';
        if (file === 'delete' || links.connected(hostId))
          await links.call(hostId, 'image.delete', { path, file }, { signal: work.signal });
      },
    },
    {
      name: 'unregister',
      async run(work) {
        const { inventory } = work.coordinator;
        const { id } = work.target;
        await commitFresh(work.coordinator, () => {
          const image = inventory.document<ImageDocument>('image', id);
          if (image === undefined) return undefined;
          return {
            conditions: [{ kind: 'image', id, version: image.version }],
            writes: [{ kind: 'image', id, delete: true }, releaseName('image', image.data.name)],
            events: [{ ...frame(work, image.data.hostId), name: 'image.deleted', attributes: {} }],
          };
        });
      },
    },
  ],
};

export const imageKinds: readonly Kind[] = [buildKind, addKind, deleteKind];
