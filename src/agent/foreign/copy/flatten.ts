/**
 * Disks that stand on other files have all in themselves then: of a vm that is off each is copied to a new file, and is the vm's as soon
 * as that is whole; of one that runs its QEMU pulls what lies below into the file that the vm writes to. What it stood on stays:
 * nobody can say whether it is there for others, too.
 *
 * Invariant: a pull that is cut off leaves a disk that shows what it did before, on the files that it stood on; it is joined
 * by whoever asks again, and goes on where it was.
 */
import { setTimeout } from 'node:timers/promises';
import { vmStateFacts, type LinkParams } from '#api';
import { readXml } from '#foreign';
import { Fault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import type { CallContext } from '../../link/calls.ts';
import { persistChange, readLive } from '../edit/persist.ts';
import { readHardware } from '../hardware/read-hardware.ts';
import type { MakeTools } from '../make/make-verbs.ts';
import { Volumes } from '../make/volumes.ts';
import { filesOfAll, filesOfOthers, LayerFiles, readLayered } from '../snapshots/layer-files.ts';
import { filesOf } from '../snapshots/snapshot-xml.ts';
import { copyVolume, measureCopies } from './copy-volumes.ts';
import { partDone } from './move-disks.ts';

/** Between two looks at a job. */
const lookMs = 250;

type Progress = CallContext['progress'];

/** Errors: `refused` for a vm that is saved or has snapshots; `exhausted`; the hypervisor's own. */
export async function flatten(
  tools: MakeTools,
  { id, generation, cause, tops = [] }: LinkParams<'machine.flatten'>,
  { signal, progress }: CallContext,
): Promise<void> {
  const { client, machines, read, look } = tools;
  await look();
  const { handle: dom, state } = machines.find(id);
  using _act = machines.enter(id, generation, { state: undefined, cause });
  if (state === 'saved')
    throw new Fault('refused', `${dom.name} is saved on its hypervisor`, {
      hint: 'restore it, or discard its saved state',
    });
  try {
    const vm = await readLayered(client, machines, id, signal);
    if (vm.snapshots.length > 0)
      throw new Fault('refused', `${dom.name} has snapshots, which stand on what it shares`, {
        hint: 'delete them first',
      });
    // A call that was cut off has given the vm other files.
    const used = new Set([...filesOfAll(vm), ...filesOfOthers(machines, id)]);
    const left = new Set(tops).difference(used);
    if (left.size > 0)
      await (await LayerFiles.look(client, left, signal)).removeUnused(left, used, signal);
    if (vmStateFacts[state].live) await pullAll(tools, { id, dom, progress }, signal);
    else await copyAll(tools, { id, dom, progress }, signal);
  } finally {
    await read(dom.uuid).catch(() => undefined);
  }
}

interface Flattening {
  readonly id: string;
  readonly dom: DomainHandle;
  readonly progress: Progress;
}

async function copyAll(
  { client, machines, architecture }: MakeTools,
  { id, dom, progress }: Flattening,
  signal: AbortSignal,
): Promise<void> {
  const vm = await readLayered(client, machines, id, signal);
  const all = filesOfAll(vm);
  const used = new Set([...all, ...filesOfOthers(machines, id)]);
  const shelf = await LayerFiles.look(client, all, signal);
  const context = { architecture: architecture(), sizes: machines.find(id).sizes };
  const { hardware } = readHardware(vm.defined, context);
  let base = hardware;
  for (const [index, disk] of hardware.disks.entries()) {
    if (shelf.chain(disk.file).length < 2) continue;
    progress(index / hardware.disks.length, `disk ${index + 1} of ${hardware.disks.length}`);
    const to = await shelf.free(disk.file, id, used, signal);
    const copy = { from: disk.file, to, format: disk.format };
    const disks = base.disks.map((one) => (one.file === disk.file ? { ...one, file: to } : one));
    const wanted = { ...base, disks };
    // What has been copied is given to the vm whatever the signal says: nobody would know which of the two files it has.
    const end = AbortSignal.any([]);
    try {
      await measureCopies(client, [copy], signal);
      await copyVolume(client, copy, signal);
      await persistChange(client, dom, { base, wanted }, context, end);
    } catch (error) {
      await new Volumes(client).remove(to, end).catch(() => undefined);
      throw error;
    }
    base = wanted;
    used.delete(disk.file);
    await shelf.removeUnused([disk.file], new Set([...used, to]), signal);
  }
}

async function pullAll(
  { client }: MakeTools,
  { dom, progress }: Flattening,
  signal: AbortSignal,
): Promise<void> {
  const files = filesOf(readXml(await readLive(client, dom, signal)));
  const tops = new Set([...files.values()].map(({ file }) => file));
  const before = await LayerFiles.look(client, tops, signal);
  const linked = [...files].filter(([, { file }]) => before.chain(file).length > 1);
  for (const [index, [path, { file }]] of linked.entries()) {
    const told = (part: number): void => progress((index + part) / linked.length, file);
    await pull(client, dom, path, told, signal);
    const after = await LayerFiles.look(client, tops, signal);
    if (after.chain(file).length > 1)
      throw new Fault('refused', `the disk ${path} of ${dom.name} still stands on other files`, {
        hint: 'its pull was ended on its hypervisor, or its QEMU ended: flatten it again',
      });
  }
}

/** Resolves when the job has ended, whatever it has come to. One that is under way is waited for. */
async function pull(
  client: Client,
  dom: DomainHandle,
  path: string,
  told: (part: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const look = () => client.call('DOMAIN_GET_BLOCK_JOB_INFO', { dom, path, flags: 0 }, { signal });
  try {
    if ((await look()).found === 0)
      await client.call('DOMAIN_BLOCK_PULL', { dom, path, bandwidth: 0n, flags: 0 }, { signal });
    for (let job = await look(); job.found !== 0; job = await look()) {
      told(partDone(job));
      await setTimeout(lookMs, undefined, { signal });
    }
  } catch (error) {
    // What has been pulled by then stays: it shows the same.
    if (signal.aborted)
      await client.call('DOMAIN_BLOCK_JOB_ABORT', { dom, path, flags: 0 }).catch(() => undefined);
    throw error;
  }
}
