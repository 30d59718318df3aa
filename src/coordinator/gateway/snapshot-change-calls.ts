/** Snapshots of domains taken, gone back to, described and deleted, as operations of Gantry. */
import type { Vm } from '#api';
import { libvirtFault, type Handlers } from '#libvirt';
import { isActive, type Connection } from './connection.ts';
import { readSnapshot, type SnapshotWish } from './define/snapshot-wish.ts';
import { findSnapshot, snapshotAt, snapshotsBelow, snapshotsOf } from './snapshots.ts';

type Calls = Pick<
  Handlers,
  'DOMAIN_SNAPSHOT_CREATE_XML' | 'DOMAIN_REVERT_TO_SNAPSHOT' | 'DOMAIN_SNAPSHOT_DELETE'
>;

/** virDomainSnapshotCreateFlags. */
const redefines = 1;
const asCurrent = 2;
const diskOnly = 16;
const quiesces = 64;
/** All or nothing, as it always is here. */
const atomic = 128;
/** What is not understood is refused in any case. */
const validates = 512;

/** virDomainSnapshotRevertFlags. */
const thenRunning = 1;
const thenPaused = 2;
/** Over libvirt's own doubts, which there are none of here. */
const byForce = 4;

/** virDomainSnapshotDeleteFlags. */
const withBelow = 1;
const belowOnly = 4;

export function snapshotChangeCalls(connection: Connection): Calls {
  return {
    DOMAIN_SNAPSHOT_CREATE_XML: async ({ dom, xml_desc, flags }, { signal }) => {
      const vm = connection.find(dom.uuid);
      const wish = readSnapshot(xml_desc);
      const name =
        (flags & redefines) === 0
          ? await take(connection, vm, wish, flags, signal)
          : await describe(connection, vm, wish, flags, signal);
      return { snap: { name, dom: connection.handleOf(vm) } };
    },
    DOMAIN_REVERT_TO_SNAPSHOT: async ({ snap, flags }, { signal }) => {
      requireKnown(flags, thenRunning | thenPaused | byForce, 'gone back to');
      if ((flags & thenRunning) !== 0 && (flags & thenPaused) !== 0)
        throw libvirtFault('INVALID_ARG', 'a vm runs afterwards or is paused, not both');
      const { vm, snapshot } = snapshotAt(connection, snap);
      const params = { vm: vm.id, snapshot: snapshot.id };
      await connection.work('vm.snapshot.revert', { params }, signal);
      const word = wordAfter(connection.find(vm.id), flags);
      if (word !== undefined) await connection.act(vm, word, signal);
      return {};
    },
    DOMAIN_SNAPSHOT_DELETE: async ({ snap, flags }, { signal }) => {
      requireKnown(flags, withBelow | belowOnly, 'deleted');
      const { vm, snapshot } = snapshotAt(connection, snap);
      const below =
        flags === 0 ? [] : snapshotsBelow(snapshotsOf(connection, vm), snapshot.id).toReversed();
      const those = (flags & belowOnly) === 0 ? [...below, snapshot] : below;
      for (const { id } of those)
        await connection.work(
          'vm.snapshot.delete',
          { params: { vm: vm.id, snapshot: id } },
          signal,
        );
      return {};
    },
  };
}

/** Its name. Of a vm that runs or is paused it has the memory, unless that is not wanted. */
async function take(
  connection: Connection,
  vm: Vm,
  { name, description, memory }: SnapshotWish,
  flags: number,
  signal: AbortSignal,
): Promise<string> {
  requireKnown(flags, diskOnly | quiesces | atomic | validates, 'taken');
  const ofDisks = (flags & diskOnly) !== 0;
  if (ofDisks && memory === 'internal')
    throw libvirtFault('INVALID_ARG', 'a snapshot of the disks only has no memory');
  const body = {
    // As libvirt names those that nobody named.
    name: name ?? String(Math.floor(connection.parts.coordinator.clock.now() / 1000)),
    description,
    memory: memory === undefined ? isActive(vm) && !ofDisks : memory === 'internal',
    quiesce: (flags & quiesces) !== 0,
  };
  await connection.work('vm.snapshot.take', { params: { vm: vm.id }, body }, signal);
  return body.name;
}

/** Of one that is there, the description; the rest is as it was taken. */
async function describe(
  connection: Connection,
  vm: Vm,
  { name = '', description }: SnapshotWish,
  flags: number,
  signal: AbortSignal,
): Promise<string> {
  requireKnown(flags, redefines | asCurrent | validates, 'defined');
  const { id, present } = findSnapshot(connection, vm, (one) => one.name === name, name);
  if ((flags & asCurrent) !== 0 && !present)
    throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a vm goes on from a snapshot by reverting to it');
  const params = { vm: vm.id, snapshot: id };
  await connection.work('vm.snapshot.change', { params, body: { description } }, signal);
  return name;
}

/** What is still to be done to a vm that was taken back. */
function wordAfter(vm: Vm, flags: number): string | undefined {
  const { state, status } = vm;
  if ((flags & thenRunning) !== 0) {
    if (!isActive(vm)) return 'start';
    if (state === 'paused') return status.held ? 'release' : 'resume';
  }
  if ((flags & thenPaused) !== 0) {
    if (!isActive(vm)) return 'hold';
    if (state === 'running') return 'pause';
  }
  return undefined;
}

function requireKnown(flags: number, known: number, what: string): void {
  if ((flags & ~known) !== 0)
    throw libvirtFault('ARGUMENT_UNSUPPORTED', `a snapshot is not ${what} in this way`);
}
