/**
 * Which operations get in each other's way. A thing has one operation at a time: another one is refused
 * with the name of the first, unless it overtakes it. Turning off overtakes everything that changes
 * whether a vm runs: pulling the plug must work most of all when a start or a shutdown hangs.
 */
import type { Kind } from '#api';

/** Operations on these things exclude each other; those on others may run side by side. */
const exclusive: ReadonlySet<Kind> = new Set<Kind>(['vm', 'image', 'team']);

const power = [
  'vm.turn-on',
  'vm.hold',
  'vm.release',
  'vm.pause',
  'vm.resume',
  'vm.save',
  'vm.restore',
  'vm.shutdown',
  'vm.power-button',
  'vm.reboot',
  'vm.reset',
  'vm.nmi',
  'vm.restart',
  'vm.update-additions',
] as const;

/** What an action overtakes: the overtaken operation is cancelled. */
const overtakes: Readonly<Record<string, readonly string[]>> = {
  'vm.turn-off': power,
  'vm.reset': ['vm.shutdown', 'vm.power-button', 'vm.reboot'],
  'vm.restart': ['vm.shutdown', 'vm.power-button', 'vm.reboot'],
  'vm.save': ['vm.shutdown', 'vm.power-button'],
  'team.turn-off': ['team.start', 'team.stop', 'team.pause', 'team.save', 'team.resume'],
};

export function isExclusive(kind: Kind): boolean {
  return exclusive.has(kind);
}

export function mayOvertake(action: string, other: string): boolean {
  return overtakes[action]?.includes(other) ?? false;
}

/** Urgent operations do not wait for a free place on their host: the others there may be what hangs. */
export function isUrgent(action: string): boolean {
  return action === 'vm.turn-off';
}

/** How long an overtaken operation may take to end before the other one begins. */
export const overtakeGraceMs = 5_000;
/** Operations on the vms and images of one host that run at the same time. */
export const maxRunningPerHost = 16;
/** Operations that are not at their end. */
export const maxUnfinished = 20_000;
