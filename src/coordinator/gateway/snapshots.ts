/** Snapshots of the vms that a connection shows, and which of them libvirt's flags ask for. */
import type { Snapshot, Vm } from '#api';
import { libvirtFault, type SnapshotHandle } from '#libvirt';
import { listSnapshots } from '../app/vm/snapshots-vm.ts';
import type { Connection } from './connection.ts';

/** In the order in which they were taken. */
export function snapshotsOf(connection: Connection, vm: Vm): readonly Snapshot[] {
  const { coordinator, desk, caller } = connection.parts;
  desk.admit(caller, 'vm.snapshot.list', { vm: vm.id });
  return listSnapshots(coordinator.inventory, vm.id);
}

/** Errors: NO_DOMAIN_SNAPSHOT. */
export function findSnapshot(
  connection: Connection,
  vm: Vm,
  wanted: (one: Snapshot) => boolean,
  what: string,
): Snapshot {
  const found = snapshotsOf(connection, vm).find(wanted);
  if (found !== undefined) return found;
  throw libvirtFault(
    'NO_DOMAIN_SNAPSHOT',
    `Domain snapshot not found: no domain snapshot with matching name '${what.slice(0, 100)}'`,
  );
}

/** Errors: NO_DOMAIN_SNAPSHOT. */
export function snapshotAt(
  connection: Connection,
  { dom, name }: SnapshotHandle,
): { readonly vm: Vm; readonly snapshot: Snapshot } {
  const vm = connection.find(dom.uuid);
  return { vm, snapshot: findSnapshot(connection, vm, (one) => one.name === name, name) };
}

/** Each before those below it. */
export function snapshotsBelow(all: readonly Snapshot[], id: string): readonly Snapshot[] {
  // What a host tells may go in a circle: whoever has been passed is not come to again.
  const others = all.filter((one) => one.id !== id);
  return others
    .filter(({ parent }) => parent === id)
    .flatMap((one) => [one, ...snapshotsBelow(others, one.id)]);
}

type Fits = (one: Snapshot, all: readonly Snapshot[]) => boolean;

const isLeaf: Fits = ({ id }, all) => all.every(({ parent }) => parent !== id);

/** virDomainSnapshotListFlags. Of a group any that is asked for will do. */
const groups: readonly (readonly (readonly [flag: number, fits: Fits])[])[] = [
  [
    [2, () => true],
    [16, () => false],
  ],
  [
    [4, isLeaf],
    [8, (one, all) => !isLeaf(one, all)],
  ],
  [
    [32, ({ takenWhile }) => takenWhile === 'off'],
    [64, ({ takenWhile, memoryBytes }) => takenWhile !== 'off' && memoryBytes !== null],
    [128, ({ takenWhile, memoryBytes }) => takenWhile !== 'off' && memoryBytes === null],
  ],
  [
    [256, () => true],
    [512, () => false],
  ],
];

export function fitsFlags(one: Snapshot, all: readonly Snapshot[], flags: number): boolean {
  return groups.every((group) => {
    const asked = group.filter(([flag]) => (flags & flag) !== 0);
    return asked.length === 0 || asked.some(([, fits]) => fits(one, all));
  });
}
