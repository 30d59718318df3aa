/**
 * Taking vms out: remove leaves every file as it is (VM-11), delete takes the files along but never one
 * that something else uses (VM-12). The vm stops being known first, so that nobody acts on it while its
 * files go; if the agent cannot do its part, it is known again.
 */
import { posix } from 'node:path';
import { vmFilesSchema, type DryRun, type LinkMethod, type Operation, type VmFiles } from '#api';
import type { Caller, Coordinator } from '../../context.ts';
import type { GrantDocument, ImageDocument, StatusDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Write } from '../../store/store.ts';
import { commitFresh } from '../commit-fresh.ts';
import { shown, vmDocument } from '../find.ts';
import { asJson } from '../json.ts';
import { nameOwner, releaseName, reserveName } from '../names.ts';
import { requireMatch, type Precondition } from '../precondition.ts';
import { vmThing } from '../things.ts';
import { stepNames, type Kind, type Step, type Work } from '../work.ts';
import { causeOf, vmFrame } from './common-steps.ts';
import { forgiveMissing } from './create-steps.ts';
import { requireAction } from './judge.ts';

const destroyLimitMs = 10 * 60_000;

/** What was known of the vm when the operation began; what it takes to make it known again. */
interface Known {
  readonly vm: VmDocument;
  readonly status: StatusDocument | null;
}

export async function takeOutVm(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  how: 'remove' | 'delete',
  options: { readonly precondition: Precondition; readonly dryRun: boolean },
): Promise<Operation | DryRun> {
  const { inventory } = coordinator;
  const vm = vmDocument(inventory, id);
  requireMatch(options.precondition, vm.data.definition.name, vm.version);
  requireAction(inventory, shown('vm', id, inventory.vm(id)), how);
  const kind = how === 'remove' ? removeKind : deleteKind;
  const target = vmThing(id, vm.data);
  if (options.dryRun) {
    const files = how === 'delete' ? (await listFiles(coordinator, id)).files : [];
    return {
      dryRun: true,
      action: kind.action,
      target,
      steps: stepNames(kind),
      changes: [],
      warnings: files.map(({ path, deleted, keptBecause }) => ({
        code: deleted ? 'file-deleted' : 'file-kept',
        text: deleted ? `${path} is deleted` : `${path} is kept: ${keptBecause ?? ''}`,
      })),
    };
  }
  const known: Known = {
    vm: vm.data,
    status: inventory.document<StatusDocument>('status', id)?.data ?? null,
  };
  return await coordinator.operations.submit(
    caller,
    { action: kind.action, target, input: { known: asJson(known) } },
    { conditions: [{ kind: 'vm', id, version: vm.version }] },
  );
}

/** The files of a vm, with those that are kept because something that only the coordinator knows uses them. */
export async function listFiles(coordinator: Coordinator, id: string): Promise<VmFiles> {
  const { inventory, links } = coordinator;
  const vm = vmDocument(inventory, id);
  const listed = await links.call(vm.data.hostId, 'machine.files', { id });
  const users = usersOfFiles(inventory, id, vm.data.hostId);
  return vmFilesSchema.parse({
    ...listed,
    files: listed.files.map((file) => {
      const user = users.get(posix.resolve(listed.folder, file.path));
      return user === undefined || !file.deleted
        ? file
        : { ...file, deleted: false, keptBecause: `${user} uses it` };
    }),
  });
}

/** Files on the host that other vms or images use, with who does. */
function usersOfFiles(
  inventory: Inventory,
  vmId: string,
  hostId: string,
): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const otherId of inventory.vmsOfHost(hostId)) {
    const other = inventory.document<VmDocument>('vm', otherId)?.data;
    if (otherId === vmId || other === undefined) continue;
    for (const { file } of other.definition.hardware.disks)
      users.set(posix.resolve(other.path, file), `vm ${other.definition.name}`);
  }
  for (const { data } of inventory.documents<ImageDocument>('image'))
    if (data.hostId === hostId) users.set(data.path, `image ${data.name}`);
  return users;
}

function knownOf(work: Work): Known {
  return work.input['known'] as unknown as Known;
}

function unregisterStep(how: 'removed' | 'deleted'): Step {
  return {
    name: 'unregister',
    async run(work) {
      const { inventory } = work.coordinator;
      const { id } = work.target;
      await commitFresh(work.coordinator, () => {
        const vm = inventory.document<VmDocument>('vm', id);
        if (vm === undefined) return undefined;
        const { name } = vm.data.definition;
        const writes: Write[] = [
          { kind: 'vm', id, delete: true },
          { kind: 'status', id, delete: true },
        ];
        if (nameOwner(inventory, 'vm', name) === id) writes.push(releaseName('vm', name));
        return {
          conditions: [{ kind: 'vm', id, version: vm.version }],
          writes,
          events: [
            {
              ...vmFrame(work, vm.data),
              name: 'vm.deleted',
              attributes: { how, filesRemain: how === 'removed' },
            },
          ],
        };
      });
    },
    undo: registerAgain,
  };
}

/** Makes the vm known again as it was. */
async function registerAgain(work: Work): Promise<void> {
  const { inventory } = work.coordinator;
  const { vm, status } = knownOf(work);
  const { id } = work.target;
  const { name } = vm.definition;
  await commitFresh(work.coordinator, () => {
    if (inventory.document('vm', id) !== undefined) return undefined;
    const named =
      nameOwner(inventory, 'vm', name) === undefined ? reserveName('vm', name, id) : undefined;
    return {
      conditions: [{ kind: 'vm', id, absent: true }, ...(named?.conditions ?? [])],
      writes: [
        { kind: 'vm', id, data: vm },
        ...(status === null ? [] : [{ kind: 'status', id, data: status } as const]),
        ...(named?.writes ?? []),
      ],
      events: [{ ...vmFrame(work, vm), name: 'vm.created', attributes: { how: 'added' } }],
    };
  });
}

/** Grants on a vm go when it is gone for good. */
const forgetGrants = async (work: Work): Promise<void> => {
  const { inventory } = work.coordinator;
  const writes: Write[] = [];
  for (const { id, data } of inventory.documents<GrantDocument>('grant'))
    if (data.objectKind === 'vm' && data.objectId === work.target.id)
      writes.push({ kind: 'grant', id, delete: true });
  if (writes.length > 0) await work.coordinator.commit({ writes });
};

/** The agent's part, after which there is no way back; if it cannot do it, the vm is known again. */
async function doOrRegisterAgain(work: Work, doIt: () => Promise<void>): Promise<void> {
  try {
    await doIt();
  } catch (error) {
    // Interrupted is not failed: the operation goes on later, or elsewhere.
    if (!work.signal.aborted) await registerAgain(work);
    throw error;
  }
}

const forgetStep: Step = {
  name: 'forget',
  way: 'no-way-back',
  async run(work) {
    const { vm } = knownOf(work);
    const { links } = work.coordinator;
    // A host that is gone is not asked; if it comes back, it tells of the vm as found.
    if (links.connected(vm.hostId))
      await doOrRegisterAgain(work, () => tell(work, 'machine.forget', {}));
    work.pusher.forget(work.target.id);
    await forgetGrants(work);
  },
};

const destroyStep: Step = {
  name: 'destroy',
  way: 'no-way-back',
  async run(work) {
    const { vm } = knownOf(work);
    const { inventory } = work.coordinator;
    const keep = [...usersOfFiles(inventory, work.target.id, vm.hostId).keys()];
    const inside = keep.filter((path) => isBelow(path, vm.path));
    const outside = vm.definition.hardware.disks
      .map(({ file }) => posix.resolve(vm.path, file))
      .filter((path) => keep.includes(path) && !inside.includes(path));
    await doOrRegisterAgain(work, () =>
      tell(work, 'machine.destroy', { keep: [...inside, ...outside] }),
    );
    work.pusher.forget(work.target.id);
    await forgetGrants(work);
  },
};

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

async function tell(
  work: Work,
  method: Extract<LinkMethod, 'machine.forget' | 'machine.destroy'>,
  more: { readonly keep?: string[] },
): Promise<void> {
  const { vm } = knownOf(work);
  const { links } = work.coordinator;
  const base = { id: work.target.id, generation: vm.generation, cause: causeOf(work) };
  const options = { signal: work.signal, limitMs: destroyLimitMs };
  await forgiveMissing(
    method === 'machine.forget'
      ? links.call(vm.hostId, method, base, options)
      : links.call(vm.hostId, method, { ...base, keep: more.keep ?? [] }, options),
  );
}

export const removeKind: Kind = {
  action: 'vm.remove',
  steps: [unregisterStep('removed'), forgetStep],
};
export const deleteKind: Kind = {
  action: 'vm.delete',
  steps: [unregisterStep('deleted'), destroyStep],
};
