/**
 * What of the parents with which a disk came (take-parents.ts) stands against a start: the file says otherwise than the record
 * does, the account of the vm may not read them, or others have disks made from this one.
 */
import { stat } from 'node:fs/promises';
import type { Disk } from '#api';
import type { Reason } from '#lib';
import { chainOf } from '../../machine/layers/layers.ts';
import { borrowedOf, servedChainOf } from '../../machine/layers/served-chain.ts';
import type { MachineFile } from '../../machine/record.ts';
import { findBorrowers } from '../../storage/read-parents.ts';
import { findOtherName } from '../../storage/recorded-chain.ts';
import { findBarrier } from './confine/access.ts';
import type { Account } from './confine/accounts.ts';
import { canLetRead } from './confine/let-read.ts';
import { resolveFile } from './places.ts';

export interface ParentsQuestion {
  /** `disk ide0:0 (/vms/web-1/web-1.qcow2)`. */
  readonly what: string;
  readonly others: readonly MachineFile[];
  readonly account: Account | undefined;
}

/** Files of the parents that a disk came with, the nearest first, with all that they consist of. */
export function borrowedPaths({ folder, layers }: MachineFile, disk: Disk): string[] {
  const served = servedChainOf(layers, disk);
  return [
    ...chainOf(layers, disk).filter(({ borrowed }) => borrowed),
    ...(served === undefined ? [] : borrowedOf(served)),
  ].map(({ file }) => resolveFile(folder, file));
}

export async function judgeParents(
  file: MachineFile,
  disk: Disk,
  { what, others, account }: ParentsQuestion,
): Promise<Reason[]> {
  const reasons = await judgeNamed(file, disk, what);
  for (const path of account === undefined ? [] : borrowedPaths(file, disk)) {
    // What is not there is said by its seal.
    const stats = await stat(path).catch(() => undefined);
    if (account === undefined || stats === undefined || path.startsWith(`${file.folder}/`))
      continue;
    const barrier = await findBarrier(path, account);
    if (barrier === undefined && canLetRead(stats, account)) continue;
    reasons.push({
      code: 'disk-parent-unreadable',
      text: `the account of the vm may not read ${path}, the parent of ${what}`,
      remedy: barrier === undefined ? `let it: chmod o+r ${path}` : `chmod o+x ${barrier}`,
    });
  }
  if (disk.readOnly) return reasons;
  const own = chainOf(file.layers, disk).filter(({ borrowed }) => !borrowed);
  const parts = servedChainOf(file.layers, disk)?.parts ?? [];
  const paths = [...own.map((layer) => layer.file), ...parts].map((one) =>
    resolveFile(file.folder, one),
  );
  const names = await findBorrowers(paths, [...others, file]);
  if (names.length > 0) {
    const text = `${what} would be written, and disks of ${names.join(', ')} are made from it`;
    const remedy = 'attach it as read-only, or attach a differencing disk above it';
    reasons.push({ code: 'disk-has-child', text, remedy });
  }
  return reasons;
}

/** The lowest of the vm's own files names the parent that the record has. */
async function judgeNamed(file: MachineFile, disk: Disk, what: string): Promise<Reason[]> {
  const chain = chainOf(file.layers, disk);
  const lowest = chain.findLast(({ borrowed }) => !borrowed);
  if (lowest === undefined || file.layers.untold.includes(disk.file)) return [];
  const recorded = chain[chain.indexOf(lowest) + 1]?.file ?? null;
  const other = await findOtherName(file.folder, lowest, recorded);
  if (other === undefined) return [];
  const before = recorded ?? 'none';
  const text =
    other.named === null
      ? `${what} stands alone by now, and had ${before} for its parent when the vm got it`
      : `${what} holds only what differs from ${other.named ?? 'a parent that cannot be told'}, and had ${before} for its parent when the vm got it`;
  const remedy = 'if that was meant, detach it and attach it again; or make one disk of both';
  return [{ code: 'disk-parent', text, remedy }];
}
