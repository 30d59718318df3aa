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

/** `stopReason`: of one that is off, if that is known. */
export function stateOf(
  { state, status }: Pick<Vm, 'state' | 'status'>,
  stopReason = 0,
): DomainState {
  if (state === 'off') return { state: shutOff, reason: stopReason };
  if (state === 'paused' && status.held) return { state: paused, reason: heldReason };
  return byState[state];
}

/** virConnectListAllDomainsFlags by what they are about; one counts only where one of its bits is set. */
const flagGroups = [
  1 | 2,
  4 | 8,
  16 | 32 | 64 | 128,
  256 | 512,
  1024 | 2048,
  4096 | 8192,
  16_384 | 32_768,
];
/** All are defined, none is transient, and there are no checkpoints. */
const always = 4 | 32_768;

export function matchesFlags(vm: Vm, flags: number, isActive: boolean): boolean {
  if (flags === 0) return true;
  const has =
    always |
    (isActive ? 1 : 2) |
    stateFlag(stateOf(vm).state) |
    (vm.state === 'saved' ? 256 : 512) |
    (startsItself(vm) ? 1024 : 2048) |
    (vm.status.snapshots.count > 0 ? 4096 : 8192);
  return flagGroups.every((group) => (flags & group) === 0 || (flags & group & has) !== 0);
}

function stateFlag(state: number): number {
  if (state === running) return 16;
  if (state === paused) return 32;
  return state === shutOff ? 64 : 128;
}

/** Whether it is started with its host, at least if it ran before. */
export function startsItself({ definition }: Pick<Vm, 'definition'>): boolean {
  return definition.settings.start.onHostStart !== 'off';
}
