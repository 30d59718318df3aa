/**
 * Snapshots taken, gone back to and deleted by the hypervisor, each event with who asked. A snapshot of libvirt holds
 * the memory of a vm that runs or is paused; one without it is of disks that go on in other files (disk-snapshots.ts), which
 * only libvirt's driver for QEMU has.
 */
import { vmStateFacts, type LinkParams } from '#api';
import { escapeXml } from '#foreign';
import { describeFault, Fault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import type { Handlers } from '../../link/calls.ts';
import type { ForeignMachines } from '../machines.ts';
import {
  deleteLayer,
  isLayered,
  planTaking,
  revertToLayer,
  type Taking,
} from './disk-snapshots.ts';
import { readLayered } from './layer-files.ts';
import type { SeenSnapshot } from './read-snapshots.ts';

export interface SnapshotTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
  /** Looks at the hypervisor, and reads all of this vm, now. */
  readonly read: (uuid: string) => Promise<void>;
  /** Whether its disks can go on in other files. */
  readonly layered: () => boolean;
}

/** virDomainSnapshotRevertFlags: the vm is paused afterwards, whatever it was. */
const paused = 2;

type Verbs = Pick<
  Handlers,
  | 'machine.snapshot.take'
  | 'machine.snapshot.revert'
  | 'machine.snapshot.recall'
  | 'machine.snapshot.delete'
  | 'machine.snapshot.change'
>;
type Operation = 'take' | 'revert to' | 'delete';
type Machine = Pick<LinkParams<'machine.snapshot.delete'>, 'id' | 'generation' | 'cause'>;

export function snapshotVerbs(tools: SnapshotTools): Verbs {
  const { client, machines } = tools;
  return {
    async 'machine.snapshot.take'(params, { signal }) {
      const { id, snapshot } = params;
      const { handle: dom } = machines.find(id);
      requireKnown(tools, id, snapshot);
      const { name, description } = snapshot;
      // Names are a vm's own: a second request is one whose answer was lost.
      const isThere = machines.snapshots(id).some(({ handle }) => handle.name === name);
      if (!isThere)
        await within(tools, params, { operation: 'take', name }, async () => {
          const { xml, flags } = tools.layered()
            ? await planTaking(tools, id, snapshot, signal)
            : plainTaking(name, description);
          const args = { dom, xml_desc: xml, flags };
          await client.call('DOMAIN_SNAPSHOT_CREATE_XML', args, { signal });
          machines.emit(id, 'vm.snapshot.taken', { snapshot: name, sizeBytes: 0 });
        });
      return { report: machines.report(id) };
    },

    async 'machine.snapshot.revert'(params, { signal }) {
      const { id, memory } = params;
      const { handle: snap, snapshot } = machines.snapshot(id, params.snapshotId);
      const { name } = snapshot;
      await within(tools, params, { operation: 'revert to', name }, async () => {
        const leaves = memory === 'leave' && snapshot.memoryBytes !== null;
        if ((await revertLayered(tools, params, { leaves, dom: snap.dom }, signal)) === 'done')
          return;
        const args = { snap, flags: leaves ? paused : 0 };
        await client.call('DOMAIN_REVERT_TO_SNAPSHOT', args, { signal });
        if (leaves) await client.call('DOMAIN_DESTROY', { dom: snap.dom }, { signal });
        machines.emit(id, 'vm.snapshot.reverted', { snapshot: name });
      });
      return { report: machines.report(id), definition: machines.definition(id) };
    },

    // Its memory came back with it.
    'machine.snapshot.recall': async ({ id }) => ({ report: machines.report(id) }),

    async 'machine.snapshot.delete'(params, { signal }) {
      const { id, snapshotId } = params;
      const known = machines.snapshots(id).find(({ snapshot }) => snapshot.id === snapshotId);
      if (known !== undefined)
        await within(
          tools,
          params,
          { operation: 'delete', name: known.snapshot.name },
          async () => {
            await remove(tools, id, known, signal);
            machines.emit(id, 'vm.snapshot.deleted', { snapshot: known.snapshot.name });
          },
        );
      return { report: machines.report(id) };
    },

    async 'machine.snapshot.change'({ id }) {
      throw new Fault('unsupported', `libvirt keeps the names of snapshots`, {
        facts: { vm: machines.find(id).handle.name },
        hint: 'take another snapshot under the new name',
      });
    },
  };
}

/** As libvirt takes it by itself. */
function plainTaking(name: string, description: string): Taking {
  const text = `<description>${escapeXml(description)}</description>`;
  const xml = `<domainsnapshot><name>${escapeXml(name)}</name>${text}</domainsnapshot>`;
  return { xml, flags: 0 };
}

/** `not-so`: it is one that libvirt itself goes back to. */
async function revertLayered(
  tools: SnapshotTools,
  { id, snapshotId }: LinkParams<'machine.snapshot.revert'>,
  { leaves, dom }: { readonly leaves: boolean; readonly dom: DomainHandle },
  signal: AbortSignal,
): Promise<'done' | 'not-so'> {
  const { client, machines } = tools;
  if (!tools.layered()) return 'not-so';
  const layered = async () => {
    const vm = await readLayered(client, machines, id, signal);
    return { id, vm, snapshot: vm.snapshots.find((one) => one.id === snapshotId) };
  };
  const { snapshot } = await layered();
  if (snapshot === undefined || !isLayered(snapshot)) return 'not-so';
  if (snapshot.parts.memory !== 'no' && !leaves) return 'not-so';
  const {
    snapshot: { name },
  } = machines.snapshot(id, snapshotId);
  const { state, handle } = machines.find(id);
  if (vmStateFacts[state].live) await client.call('DOMAIN_DESTROY', { dom }, { signal });
  if (state === 'saved')
    await client.call('DOMAIN_MANAGED_SAVE_REMOVE', { dom, flags: 0 }, { signal });
  // What it has defined when it is off is what counts.
  const now = await layered();
  if (now.snapshot === undefined)
    throw new Fault('not-found', `${handle.name} has no such snapshot any more`);
  await revertToLayer(tools, { ...now, snapshot: now.snapshot }, signal);
  machines.emit(id, 'vm.snapshot.reverted', { snapshot: name });
  return 'done';
}

async function remove(
  tools: SnapshotTools,
  id: string,
  { handle: snap, snapshot: { id: snapshotId } }: SeenSnapshot,
  signal: AbortSignal,
): Promise<void> {
  const { client, machines } = tools;
  if (tools.layered()) {
    const vm = await readLayered(client, machines, id, signal);
    const snapshot = vm.snapshots.find((one) => one.id === snapshotId);
    if (snapshot !== undefined && isLayered(snapshot)) {
      await deleteLayer(tools, { id, vm, snapshot }, snap, signal);
      return;
    }
  }
  await client.call('DOMAIN_SNAPSHOT_DELETE', { snap, flags: 0 }, { signal });
}

/** What is not known to any driver, or not to this one. */
function requireKnown(
  { machines, layered }: SnapshotTools,
  id: string,
  { exclude, memory, quiesce }: LinkParams<'machine.snapshot.take'>['snapshot'],
): void {
  const { state, handle } = machines.find(id);
  if (!layered()) {
    if (quiesce || exclude.length > 0)
      throw new Fault(
        'unsupported',
        'its hypervisor takes snapshots of all disks, with the memory',
        {
          hint: 'take it without quiesce and exclude',
        },
      );
    if (vmStateFacts[state].live && !memory)
      throw new Fault(
        'unsupported',
        `a snapshot of ${handle.name} holds its memory while it runs`,
        {
          hint: 'take it with memory, or while the vm is off',
        },
      );
  }
  if (memory && quiesce)
    throw new Fault('invalid', 'a snapshot is either with memory or quiesced', {
      hint: 'leave one of the two out',
    });
  if (quiesce && state !== 'running')
    throw new Fault(
      'refused',
      `${handle.name} does not run: nobody in it holds file systems still`,
      {
        hint: 'take it without quiesce',
      },
    );
}

/** One act on the vm; what has become of it is seen when it ends. */
async function within(
  { machines, read }: SnapshotTools,
  { id, generation, cause }: Machine,
  { operation, name }: { readonly operation: Operation; readonly name: string },
  work: () => Promise<void>,
): Promise<void> {
  const { handle, state } = machines.find(id);
  using _act = machines.enter(id, generation, { state: undefined, cause });
  try {
    await work();
  } catch (error) {
    const reason = describeFault(error);
    machines.emit(id, 'vm.snapshot.failed', { operation, snapshot: name, reason, state });
    throw error;
  } finally {
    await read(handle.uuid).catch(() => undefined);
  }
}
