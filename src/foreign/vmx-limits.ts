/**
 * What ESXi keeps of a disk's share of its volume: `sched.scsi0:0.throughputCap`, operations in a second of both ways together, of
 * which one of more than 32 KiB counts as several (vSphere 5.5 and newer), `bandwidthCap` and `shares`. Nothing of it is published as a
 * grammar; a plain number and `off` are what vSphere writes.
 */
import type { Sheet } from './sheet.ts';

/** More no vm of ours counts. */
const most = 1_000_000_000_000_000;

/** Of the disk at `scsi0:0`; undefined: it has no limit. What is said and cannot be had is told. */
export function readOperationsLimit(sheet: Sheet, at: string): number | undefined {
  const take = (name: string): string => sheet.take(`sched.${at}.${name}`) ?? '';
  const shares = take('shares');
  if (shares !== '' && shares.toLowerCase() !== 'normal')
    sheet.lose(`sched.${at}.shares`, shares, 'disks have limits, and no shares of their volume');
  const bandwidth = take('bandwidthCap');
  if (!isNone(bandwidth))
    sheet.lose(
      `sched.${at}.bandwidthCap`,
      bandwidth,
      'it is not read; limit the bytes of the disk',
    );
  const text = take('throughputCap');
  if (isNone(text)) return undefined;
  const [, digits = ''] = /^(\d{1,16})(?:iops)?$/i.exec(text) ?? [];
  const limit = Number(digits);
  if (limit >= 1 && limit <= most) return limit;
  sheet.lose(`sched.${at}.throughputCap`, text, 'it is no number of operations in a second');
  return undefined;
}

function isNone(text: string): boolean {
  return /^(|off|-1|unlimited)$/i.test(text);
}
