/**
 * Work on volumes of a hypervisor by path, as on disk files of a host with an agent: made, copied, made larger, wiped, deleted, all
 * by the hypervisor's host itself. What libvirt has no call for is refused by name.
 *
 * Invariant: a file that a vm has, or that another one stands on, is not changed.
 */
import { vmStateFacts, type DiskWork, type LinkResult, type MachineRecord } from '#api';
import { Fault } from '#lib';
import type { Client } from '#libvirt';
import type { Handlers } from '../../link/calls.ts';
import { copyVolume, measureCopies } from '../copy/copy-volumes.ts';
import type { ForeignMachines } from '../machines.ts';
import { LayerFiles } from '../snapshots/layer-files.ts';
import type { IncomingVolumes } from '../transfer/incoming.ts';
import { Volumes } from './volumes.ts';

export interface DiskWorkTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly incoming: IncomingVolumes;
}

type Verb = 'host.disk.plan' | 'host.disk.work' | 'host.disk.stop';
type Answer = LinkResult<'host.disk.work'>['answer'];
const carriedVerbs = ['create', 'create-child', 'convert', 'resize', 'wipe', 'delete'] as const;
const changingVerbs: readonly string[] = ['resize', 'wipe', 'delete'];
type CarriedWork = Extract<DiskWork, { verb: (typeof carriedVerbs)[number] }>;

/** In libvirt's words. VHDX it reads, and makes none. */
const formatWords: ReadonlyMap<string, string> = new Map([
  ['qcow2', 'qcow2'],
  ['raw', 'raw'],
  ['vhd', 'vpc'],
  ['vmdk', 'vmdk'],
]);

interface Doing {
  readonly done: Promise<Answer>;
  readonly stop: AbortController;
}

type WorkTools = Omit<DiskWorkTools, 'incoming'>;

export function diskWorkVerbs({ client, machines, incoming }: DiskWorkTools): Pick<Handlers, Verb> {
  const doing = new Map<string, Doing>();
  return {
    async 'host.disk.plan'({ work }, { signal }) {
      if (work.verb === 'upload') return { files: [incoming.requireFor(work).file] };
      const carried = requireCarried(work);
      await judge({ client, machines }, carried, 'first', signal);
      return { files: filesOf(carried) };
    },
    async 'host.disk.work'({ id, work, again }, { signal }) {
      const known = doing.get(id);
      if (known !== undefined) return { answer: await known.done };
      const stop = new AbortController();
      const until = AbortSignal.any([signal, stop.signal]);
      const when = again ? 'again' : 'first';
      const done =
        work.verb === 'upload'
          ? incoming.finish(work, until)
          : perform({ client, machines }, requireCarried(work), when, until);
      doing.set(id, { done, stop });
      try {
        return { answer: await done };
      } finally {
        doing.delete(id);
      }
    },
    async 'host.disk.stop'({ id }) {
      const known = doing.get(id);
      known?.stop.abort();
      await known?.done.catch(() => undefined);
      return {};
    },
  };
}

/** Errors: `unsupported`. */
function requireCarried(work: DiskWork): CarriedWork {
  if (!isCarried(work))
    throw new Fault('unsupported', `libvirt has no call for: ${work.verb} of a disk`, {
      hint: 'it makes, copies (convert), takes (upload), enlarges, wipes and deletes disks in its storage pools',
    });
  if ('format' in work && !formatWords.has(work.format))
    throw new Fault('unsupported', `libvirt makes no disks in the format ${work.format}`, {
      hint: `it makes: ${[...formatWords.keys()].join(', ')}`,
    });
  if (work.verb === 'convert' && work.compression !== 'none')
    throw new Fault('unsupported', 'libvirt makes no compressed disks', {
      hint: 'leave the compression out',
    });
  return work;
}

function isCarried(work: DiskWork): work is CarriedWork {
  return carriedVerbs.some((verb) => verb === work.verb);
}

/** That it makes, changes or deletes. */
function filesOf(work: CarriedWork): string[] {
  return [work.verb === 'convert' ? work.target : work.file];
}

/** Errors: `exists`, `not-found`; `refused`, with `vmIds` among its facts where vms have it. */
async function judge(
  { client, machines }: WorkTools,
  work: CarriedWork,
  when: 'first' | 'again',
  signal: AbortSignal,
): Promise<LayerFiles> {
  const volumes = new Volumes(client);
  const [file = ''] = filesOf(work);
  const read =
    work.verb === 'create-child' ? [work.parent] : work.verb === 'convert' ? [work.file] : [];
  const shelf = await LayerFiles.look(client, new Set([file, ...read]), signal);
  const users = (path: string, counts: (record: MachineRecord) => boolean): void => {
    const vmIds = machines
      .records()
      .filter(counts)
      .filter(({ definition }) =>
        definition.hardware.disks.some((disk) => shelf.chain(disk.file).includes(path)),
      )
      .map(({ definition }) => definition.id);
    if (vmIds.length === 0) return;
    const facts = { file: path, vmIds };
    throw new Fault('refused', `cannot ${work.verb} ${path}: a vm uses it`, { facts });
  };
  for (const path of read) {
    shelf.require(new Set([path]));
    if (work.verb === 'create-child') users(path, isTop(path));
    else users(path, (record) => isTop(path)(record) && vmStateFacts[record.report.state].live);
  }
  if (changingVerbs.includes(work.verb)) {
    if (work.verb === 'delete' && when === 'again' && !shelf.has(file)) return shelf;
    if (!shelf.has(file))
      throw new Fault('not-found', `no storage pool of its hypervisor has ${file}`, {
        hint: 'refresh the pool there: virsh pool-refresh',
      });
    users(file, () => true);
    const [child] = shelf.children(file);
    if (child !== undefined)
      throw new Fault('refused', `cannot ${work.verb} ${file}: ${child} stands on it`);
    if (work.verb === 'wipe' && shelf.chain(file).length > 1)
      throw new Fault('refused', `cannot wipe ${file}: it is a differencing disk`, {
        hint: 'delete it, or flatten it first',
      });
    return shelf;
  }
  await volumes.place(file, signal);
  if (when === 'first' && shelf.has(file))
    throw new Fault('exists', `there is a volume ${file} already`, { hint: 'choose another name' });
  if (work.verb === 'convert')
    await measureCopies(client, [{ from: work.file, to: file, format: work.format }], signal);
  return shelf;
}

function isTop(path: string): (record: MachineRecord) => boolean {
  return ({ definition }) => definition.hardware.disks.some(({ file }) => file === path);
}

/** What a call that was cut off has made is made anew. */
async function perform(
  tools: WorkTools,
  work: CarriedWork,
  when: 'first' | 'again',
  signal: AbortSignal,
): Promise<Answer> {
  const { client } = tools;
  const volumes = new Volumes(client);
  const [file = ''] = filesOf(work);
  if (work.verb === 'delete') {
    await judge(tools, work, when, signal);
    await volumes.remove(file, signal);
    return {};
  }
  if (work.verb === 'resize') {
    await judge(tools, work, when, signal);
    await volumes.enlarge(file, work.sizeBytes, signal);
    return await describe(client, file, 'dynamic', signal);
  }
  const shelf = await judge(tools, work, when, signal);
  if (work.verb === 'wipe') {
    await wipe(client, shelf, file, signal);
    return {};
  }
  if (when === 'again') await new Volumes(client).remove(file, signal);
  try {
    await make(client, shelf, work, signal);
  } catch (error) {
    await new Volumes(client).remove(file, AbortSignal.any([])).catch(() => undefined);
    throw error;
  }
  const allocation = work.verb === 'create-child' ? 'dynamic' : work.allocation;
  return await describe(client, file, allocation, signal);
}

/** libvirt overwrites the whole file, with all that makes a disk of it: one that is not raw is made anew then. */
async function wipe(
  client: Client,
  shelf: LayerFiles,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const volumes = new Volumes(client);
  const vol = await volumes.find(file, signal);
  if (vol === undefined) throw new Fault('not-found', `${file} is not there any more`);
  const [format, sizeBytes] = [shelf.format(file), shelf.sizeBytes(file)];
  await client.call('STORAGE_VOL_WIPE', { vol, flags: 0 }, { signal });
  if (format === 'raw') return;
  await volumes.remove(file, signal);
  await volumes.make({ file, format, sizeBytes }, signal);
}

async function make(
  client: Client,
  shelf: LayerFiles,
  work: Exclude<CarriedWork, { verb: 'resize' | 'wipe' | 'delete' }>,
  signal: AbortSignal,
): Promise<void> {
  const format = formatWords.get(work.format) ?? work.format;
  switch (work.verb) {
    case 'create': {
      const { file, sizeBytes, allocation } = work;
      await new Volumes(client).make({ file, format, sizeBytes, allocation }, signal);
      return;
    }
    case 'create-child': {
      const below = { file: work.parent, format: shelf.format(work.parent) };
      await shelf.create(work.file, below, signal, format);
      return;
    }
    case 'convert':
      await copyVolume(client, { from: work.file, to: work.target, format }, signal);
  }
}

async function describe(
  client: Client,
  path: string,
  variant: string,
  signal: AbortSignal,
): Promise<Answer> {
  const shelf = await LayerFiles.look(client, new Set([path]), signal);
  const word = shelf.format(path);
  const [format = word] = [...formatWords].find(([, one]) => one === word) ?? [];
  return { path, format, variant, sizeBytes: shelf.sizeBytes(path) };
}
