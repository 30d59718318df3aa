/**
 * Disks of a vm to other files of its hypervisor's host: of one that is off by a copy of the volume; of one that runs by a block job of
 * libvirt's, which mirrors what is written meanwhile and is then switched over. What a disk stood on is in it afterwards.
 *
 * Invariants: (1) the vm has a whole file at any time: the old one goes when it has the new one; (2) whoever asks has made sure that
 * nothing had the new name, so that what has it later is what a call that was cut off has left; (3) such a job is joined where it
 * leads to the wanted file, and ended where it does not.
 */
import { setTimeout } from 'node:timers/promises';
import { vmStateFacts, type DiskCopy, type LinkParams } from '#api';
import { attributeOf, escapeXml, find, findAll, readXml } from '#foreign';
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

/** virDomainBlockCopyFlags: libvirt wants it said for a vm that is defined. */
const endsWithVm = 4;
/** virDomainBlockJobAbortFlags: the vm goes on in the copy. */
const switchOver = 2;
/** Between two looks at a job. */
const lookMs = 250;

/** Errors: `refused` for a vm with snapshots; `unsupported`, `exhausted`; the hypervisor's own. */
export async function moveDisks(
  tools: MakeTools,
  { id, generation, cause, parent, disks }: LinkParams<'machine.relocate'>,
  { signal, progress }: CallContext,
): Promise<void> {
  const { client, machines, look, read } = tools;
  if (parent !== null)
    throw new Fault('unsupported', 'a vm of a libvirt connection has no folder of its own', {
      hint: 'move its disks one by one',
    });
  await look();
  const { handle: dom, state } = machines.find(id);
  using _act = machines.enter(id, generation, { state: undefined, cause });
  try {
    const vm = await readLayered(client, machines, id, signal);
    if (vm.snapshots.length > 0)
      throw new Fault('refused', `${dom.name} has snapshots, which stand on its disks`, {
        hint: 'delete them first',
      });
    if (state === 'saved')
      throw new Fault('refused', `${dom.name} is saved, with its disks where they are`, {
        hint: 'restore it, or discard its saved state',
      });
    const { live } = vmStateFacts[state];
    for (const [index, disk] of disks.entries()) {
      const told = (part: number): void => progress((index + part) / disks.length, disk.to);
      if (live) await mirror(client, dom, disk, told, signal);
      else await carry(tools, { id, dom, disk }, signal);
      const now = await readLayered(client, machines, id, signal);
      const used = new Set([...filesOfAll(now), ...filesOfOthers(machines, id)]);
      const shelf = await LayerFiles.look(client, new Set([disk.from, disk.to]), signal);
      await shelf.removeUnused([disk.from], used, signal);
    }
  } finally {
    await read(dom.uuid).catch(() => undefined);
  }
}

interface Carrying {
  readonly id: string;
  readonly dom: DomainHandle;
  readonly disk: DiskCopy;
}

async function carry(
  { client, machines, architecture }: MakeTools,
  { id, dom, disk: { from, to } }: Carrying,
  signal: AbortSignal,
): Promise<void> {
  const { defined } = await readLayered(client, machines, id, signal);
  const context = { architecture: architecture(), sizes: machines.find(id).sizes };
  const { hardware: base } = readHardware(defined, context);
  const here = base.disks.find(({ file }) => file === from);
  // It has been moved by a call that lost its answer.
  if (here === undefined && base.disks.some(({ file }) => file === to)) return;
  if (here === undefined) throw gone(dom, from);
  const copy = { from, to, format: here.format };
  // What has been copied is given to the vm whatever the signal says: nobody would know which of the two files it has.
  const end = AbortSignal.any([]);
  await new Volumes(client).remove(to, signal);
  await measureCopies(client, [copy], signal);
  try {
    await copyVolume(client, copy, signal);
    const disks = base.disks.map((one) => (one.file === from ? { ...one, file: to } : one));
    await persistChange(client, dom, { base, wanted: { ...base, disks } }, context, end);
  } catch (error) {
    await new Volumes(client).remove(to, end).catch(() => undefined);
    throw error;
  }
}

async function mirror(
  client: Client,
  dom: DomainHandle,
  { from, to }: DiskCopy,
  told: (part: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const xml = readXml(await readLive(client, dom, signal));
  const files = [...filesOf(xml)];
  const [path, here] = files.find(([, { file }]) => file === from) ?? [];
  const mirrored = path === undefined ? undefined : mirrorOf(xml, path);
  const [moved] = files.find(([, { file }]) => file === to) ?? [];
  if (path === undefined || here === undefined) {
    if (moved === undefined) throw gone(dom, from);
    const left = mirrorOf(xml, moved);
    if (left !== undefined) await endJob(client, dom, moved, left);
    return;
  }
  if (mirrored !== undefined && mirrored !== to) await endJob(client, dom, path, mirrored);
  if (mirrored !== to) {
    await new Volumes(client).remove(to, signal);
    await measureCopies(client, [{ from, to, format: here.format }], signal);
    const source = `<driver type='${escapeXml(here.format)}'/><source file='${escapeXml(to)}'/>`;
    const destxml = `<disk type='file'>${source}</disk>`;
    const job = { dom, path, destxml, params: [], flags: endsWithVm };
    await client.call('DOMAIN_BLOCK_COPY', job, { signal });
  }
  try {
    await untilMirrored(client, dom, path, told, signal);
    await client.call('DOMAIN_BLOCK_JOB_ABORT', { dom, path, flags: switchOver });
  } catch (error) {
    await endJob(client, dom, path, to).catch(() => undefined);
    throw error;
  }
}

/** Of a block job: 0 to 1. */
export function partDone({ cur, end }: { readonly cur: bigint; readonly end: bigint }): number {
  return end === 0n ? 0 : Number(cur) / Number(end);
}

/** The job may have to wait for the guest, which goes on writing. */
async function untilMirrored(
  client: Client,
  dom: DomainHandle,
  path: string,
  told: (part: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const args = { dom, path, flags: 0 };
    const job = await client.call('DOMAIN_GET_BLOCK_JOB_INFO', args, { signal });
    if (job.found === 0)
      throw new Fault('refused', `the copy of ${path} has been ended on its hypervisor`);
    if (partDone(job) >= 1) {
      const xml = readXml(await readLive(client, dom, signal));
      if (attributeOf(mirrorElement(xml, path), 'ready') === 'yes') return;
    }
    told(partDone(job));
    await setTimeout(lookMs, undefined, { signal });
  }
}

/** The vm stays in the file that it has, and the other one goes. */
async function endJob(
  client: Client,
  dom: DomainHandle,
  path: string,
  copy: string,
): Promise<void> {
  const end = AbortSignal.any([]);
  await client.call('DOMAIN_BLOCK_JOB_ABORT', { dom, path, flags: 0 });
  await LayerFiles.look(client, new Set([copy]), end);
  await new Volumes(client).remove(copy, end);
}

function mirrorElement(domain: ReturnType<typeof readXml>, path: string) {
  const disk = findAll(find(domain, 'devices'), 'disk').find(
    (one) => attributeOf(find(one, 'target'), 'dev') === path,
  );
  return find(disk, 'mirror');
}

/** The file that a job copies a disk to; undefined where there is none. */
function mirrorOf(domain: ReturnType<typeof readXml>, path: string): string | undefined {
  return attributeOf(find(mirrorElement(domain, path), 'source'), 'file');
}

function gone({ name }: DomainHandle, file: string): Fault {
  return new Fault('stale', `${file} is no disk of ${name} any more`, {
    hint: 'look at the disks of the vm again',
  });
}
