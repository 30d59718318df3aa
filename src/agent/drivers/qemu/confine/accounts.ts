/**
 * Accounts of the host under which vm processes run (SEC-05, SEC-53, VM-58, VM-59).
 *
 * Where the agent is root each vm has a user id of its own out of a range that belongs to nobody else, or
 * the account that its settings name. Where it is not, its processes run as the agent does.
 *
 * Invariants: two machines never share an id of the range; the first id of it is no machine's: as a group
 * it is what machines with shared disks have in common.
 */
import { readFile } from 'node:fs/promises';
import { Fault } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

export interface UidRange {
  readonly first: number;
  readonly count: number;
}

/** Beyond what distributions, systemd and containers give away (systemd.io/UIDS-GIDS). */
export const defaultUidRange: UidRange = { first: 1_900_000_000, count: 65_536 };

export function sharedGroup(range: UidRange): number {
  return range.first;
}

/** An id that no other machine has. Errors: `exhausted`. */
export function chooseUid(
  range: UidRange,
  id: string,
  others: readonly Pick<MachineFile, 'uid'>[],
): number {
  const taken = new Set(others.map(({ uid }) => uid));
  // Where one begins to look depends on the vm, so that an id is not at once another vm's after a delete.
  const offset = Number.parseInt(id.slice(0, 8), 16) % (range.count - 1);
  for (let step = 0; step < range.count - 1; step += 1) {
    const uid = range.first + 1 + ((offset + step) % (range.count - 1));
    if (!taken.has(uid)) return uid;
  }
  throw new Fault('exhausted', `all ${range.count} accounts for vms are taken`);
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined where there is no such account. */
export async function findAccount(name: string): Promise<PasswdEntry | undefined> {
  const text = await readFile('/etc/passwd', 'utf8');
  for (const line of text.split('\n')) {
    const [entry, , uid, gid] = line.split(':');
    if (entry === name) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Whether the account may not be used: locked with a `!` in front of its password and no shell would help. */
export async function isLocked(name: string): Promise<boolean> {
  const text = await readFile('/etc/shadow', 'utf8').catch(() => '');
  const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
  const [, , , , , , , expires] = line?.split(':') ?? [];
  // A password that is locked is usual for accounts of services; an account that has expired is closed.
  return expires !== undefined && expires !== '' && Number(expires) * 86_400_000 < Date.now();
}

/** The group that may open a device of the host, or undefined where everybody may or it is not there. */
export async function groupId(name: string): Promise<number | undefined> {
  const text = await readFile('/etc/group', 'utf8').catch(() => '');
  const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}
