/** Brings a damaged disk into order by writing it elsewhere. */
import { Fault } from '#lib';
import type { Disk } from '../disk.ts';
import { convertDisk, type ConvertOptions } from './convert.ts';
import type { Resumed } from './resume.ts';

/**
 * Writes the whole disk anew: counts, leaks and everything else of its metadata are right again, and the damaged
 * file stays as it is. Faults: `corrupt` when content cannot be read, and then there is no target.
 */
export async function repairInto(disk: Disk, options: ConvertOptions): Promise<Resumed> {
  if (disk.parent !== undefined && options.target.parent !== undefined) {
    throw new Fault('invalid', `${disk.name}: a repaired copy stands alone, without a parent`);
  }
  return await convertDisk(disk, { ...options, verify: 'compare' });
}
