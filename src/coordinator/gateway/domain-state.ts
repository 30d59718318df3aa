/** States of vms in libvirt's numbers (virDomainState and the reasons of each). Pure. */
import type { Vm, VmState } from '#api';

export const domainStates = {
  noState: 0,
  running: 1,
  paused: 3,
  shuttingDown: 4,
  shutOff: 5,
} as const;

export interface DomainState {
  readonly state: number;
  readonly reason: number;
}

const { noState, running, paused, shuttingDown, shutOff } = domainStates;

const byState: Readonly<Record<VmState, DomainState>> = {
  unknown: { state: noState, reason: 0 },
  off: { state: shutOff, reason: 0 },
  saved: { state: shutOff, reason: 5 },
  starting: { state: running, reason: 1 },
  restoring: { state: running, reason: 3 },
  running: { state: running, reason: 1 },
  paused: { state: paused, reason: 1 },
  saving: { state: paused, reason: 3 },
  'turning-off': { state: shuttingDown, reason: 1 },
  'merging-disks': { state: shutOff, reason: 0 },
  resuming: { state: running, reason: 5 },
  'shutting-down': { state: shuttingDown, reason: 1 },
  resetting: { state: running, reason: 1 },
};
/** Paused before its first instruction (VIR_DOMAIN_PAUSED_STARTING_UP). */
const heldReason = 11;

export function stateOf({ state, status }: Pick<Vm, 'state' | 'status'>): DomainState {
  if (state === 'paused' && status.held) return { state: paused, reason: heldReason };
  return byState[state];
}

/** Pairs of bits of virConnectListAllDomainsFlags; a group counts only where one of its bits is set. */
export function matchesFlags(vm: Vm, flags: number, isActive: boolean): boolean {
  const { state } = stateOf(vm);
  const autostart = startsItself(vm);
  const groups: readonly (readonly (readonly [bit: number, holds: boolean])[])[] = [
    [
      [1, isActive],
      [2, !isActive],
    ],
    // All are defined: there is no transient one.
    [
      [4, true],
      [8, false],
    ],
    [
      [16, state === running],
      [32, state === paused],
      [64, state === shutOff],
      [128, ![running, paused, shutOff].some((one) => one === state)],
    ],
    [
      [256, vm.state === 'saved'],
      [512, vm.state !== 'saved'],
    ],
    [
      [1024, autostart],
      [2048, !autostart],
    ],
    [
      [4096, vm.status.snapshots.count > 0],
      [8192, vm.status.snapshots.count === 0],
    ],
    // Checkpoints there are none.
    [
      [16_384, false],
      [32_768, true],
    ],
  ];
  return groups.every((group) => {
    const wanted = group.filter(([bit]) => (flags & bit) !== 0);
    return wanted.length === 0 || wanted.some(([, holds]) => holds);
  });
}

/** Whether it is started with its host, at least if it ran before. */
export function startsItself({ definition }: Pick<Vm, 'definition'>): boolean {
  return definition.settings.start.onHostStart !== 'off';
}
