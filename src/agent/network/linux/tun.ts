/**
 * Who may open /dev/net/tun. udev lets everybody: opening it gives no right, a tap belongs to the account it
 * was made for. Where it is root's alone (a machine without udev, a container) a group of nobody's may, and
 * processes with taps are in it.
 */
import { chmod, chown, stat } from 'node:fs/promises';
import type { UidRange } from '../../drivers/qemu/confine/accounts.ts';

const devicePath = '/dev/net/tun';
const othersMay = 0o006;
const groupMay = 0o060;

/** The id behind the range: as a group it belongs to no machine. */
export function tapGroup({ first, count }: UidRange): number {
  return first + count;
}

/** The account of network services: no machine's and nobody's. */
export function serviceUid({ first, count }: UidRange): number {
  return first + count + 1;
}

/** The group a process must be in to open a tap; undefined: none. Errors: those of the file system. */
export async function admitToTun(
  range: UidRange,
  path: string = devicePath,
): Promise<number | undefined> {
  const { mode, gid } = await stat(path);
  if ((mode & othersMay) === othersMay) return undefined;
  if ((mode & groupMay) === groupMay && gid !== 0) return gid;
  const group = tapGroup(range);
  await chown(path, 0, group);
  await chmod(path, (mode & 0o777) | groupMay);
  return group;
}
