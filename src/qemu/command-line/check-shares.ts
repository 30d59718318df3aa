/** Bounds of shared folders. */
import { patterns, isWithin, type Report } from './check-values.ts';
import { maxSharedFolders } from './shares.ts';
import type { MachineSpec } from './spec.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/;

export function checkShares({ shares }: MachineSpec, report: Report): void {
  if (shares === undefined) return;
  if (!patterns.path.test(shares.linksPath)) report('shares.linksPath', 'is not an absolute path');
  const slots = new Set<number>();
  const names = new Set<string>();
  for (const [index, { slot, name }] of shares.folders.entries()) {
    const setting = `shares.folders[${index}]`;
    if (!isWithin(slot, 0, maxSharedFolders - 1)) {
      report(`${setting}.slot`, `is not a whole number from 0 to ${maxSharedFolders - 1}`);
    }
    if (slots.has(slot)) report(`${setting}.slot`, 'is taken');
    if (!namePattern.test(name)) {
      report(`${setting}.name`, 'is not a letter or digit and up to 30 of A-Za-z0-9._-');
    }
    if (names.has(name)) report(`${setting}.name`, `${name} is the name of another`);
    slots.add(slot);
    names.add(name);
  }
}
