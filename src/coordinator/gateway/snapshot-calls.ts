/** Snapshots of domains, read: they are taken, reverted and deleted by Gantry. */
import type { Snapshot, Vm } from '#api';
import { libvirtFault, type Handlers, type SnapshotHandle } from '#libvirt';
import { listSnapshots } from '../app/vm/snapshots-vm.ts';
import type { Connection } from './connection.ts';
import { element, writeXml } from './xml.ts';

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
  | 'DOMAIN_SNAPSHOT_GET_XML_DESC'
>;

/** VIR_DOMAIN_SNAPSHOT_LIST_ROOTS. */
const rootsOnly = 1;

export function snapshotCalls(connection: Connection): Calls {
  const { coordinator, desk, caller } = connection.parts;
  const all = (vm: Vm): readonly Snapshot[] => {
    desk.admit(caller, 'vm.snapshot.list', { vm: vm.id });
    return listSnapshots(coordinator.inventory, vm.id);
  };
  const listed = (vm: Vm, flags: number): readonly Snapshot[] =>
    all(vm).filter(({ parent }) => (flags & rootsOnly) === 0 || parent === null);
  const handleOf = (vm: Vm, { name }: Snapshot): SnapshotHandle => ({
    name,
    dom: connection.handleOf(vm),
  });
  const find = (vm: Vm, wanted: (one: Snapshot) => boolean, what: string): Snapshot => {
    const found = all(vm).find(wanted);
    if (found !== undefined) return found;
    throw libvirtFault('NO_DOMAIN_SNAPSHOT', `${vm.name} has no snapshot ${what.slice(0, 100)}`);
  };
  const at = ({ dom, name }: SnapshotHandle): { readonly vm: Vm; readonly snapshot: Snapshot } => {
    const vm = connection.find(dom.uuid);
    return { vm, snapshot: find(vm, (one) => one.name === name, name) };
  };
  return {
    DOMAIN_LIST_ALL_SNAPSHOTS: ({ dom, need_results, flags }) => {
      const vm = connection.find(dom.uuid);
      const found = listed(vm, flags);
      const snapshots = need_results === 0 ? [] : found.map((one) => handleOf(vm, one));
      return { snapshots, ret: found.length };
    },
    DOMAIN_SNAPSHOT_NUM: ({ dom, flags }) => ({
      num: listed(connection.find(dom.uuid), flags).length,
    }),
    DOMAIN_SNAPSHOT_LIST_NAMES: ({ dom, maxnames, flags }) => ({
      names: listed(connection.find(dom.uuid), flags)
        .slice(0, Math.max(0, maxnames))
        .map(({ name }) => name),
    }),
    DOMAIN_SNAPSHOT_LOOKUP_BY_NAME: ({ dom, name }) => {
      const { vm, snapshot } = at({ dom, name });
      return { snap: handleOf(vm, snapshot) };
    },
    DOMAIN_HAS_CURRENT_SNAPSHOT: ({ dom }) => ({
      result: all(connection.find(dom.uuid)).some(({ present }) => present) ? 1 : 0,
    }),
    DOMAIN_SNAPSHOT_CURRENT: ({ dom }) => {
      const vm = connection.find(dom.uuid);
      return {
        snap: handleOf(
          vm,
          find(vm, ({ present }) => present, 'that it goes on from'),
        ),
      };
    },
    DOMAIN_SNAPSHOT_IS_CURRENT: ({ snap }) => ({ current: at(snap).snapshot.present ? 1 : 0 }),
    DOMAIN_SNAPSHOT_HAS_METADATA: ({ snap }) => {
      at(snap);
      return { metadata: 1 };
    },
    DOMAIN_SNAPSHOT_GET_PARENT: ({ snap }) => {
      const { vm, snapshot } = at(snap);
      const parent = find(vm, ({ id }) => id === snapshot.parent, `above ${snapshot.name}`);
      return { snap: handleOf(vm, parent) };
    },
    DOMAIN_SNAPSHOT_GET_XML_DESC: ({ snap }) => {
      const { vm, snapshot } = at(snap);
      const parent = all(vm).find(({ id }) => id === snapshot.parent);
      return { xml: writeSnapshotXml(snapshot, parent?.name) };
    },
  };
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
