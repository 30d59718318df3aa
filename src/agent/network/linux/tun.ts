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

/**
 * The group a process must be in to open a tap, now or once there is one; undefined: none, or no such device.
 * Changes nothing.
 */
export async function tunGroup(
  range: UidRange,
  path: string = devicePath,
): Promise<number | undefined> {
  const device = await stat(path).catch(() => undefined);
  if (device === undefined || (device.mode & othersMay) === othersMay) return undefined;
  return (device.mode & groupMay) === groupMay && device.gid !== 0 ? device.gid : tapGroup(range);
}

/** Lets that group open the device. Errors: those of the file system. */
export async function admitToTun(range: UidRange, path: string = devicePath): Promise<void> {
  const group = await tunGroup(range, path);
  if (group !== tapGroup(range)) return;
  await chown(path, 0, group);
  await chmod(path, ((await stat(path)).mode & 0o777) | groupMay);
}
