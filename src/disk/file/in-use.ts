/**
 * Whether another program holds a file open for a vm: QEMU, and libvirt's and VMware's programs alike, lock the files
 * they work on, and Linux lists all locks in /proc/locks. Elsewhere, and for locks of other hosts, nothing is known.
 */
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import type { DiskFile } from './disk-file.ts';

/** `1: OFDLCK ADVISORY WRITE -1 fe:00:1234 100 101`: process (-1 for locks of open files), device, inode. */
const lockLine = /^\d+: \w+ +\w+ +(\w+) +(-?\d+) +([0-9a-f]+):([0-9a-f]+):(\d+) /;

export interface FileLock {
  readonly kind: 'read' | 'write';
  /** The process, where the lock belongs to one. */
  readonly pid: number | undefined;
}

/** Major and minor number as Linux packs them into `st_dev`. */
function deviceNumbers(dev: number): readonly [number, number] {
  const bits = BigInt(dev);
  const major = ((bits >> 8n) & 0xfffn) | ((bits >> 32n) & 0xffff_f000n);
  const minor = (bits & 0xffn) | ((bits >> 12n) & 0xffff_ff00n);
  return [Number(major), Number(minor)];
}

/** The locks that others hold on the file, as the kernel's list of them says. */
export function locksIn(list: string, dev: number, inode: number): readonly FileLock[] {
  const [major, minor] = deviceNumbers(dev);
  const found: FileLock[] = [];
  for (const line of list.split('\n')) {
    const [, kind, pid, lockMajor, lockMinor, lockInode] = lockLine.exec(line) ?? [];
    if (Number(lockInode) !== inode || Number(pid) === process.pid) continue;
    if (Number.parseInt(lockMajor ?? '', 16) !== major) continue;
    if (Number.parseInt(lockMinor ?? '', 16) !== minor) continue;
    const known = Number(pid) > 0 ? Number(pid) : undefined;
    found.push({ kind: kind === 'WRITE' ? 'write' : 'read', pid: known });
  }
  return found;
}

/** Locks of others on the file at the path; none where the host does not say. */
export async function fileLocks(path: string): Promise<readonly FileLock[]> {
  const { dev, ino } = await stat(path);
  const list = await readFile('/proc/locks', 'utf8').catch(() => '');
  return locksIn(list, dev, ino);
}

/** Faults: `refused` when another program holds the file. */
export async function demandUnused(path: string, doing: string): Promise<void> {
  const [lock] = await fileLocks(path);
  if (lock === undefined) return;
  const who = lock.pid === undefined ? 'another program' : `process ${lock.pid}`;
  throw new Fault('refused', `cannot ${doing} ${path}: ${who} is using it`, {
    facts: { file: path, ...(lock.pid === undefined ? {} : { pid: lock.pid }) },
    hint: 'turn off the vm that uses the disk first',
  });
}

/**
 * Whether another program may be changing an open file: one that locks it for writing, or that locks it as QEMU does, whose locks
 * do not say what for. Of a file that this program has not locked itself.
 */
export async function isInUse(file: DiskFile): Promise<boolean> {
  if (file.isStill?.() === true) return false;
  const locks = await fileLocks(file.name);
  return locks.some((lock) => lock.kind === 'write' || lock.pid === undefined);
}

/**
 * Takes an open disk for as long as it is open: the top for what it is open for, its parents against being written.
 * Others see it as `demandUnused` does. Faults: `refused` when another program uses one of the files against that.
 */
export async function claimDisk(disk: Disk, doing: string): Promise<void> {
  for (const { name, layer } of disk.chain()) {
    const { access } = layer.file;
    if (layer.file.lock?.(access) === true) continue;
    const locks = await fileLocks(name);
    const isFree =
      access === 'write' ? locks.length === 0 : locks.every((lock) => lock.kind === 'read');
    // who only asked whether it is still had it for a moment, and has not any more
    if (isFree && layer.file.lock?.(access) !== false) continue;
    throw new Fault('refused', `cannot ${doing} ${name}: another program is using it`, {
      facts: { file: name },
      hint: 'turn off the vm that uses the disk first',
    });
  }
}
