/**
 * Copies of vms on a hypervisor, made there: with disks of their own, or linked, with layers above files that neither the
 * vm nor the copy changes from then on.
 *
 *   full     define the copy; copy each disk; copy the UEFI variables
 *   linked   the vm goes on in files above its disks, unless it is linked to a snapshot; define the copy; files above the same
 *
 * Invariant: the copy is defined before its disks are made, so that whoever was ended in between knows by its UUID which
 * volumes are its own, and makes them anew.
 */
import { vmStateFacts, type DiskCopy, type LinkParams, type VmDefinition } from '#api';
import { machineId } from '#foreign';
import { Fault } from '#lib';
import type { Handlers } from '../../link/calls.ts';
import { resizeDisk } from '../edit/resize-disk.ts';
import { define, persistChange } from '../edit/persist.ts';
import { readHardware } from '../hardware/read-hardware.ts';
import { definitionOf } from '../definition.ts';
import { lookUp, undefine } from '../make/domains.ts';
import { uuidOf, type MakeTools } from '../make/make-verbs.ts';
import { Volumes } from '../make/volumes.ts';
import { isLayered } from '../snapshots/disk-snapshots.ts';
import {
  filesOfAll,
  filesOfOthers,
  LayerFiles,
  readLayered,
  type LayeredVm,
} from '../snapshots/layer-files.ts';
import { domainAtSnapshot } from '../snapshots/snapshot-xml.ts';
import { flatten } from './flatten.ts';
import { moveDisks } from './move-disks.ts';
import { copyDomain } from './copied-domain.ts';
import { copyBeside, copyVolume, measureCopies } from './copy-volumes.ts';

type CopyVerb =
  | 'machine.disk.resize'
  | 'machine.clone'
  | 'machine.flatten'
  | 'machine.relocate'
  | 'machine.snapshot.read';
type Progress = Parameters<Handlers['machine.clone']>[1]['progress'];
type Clone = LinkParams<'machine.clone'>;

interface Hands {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export function copyVerbs(tools: MakeTools): Pick<Handlers, CopyVerb> {
  const { client, machines } = tools;
  /** Copies that are being made, by UUID: who asks again waits for the one that is under way. */
  const underWay = new Map<string, Promise<void>>();
  return {
    async 'machine.clone'(params, hands) {
      const uuid = uuidOf(params.definition);
      const making = underWay.get(uuid) ?? clone(tools, uuid, params, hands);
      underWay.set(uuid, making);
      try {
        await making;
      } finally {
        if (underWay.get(uuid) === making) underWay.delete(uuid);
      }
      return { report: machines.report(params.definition.id) };
    },
    async 'machine.flatten'(params, hands) {
      await flatten(tools, params, hands);
      return { report: machines.report(params.id) };
    },
    'machine.disk.resize': (params, { signal }) => resizeDisk(tools, params, signal),
    async 'machine.relocate'(params, hands) {
      await moveDisks(tools, params, hands);
      return { report: machines.report(params.id) };
    },
    async 'machine.snapshot.read'({ id, snapshotId }, { signal }) {
      const vm = await readLayered(client, machines, id, signal);
      const text = textAt(vm, snapshotId);
      const seen = machines.find(id);
      const context = { architecture: tools.architecture(), sizes: seen.sizes };
      return {
        definition: definitionOf(id, seen, context.architecture, readHardware(text, context)),
      };
    },
  };
}

/** The domain as it was. Errors: `not-found`; `unsupported` for a snapshot that is inside its disks. */
function textAt({ snapshots, dom }: LayeredVm, snapshotId: string): string {
  const snapshot = snapshots.find(({ id }) => id === snapshotId);
  if (snapshot === undefined)
    throw new Fault('not-found', `${dom.name} has no such snapshot any more`);
  if (!isLayered(snapshot))
    throw new Fault('unsupported', `a snapshot inside the disks of ${dom.name} is not copied`, {
      hint: 'take one without memory while the vm runs, which has files of its own',
    });
  return domainAtSnapshot(snapshot.xml, new Map());
}

async function clone(
  tools: MakeTools,
  uuid: string,
  { id, generation, cause, definition, disks, linked, seed }: Clone,
  { signal, progress }: Hands,
): Promise<void> {
  const { client, machines, hostId, look, read } = tools;
  if (machineId(hostId, uuid) !== definition.id)
    throw new Fault('invalid', 'the id of the copy is not the one of its UUID on this host');
  if (seed !== undefined)
    throw new Fault('unsupported', 'copies on libvirt hosts get no configuration disk', {
      hint: 'clone it without, and tell its guest who it is by its serial console',
    });
  await look();
  const { handle } = machines.find(id);
  const snapshotId = linked?.snapshotId ?? null;
  // A snapshot is copied while the vm does what it likes.
  using _act =
    snapshotId === null ? machines.enter(id, generation, { state: undefined, cause }) : undefined;
  if (snapshotId === null) requireOff(tools, id);
  try {
    const vm = await readLayered(client, machines, id, signal);
    const text = snapshotId === null ? vm.defined : textAt(vm, snapshotId);
    if (linked !== undefined) requireLinkable(vm, disks, snapshotId);
    const known = await lookUp(client, uuid, signal);
    const context = { architecture: tools.architecture(), sizes: new Map<string, number>() };
    const copied = copyDomain(text, { name: definition.name, uuid, copy: definition }, context);
    const tops = new Set([...vm.files.values()].map(({ file }) => file));
    const froms = new Set(disks.map(({ from }) => from));
    const shelf =
      linked === undefined ? undefined : await LayerFiles.look(client, tops.union(froms), signal);
    const formats = new Map(
      readHardware(text, context).hardware.disks.map(({ file, format }) => [file, format]),
    );
    // A call that was cut off has put files above them.
    const formatOf = (from: string): string => {
      const format = formats.get(from) ?? shelf?.formatBelow(from, tops);
      if (format !== undefined) return format;
      throw new Fault('stale', `${from} is no disk of ${handle.name} any more`, {
        hint: 'try again',
      });
    };
    const copies = disks.map(({ from, to }) => ({ from, to, format: formatOf(from) }));
    if (known === undefined) {
      await requireFree(client, copies, signal);
      if (linked === undefined) await measureCopies(client, copies, signal);
      if (shelf !== undefined && snapshotId === null)
        await raise(tools, { id, vm, copy: definition, froms, shelf }, signal);
      await define(client, copied.xml, signal);
    }
    try {
      for (const { to } of copies) await new Volumes(client).remove(to, signal);
      for (const [index, copy] of copies.entries()) {
        progress(index / copies.length, `disk ${index + 1} of ${copies.length}`);
        if (shelf === undefined) await copyVolume(client, copy, signal);
        else await shelf.create(copy.to, { file: copy.from, format: copy.format }, signal);
      }
      if (copied.variables !== undefined)
        await copyBeside(client, tools.borrowed, copied.variables, signal);
    } catch (error) {
      const end = AbortSignal.any([]);
      for (const { to } of copies) await new Volumes(client).remove(to, end).catch(() => undefined);
      const made = await lookUp(client, uuid, end).catch(() => undefined);
      if (made !== undefined) await undefine(client, made, end).catch(() => undefined);
      throw error;
    }
    await read(uuid);
  } finally {
    await read(handle.uuid).catch(() => undefined);
  }
}

function requireOff({ machines }: MakeTools, id: string): void {
  const { handle, state } = machines.find(id);
  if (state === 'off') return;
  const live = vmStateFacts[state].live;
  throw new Fault('refused', `${handle.name} is ${live ? 'running' : 'saved'} on its hypervisor`, {
    hint: live
      ? 'shut it down first, or clone a snapshot of it that was taken without memory'
      : 'discard its saved state, or restore it and shut it down',
  });
}

/** Errors: `refused` where a way back of the vm would change what the copy stands on. */
function requireLinkable(
  { snapshots, dom, files }: LayeredVm,
  disks: readonly DiskCopy[],
  snapshotId: string | null,
): void {
  if (snapshots.some(({ parts }) => parts.inDisks))
    throw new Fault(
      'refused',
      `${dom.name} has snapshots inside its disks: going back to one would change its linked clones`,
      { hint: 'delete them first, or make a full clone' },
    );
  const snapshot = snapshots.find(({ id }) => id === snapshotId);
  const fixed = new Set(
    snapshot === undefined
      ? [...files.values()].map(({ file }) => file)
      : [...snapshot.parts.overlays.keys()].map((target) => snapshot.parts.files.get(target)?.file),
  );
  const other = disks.find(({ from }) => !fixed.has(from));
  if (other !== undefined && snapshot !== undefined)
    throw new Fault('refused', `the snapshot is not of the disk ${other.from}`, {
      hint: 'clone the vm while it is off',
    });
}

async function requireFree(
  client: MakeTools['client'],
  copies: readonly { readonly to: string }[],
  signal: AbortSignal,
): Promise<void> {
  const volumes = new Volumes(client);
  for (const { to } of copies) {
    const { path } = await volumes.place(to, signal);
    if ((await volumes.find(path, signal)) !== undefined)
      throw new Fault('exists', `there is a volume ${path} already`, {
        hint: 'choose another name for the copy, or another folder',
      });
  }
}

interface Raising {
  readonly id: string;
  readonly vm: LayeredVm;
  readonly copy: VmDefinition;
  /** That are to stay as they are. */
  readonly froms: ReadonlySet<string>;
  readonly shelf: LayerFiles;
}

/** The vm goes on in files above its disks, which nobody writes to from then on. */
async function raise(
  { client, machines, architecture }: MakeTools,
  { id, vm, copy, froms, shelf }: Raising,
  signal: AbortSignal,
): Promise<void> {
  const used = new Set([...filesOfAll(vm), ...filesOfOthers(machines, id)]);
  const context = { architecture: architecture(), sizes: machines.find(id).sizes };
  const { hardware: base } = readHardware(vm.defined, context);
  const disks: typeof base.disks = [];
  for (const disk of base.disks) {
    if (!froms.has(disk.file)) {
      disks.push(disk);
      continue;
    }
    shelf.require(new Set([disk.file]));
    const path = await shelf.free(disk.file, copy.id, used, signal);
    await shelf.create(path, { file: disk.file, format: disk.format }, signal);
    disks.push({ ...disk, file: path, format: 'qcow2' });
  }
  await persistChange(client, vm.dom, { base, wanted: { ...base, disks } }, context, signal);
}
