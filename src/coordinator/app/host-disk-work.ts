/**
 * Work on disk files of a host by path: one operation per verb, all by the same step. Whether it can begin is asked of the host
 * before there is an operation, so that what stands against it is the answer to the request.
 */
import {
  diskVerbs,
  diskWorkSchema,
  readingVerbs,
  type DiskVerb,
  type DiskWork,
  type DryRun,
  type Operation,
} from '#api';
import { describeFault, Fault, isFault } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import type { ImageDocument } from '../documents.ts';
import type { NewEvent } from '../store/store.ts';
import { namesOf } from './host-disks.ts';
import { asJson } from './json.ts';
import { ancestorsOf, hostThing } from './things.ts';
import { copyLimitMs } from './vm/clone-steps.ts';
import { reattachToChild } from './vm/reattach-disk.ts';
import { followed, stepNames, type Kind, type Step, type Work } from './work.ts';

/** What does the same to a disk that a vm has. */
const onVm: Readonly<Partial<Record<string, string>>> = {
  compact: 'gantry vm compact-disk',
  convert: 'gantry vm convert-disk',
  flatten: 'gantry vm flatten',
  delete: 'gantry vm detach-disk',
  'create-child': 'the same with --reattach, after which the vm has the child',
  download: 'gantry vm clone --snapshot, whose copy nobody writes to; or shut it down first',
};

export async function workOnDisk(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  work: DiskWork,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<Operation | DryRun> {
  if (work.verb === 'create-child' && work.reattach === true)
    return await reattachToChild(coordinator, caller, hostId, work, dryRun);
  const { inventory, links, operations } = coordinator;
  const kind = kindOf(work.verb);
  const target = hostThing(inventory, hostId);
  const { files } = await links
    .call(hostId, 'host.disk.plan', { work }, { signal })
    .catch((error: unknown) => {
      throw withVms(inventory, caller, work.verb, error);
    });
  requireNoImage(coordinator, hostId, files);
  const { action } = kind;
  if (dryRun) {
    const steps = stepNames(kind);
    return { dryRun: true, action, target, steps, changes: [], warnings: [] };
  }
  return await operations.submit(caller, { action, target, input: { work: asJson(work) } });
}

/** The vms that stand against it by name, as far as the caller may see them. */
export function withVms(
  inventory: Coordinator['inventory'],
  caller: Caller,
  verb: DiskVerb | 'look into' | 'read from' | 'put a file into' | 'download',
  error: unknown,
): unknown {
  if (!isFault(error, 'refused') || !Array.isArray(error.facts['vmIds'])) return error;
  const { vmIds, ...facts } = error.facts;
  const ids = Array.isArray(vmIds) ? vmIds.filter((id) => typeof id === 'string') : [];
  const vms = [...new Set(namesOf(inventory, caller, ids))];
  const instead = onVm[verb];
  return new Fault('refused', `${error.message}: ${vms.join(', ')}`, {
    facts: { ...facts, vms },
    hint:
      instead === undefined
        ? 'detach it from the vm first'
        : `for a disk of a vm there is: ${instead}`,
  });
}

/** Errors: `refused` naming an image that one of the files is. */
function requireNoImage(
  { inventory }: Coordinator,
  hostId: string,
  files: readonly string[],
): void {
  for (const { data } of inventory.documents<ImageDocument>('image')) {
    const isMeant = files.some((file) => data.path === file || data.path.startsWith(`${file}/`));
    if (data.hostId !== hostId || !isMeant) continue;
    throw new Fault('refused', `${data.path} is the image ${data.name}`, {
      hint: 'delete the image first, or work on a copy',
    });
  }
}

function workOf({ input }: Work): DiskWork {
  return diskWorkSchema.parse(input['work']);
}

async function doWork(work: Work): Promise<void> {
  const { operationId: id, target, memory, coordinator } = work;
  const asked = workOf(work);
  const again = memory['begun'] === true;
  await work.remember({ begun: true });
  try {
    const { answer } = await coordinator.links.call(
      target.id,
      'host.disk.work',
      { id, work: asked, again },
      followed(work, copyLimitMs),
    );
    if (!readingVerbs.has(asked.verb)) await tell(work, asked, 'host.disk.changed', {});
    await work.conclude(answer);
  } catch (error) {
    // Others read it too: no vm is named.
    const reader = { ...work.caller, may: () => false };
    const fault = withVms(coordinator.inventory, reader, asked.verb, error);
    if (!work.signal.aborted && !readingVerbs.has(asked.verb)) {
      const reason = describeFault(fault).slice(0, 1000);
      await tell(work, asked, 'host.disk.operation-failed', { reason });
    }
    throw fault;
  }
}

async function tell(
  work: Work,
  { verb, file }: DiskWork,
  name: 'host.disk.changed' | 'host.disk.operation-failed',
  attributes: NewEvent['attributes'],
): Promise<void> {
  const { actor, origin, correlationId } = work.caller;
  await work.coordinator.commit({
    events: [
      {
        name,
        target: work.target,
        ancestors: ancestorsOf(work.coordinator.inventory, work.target),
        actor,
        origin,
        correlationId,
        attributes: { operation: verb, file, ...attributes },
      },
    ],
  });
}

/** Half a commit is no state to stay in, and what is deleted or wiped is not had again. */
const noWayBack: ReadonlySet<DiskVerb> = new Set<DiskVerb>([
  'commit',
  'wipe',
  'delete',
  'delete-unpacked',
]);

function stepOf(verb: DiskVerb): Step {
  const step = { name: verb, run: doWork };
  if (noWayBack.has(verb)) return { ...step, way: 'no-way-back' };
  return {
    ...step,
    async undo({ operationId: id, target, coordinator, signal }) {
      await coordinator.links.call(target.id, 'host.disk.stop', { id }, { signal });
    },
  };
}

export const diskWorkKinds: readonly Kind[] = diskVerbs.map((verb) => ({
  action: `host.disk.${verb}`,
  steps: [stepOf(verb)],
}));

function kindOf(verb: DiskVerb): Kind {
  const kind = diskWorkKinds[diskVerbs.indexOf(verb)];
  if (kind !== undefined) return kind;
  throw new Fault('unsupported', `there is no verb ${verb}`);
}
