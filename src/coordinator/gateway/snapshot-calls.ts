/** Snapshots of domains, read. */
import type { Snapshot, Vm } from '#api';
import type { DomainHandle, Handlers, SnapshotHandle } from '#libvirt';
import type { Connection } from './connection.ts';
import { findSnapshot, fitsFlags, snapshotAt, snapshotsBelow, snapshotsOf } from './snapshots.ts';
import { element, writeXml } from '../domain-xml/xml.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_LIST_ALL_SNAPSHOTS'
  | 'DOMAIN_SNAPSHOT_NUM'
  | 'DOMAIN_SNAPSHOT_LIST_NAMES'
  | 'DOMAIN_SNAPSHOT_LOOKUP_BY_NAME'
  | 'DOMAIN_HAS_CURRENT_SNAPSHOT'
  | 'DOMAIN_SNAPSHOT_CURRENT'
  | 'DOMAIN_SNAPSHOT_IS_CURRENT'
  | 'DOMAIN_SNAPSHOT_HAS_METADATA'
  | 'DOMAIN_SNAPSHOT_GET_PARENT'
  | 'DOMAIN_SNAPSHOT_NUM_CHILDREN'
  | 'DOMAIN_SNAPSHOT_LIST_CHILDREN_NAMES'
  | 'DOMAIN_SNAPSHOT_LIST_ALL_CHILDREN'
  | 'DOMAIN_SNAPSHOT_GET_XML_DESC'
>;

/** virDomainSnapshotListFlags: of a vm those without a parent alone, of a snapshot not those right below it alone. */
const rootsOnly = 1;
const allBelow = 1;

export function snapshotCalls(connection: Connection): Calls {
  const handleOf = (vm: Vm, { name }: Snapshot): SnapshotHandle => ({
    name,
    dom: connection.handleOf(vm),
  });
  const listed = ({ uuid }: DomainHandle, flags: number): readonly SnapshotHandle[] => {
    const vm = connection.find(uuid);
    const all = snapshotsOf(connection, vm);
    const those = (flags & rootsOnly) === 0 ? all : all.filter(({ parent }) => parent === null);
    return those.filter((one) => fitsFlags(one, all, flags)).map((one) => handleOf(vm, one));
  };
  const listedBelow = (snap: SnapshotHandle, flags: number): readonly SnapshotHandle[] => {
    const { vm, snapshot } = snapshotAt(connection, snap);
    const all = snapshotsOf(connection, vm);
    const those =
      (flags & allBelow) === 0
        ? all.filter(({ parent }) => parent === snapshot.id)
        : snapshotsBelow(all, snapshot.id);
    return those.filter((one) => fitsFlags(one, all, flags)).map((one) => handleOf(vm, one));
  };
  return {
    DOMAIN_LIST_ALL_SNAPSHOTS: ({ dom, need_results, flags }) =>
      answerOf(listed(dom, flags), need_results),
    DOMAIN_SNAPSHOT_NUM: ({ dom, flags }) => ({ num: listed(dom, flags).length }),
    DOMAIN_SNAPSHOT_LIST_NAMES: ({ dom, maxnames, flags }) => ({
      names: namesOf(listed(dom, flags), maxnames),
    }),
    DOMAIN_SNAPSHOT_LIST_ALL_CHILDREN: ({ snapshot, need_results, flags }) =>
      answerOf(listedBelow(snapshot, flags), need_results),
    DOMAIN_SNAPSHOT_NUM_CHILDREN: ({ snap, flags }) => ({ num: listedBelow(snap, flags).length }),
    DOMAIN_SNAPSHOT_LIST_CHILDREN_NAMES: ({ snap, maxnames, flags }) => ({
      names: namesOf(listedBelow(snap, flags), maxnames),
    }),
    DOMAIN_SNAPSHOT_LOOKUP_BY_NAME: ({ dom, name }) => {
      const { vm, snapshot } = snapshotAt(connection, { dom, name });
      return { snap: handleOf(vm, snapshot) };
    },
    DOMAIN_HAS_CURRENT_SNAPSHOT: ({ dom }) => ({
      result: snapshotsOf(connection, connection.find(dom.uuid)).some(({ present }) => present)
        ? 1
        : 0,
    }),
    DOMAIN_SNAPSHOT_CURRENT: ({ dom }) => {
      const vm = connection.find(dom.uuid);
      return {
        snap: handleOf(
          vm,
          findSnapshot(connection, vm, ({ present }) => present, 'that it goes on from'),
        ),
      };
    },
    DOMAIN_SNAPSHOT_IS_CURRENT: ({ snap }) => ({
      current: snapshotAt(connection, snap).snapshot.present ? 1 : 0,
    }),
    DOMAIN_SNAPSHOT_HAS_METADATA: ({ snap }) => {
      snapshotAt(connection, snap);
      return { metadata: 1 };
    },
    DOMAIN_SNAPSHOT_GET_PARENT: ({ snap }) => {
      const { vm, snapshot } = snapshotAt(connection, snap);
      const above = ({ id }: Snapshot): boolean => id === snapshot.parent;
      const parent = findSnapshot(connection, vm, above, `above ${snapshot.name}`);
      return { snap: handleOf(vm, parent) };
    },
    DOMAIN_SNAPSHOT_GET_XML_DESC: ({ snap }) => {
      const { vm, snapshot } = snapshotAt(connection, snap);
      const parent = snapshotsOf(connection, vm).find(({ id }) => id === snapshot.parent);
      return { xml: writeSnapshotXml(snapshot, parent?.name) };
    },
  };
}

function answerOf(
  snapshots: readonly SnapshotHandle[],
  wanted: number,
): { readonly snapshots: SnapshotHandle[]; readonly ret: number } {
  return { snapshots: wanted === 0 ? [] : [...snapshots], ret: snapshots.length };
}

function namesOf(snapshots: readonly SnapshotHandle[], most: number): string[] {
  return snapshots.slice(0, Math.max(0, most)).map(({ name }) => name);
}

const states = { off: 'shutoff', running: 'running', paused: 'paused' } as const;

/** libvirt's "Snapshot XML format". */
function writeSnapshotXml(snapshot: Snapshot, parent: string | undefined): string {
  const { name, description, takenAt, takenWhile, memoryBytes } = snapshot;
  return writeXml(
    element('domainsnapshot', {}, [
      element('name', {}, name),
      ...(description === '' ? [] : [element('description', {}, description)]),
      element(
        'state',
        {},
        takenWhile !== 'off' && memoryBytes === null ? 'disk-snapshot' : states[takenWhile],
      ),
      ...(parent === undefined ? [] : [element('parent', {}, [element('name', {}, parent)])]),
      element('creationTime', {}, Math.floor(Date.parse(takenAt) / 1000)),
      element('memory', { snapshot: memoryBytes === null ? 'no' : 'internal' }),
    ]),
  );
}
