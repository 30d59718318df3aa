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

/** The group of parents that vms have below their disks, beyond the ids of the range and of scripts. */
export function baseGroup({ first, count }: UidRange): number {
  return first + count + 1;
}

/** The id next to the range: of scripts of the host, which own nothing. */
export function hostScriptUid({ first, count }: UidRange): number {
  return first + count;
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

/** Whether the account may not be used (shadow(5)): locked by an administrator, or expired. */
export async function isLocked(name: string): Promise<boolean> {
  const text = await readFile('/etc/shadow', 'utf8').catch(() => '');
  const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
  return line !== undefined && isClosed(line, Date.now());
}

/**
 * By a line of /etc/shadow. Accounts of services have no password at all (`*`, `!`, `!!`): that is no lock.
 * A lock is a `!` in front of a password that is there (usermod -L, passwd -l).
 */
export function isClosed(line: string, nowMs: number): boolean {
  const [, password = '', , , , , , expires = ''] = line.split(':');
  if (/^!+[^!*]/.test(password)) return true;
  return expires !== '' && Number(expires) * 86_400_000 < nowMs;
}

/** Groups whose members may become root. */
const administrators = ['root', 'sudo', 'wheel', 'admin'];

/** Whether the account is root's or an administrator's. */
export async function isPowerful({ name, uid, gid }: PasswdEntry): Promise<boolean> {
  if (uid === 0 || gid === 0) return true;
  const text = await readFile('/etc/group', 'utf8').catch(() => '');
  return text.split('\n').some((line) => {
    const [group = '', , id, members = ''] = line.split(':');
    return (
      administrators.includes(group) && (Number(id) === gid || members.split(',').includes(name))
    );
  });
}

/** The group that may open a device of the host, or undefined where everybody may or it is not there. */
export async function groupId(name: string): Promise<number | undefined> {
  const text = await readFile('/etc/group', 'utf8').catch(() => '');
  const line = text.split('\n').find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}
