/**
 * A vm of another product that lies in an archive, on a host or on its way to it: unpacked there, imported, and what was unpacked goes
 * again. All of it is one operation of the host, so that it comes to its end whoever asked for it; the import within is an operation of
 * the vm like any other (docs/rfd/0014).
 */
import { randomUUID } from 'node:crypto';
import {
  allVerbs,
  archiveStem,
  diskAnswers,
  diskWorkSchema,
  finishedStates,
  isFromArchive,
  verbSchema,
  vmImportSchema,
  type DiskWork,
  type DryRun,
  type Operation,
  type VmImport,
} from '#api';
import { describeFault, Fault, isFault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import { findPlace, requireVerb } from '../find.ts';
import { withVms } from '../host-disk-work.ts';
import { findUpload } from '../host-files.ts';
import { asJson } from '../json.ts';
import { requireFreeName } from '../names.ts';
import { beginOnce, begunOperation, requireDone, waitForEnd } from '../run-once.ts';
import { hostThing } from '../things.ts';
import { followed, stepNames, type Kind, type Step, type Work } from '../work.ts';
import { copyLimitMs } from './clone-steps.ts';
import { chooseHostOfFile } from './create-vm.ts';
import { networkNamed, readNetworkNames } from './import-networks.ts';
import { importConfiguration } from './import-vm.ts';

const begunAs = 'import';

/** From wherever it lies on the host. */
export async function importVm(
  coordinator: Coordinator,
  caller: Caller,
  request: VmImport,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<Operation | DryRun> {
  if (!isFromArchive(request))
    return await importConfiguration(coordinator, caller, request, { dryRun });
  const { inventory, links, operations } = coordinator;
  const folder = findPlace(inventory, caller, request.folder);
  const host = chooseHostOfFile(coordinator, caller, request, folder.id);
  requireVerb(caller, 'host.disks', { kind: 'host', id: host.id }, `host ${host.data.name}`);
  if (request.rememberNetworks)
    requireVerb(caller, 'installation.settings', { kind: 'installation' }, 'the installation');
  for (const reference of request.networks) networkNamed(inventory, reference);
  readNetworkNames(inventory, request.networkNames);
  if (request.name !== undefined) requireFreeName(inventory, 'vm', request.name);
  if (request.upload !== undefined) await requireSent(coordinator, host.id, request.upload, signal);
  const id = randomUUID();
  const unpack = unpackFor(request, id);
  await links
    .call(host.id, 'host.disk.plan', { work: unpack }, { signal })
    .catch((error: unknown) => {
      throw withVms(inventory, caller, 'unpack', error);
    });
  const { action } = archiveKind;
  const target = hostThing(inventory, host.id);
  if (dryRun) {
    const told = {
      code: 'not-unpacked',
      text: `what becomes of the vm in ${request.file} is known when it is unpacked`,
      remedy: `to see it before: gantry host unpack ${host.data.name} ${request.file}`,
    };
    const steps = stepNames(archiveKind);
    return { dryRun: true, action, target, steps, changes: [], warnings: [told] };
  }
  const place = { kind: 'place', folderId: folder.id, hostId: host.id } as const;
  return await operations.submit(caller, {
    id,
    action,
    target,
    input: {
      unpack: asJson(unpack),
      request: asJson({ ...request, folder: folder.id, host: host.id }),
      held: allVerbs.filter((verb) => caller.may(verb, place)),
    },
  });
}

/** Errors: `not-found`; `refused` before all of it has come; `invalid` for what is no archive any more. */
async function requireSent(
  coordinator: Coordinator,
  hostId: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const { file, receivedBytes, sizeBytes } = await findUpload(coordinator, hostId, id, signal);
  if (receivedBytes === sizeBytes) return;
  throw new Fault('refused', `not all of ${file} has come`, {
    facts: { receivedBytes, sizeBytes },
    hint: 'send the rest first',
  });
}

/** Into a folder beside it that is the operation's own. Errors: `invalid`. */
function unpackFor({ file, upload, sha256 }: VmImport, operationId: string): DiskWork {
  const named = archiveStem(file);
  if (named === undefined)
    throw new Fault('invalid', `${file} has not the name of an archive`, {
      hint: 'those are .zip, .tar, and .tar.gz, .tar.xz or .tar.zst',
    });
  const target = `${named}.${operationId.slice(0, 8)}`;
  const sent = upload === undefined ? {} : { upload, sha256 };
  const work = diskWorkSchema.safeParse({ verb: 'unpack', file, target, ...sent });
  if (work.success) return work.data;
  throw new Fault('invalid', `${file} is not the absolute path of a file on the host`);
}

interface Input {
  readonly request: VmImport;
  readonly unpack: Extract<DiskWork, { readonly verb: 'unpack' }>;
  readonly caller: Caller;
}

function inputOf(work: Work): Input {
  const { request, unpack, held } = work.input;
  const parsed = diskWorkSchema.parse(unpack);
  if (parsed.verb !== 'unpack') throw new Fault('internal', `${parsed.verb} is no unpacking`);
  const verbs = verbSchema.array().parse(held);
  const asked = vmImportSchema.parse(request);
  return { request: asked, unpack: parsed, caller: callerOf(work, asked, verbs) };
}

/**
 * What the archive says is known when nobody can be asked for rights any more: whoever asked for the import may what was asked for then,
 * and to files of other vms nothing.
 */
function callerOf({ caller }: Work, { folder, host }: VmImport, held: readonly string[]): Caller {
  return {
    ...caller,
    may(verb, on) {
      switch (on.kind) {
        case 'place':
          return on.folderId === folder && on.hostId === host && held.includes(verb);
        case 'folder':
          return on.id === folder;
        case 'host':
          return on.id === host;
        case 'installation':
          return verb === 'installation.settings';
        case 'vm':
        case 'image':
        case 'anywhere':
        case 'everywhere':
          return false;
      }
    },
  };
}

const unpackStep: Step = {
  name: 'unpack',
  async run(work) {
    const { operationId: id, target, coordinator } = work;
    const { unpack } = inputOf(work);
    if (work.memory['removal'] === undefined) await work.remember({ removal: randomUUID() });
    const { answer } = await coordinator.links.call(
      target.id,
      'host.disk.work',
      // The folder is this operation's alone: whatever is there of it was made by an earlier try.
      { id, work: unpack, again: true },
      followed(work, copyLimitMs),
    );
    await work.remember({ file: onlyConfiguration(unpack.file, answer) });
  },
  async undo(work) {
    const { operationId: id, target, coordinator, signal } = work;
    await coordinator.links.call(target.id, 'host.disk.stop', { id }, { signal });
    await removeUnpacked(work);
  },
};

/** Errors: `invalid` for an archive with none or several. */
function onlyConfiguration(archive: string, answer: unknown): string {
  const { configurations } = diskAnswers.unpack.parse(answer);
  const [only] = configurations;
  if (only !== undefined && configurations.length === 1) return only;
  throw new Fault('invalid', `there are ${configurations.length} configurations in ${archive}`, {
    facts: { configurations },
    hint:
      only === undefined
        ? 'pack a .vmx or .vmc with its disks'
        : 'unpack it with gantry host unpack, and import one after the other',
  });
}

/** Answers why it stays, where it does. */
async function removeUnpacked(work: Work): Promise<string | undefined> {
  const { target, coordinator, memory } = work;
  const { removal } = memory;
  // Nothing was asked for.
  if (typeof removal !== 'string') return undefined;
  const { unpack } = inputOf(work);
  const gone: DiskWork = { verb: 'delete-unpacked', file: unpack.target };
  try {
    await coordinator.links.call(
      target.id,
      'host.disk.work',
      { id: removal, work: gone, again: true },
      { signal: work.signal, limitMs: copyLimitMs },
    );
    return undefined;
  } catch (error) {
    // The vm has an image out of it in a drive.
    if (!isFault(error, 'refused')) throw error;
    return describeFault(withVms(coordinator.inventory, work.caller, 'delete-unpacked', error));
  }
}

const importStep: Step = {
  name: 'import',
  // What has come to its end is a vm like any other.
  way: 'stays',
  async run(work) {
    const { coordinator, memory } = work;
    const { request, caller } = inputOf(work);
    const { upload: _upload, sha256: _sha256, ...asked } = request;
    const file = String(memory['file']);
    const id = await beginOnce(work, begunAs, (operationId) =>
      importConfiguration(coordinator, caller, { ...asked, file }, { dryRun: false, operationId }),
    );
    const { target, result } = requireDone(await follow(work, id));
    const warnings = result?.['warnings'];
    await work.conclude({
      vm: target.id,
      name: target.name,
      ...(warnings === undefined ? {} : { warnings: asJson(warnings) }),
    });
  },
  async undo(work) {
    const id = begunOperation(work, begunAs);
    const begun = id === undefined ? undefined : work.coordinator.inventory.operation(id);
    if (id === undefined || begun === undefined || finishedStates.includes(begun.state)) return;
    try {
      await work.coordinator.operations.cancel(id, work.caller);
    } catch (error) {
      // It has just come to its end.
      if (!isFault(error, 'refused')) throw error;
    }
    await waitForEnd(work, id);
  },
};

/** At its end; how far it is is told as the step's own. */
async function follow(work: Work, id: string): Promise<Operation> {
  const { inventory } = work.coordinator;
  const stop = inventory.onChange(({ things }) => {
    if (!things.some((thing) => thing.kind === 'operation' && thing.id === id)) return;
    const operation = inventory.operation(id);
    const step = operation?.steps.find(({ state }) => state === 'running');
    if (operation !== undefined) work.tell(operation.progress, step?.note ?? step?.name ?? null);
  });
  try {
    return await waitForEnd(work, id);
  } finally {
    stop();
  }
}

const tidyStep: Step = {
  name: 'tidy',
  // The vm is there.
  way: 'no-way-back',
  async run(work) {
    const { upload, target } = inputOf(work).unpack;
    const stays = await removeUnpacked(work);
    if (stays !== undefined) await work.conclude({ stays: target, why: stays });
    if (upload !== undefined)
      await work.coordinator.links.call(
        work.target.id,
        'host.upload.stop',
        { id: upload },
        { signal: work.signal },
      );
  },
};

export const archiveKind: Kind = {
  action: 'vm.import-archive',
  steps: [unpackStep, importStep, tidyStep],
};
