/** What is wrong with vms, each with the remedy: those whose files take up more than their settings allow (DISK-67). */
import { diskSpaceLimitBytes, findExceededDiskSpace, type Finding } from '#api';
import { formatBytes } from '#lib';
import type { Caller } from '../context.ts';
import type { VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

const maxNamed = 20;

/** Of the vms that the caller may see. */
export function findVmTroubles(
  inventory: Pick<Inventory, 'documents' | 'vm'>,
  caller: Pick<Caller, 'may'>,
): readonly Finding[] {
  const findings: Finding[] = [];
  let unnamed = 0;
  for (const { id, data } of inventory.documents<VmDocument>('vm')) {
    // Most have none, and need not be looked at.
    if (diskSpaceLimitBytes(data.definition) === null) continue;
    const vm = inventory.vm(id);
    if (vm === undefined) continue;
    const found = findExceededDiskSpace(data.definition, vm.status.diskSpaceBytes);
    if (found === undefined || !caller.may('vm.view', { kind: 'vm', id })) continue;
    if (findings.length === maxNamed) {
      unnamed += 1;
      continue;
    }
    const { usedBytes, limitBytes } = found;
    findings.push({
      check: 'disk space',
      result: 'warning',
      evidence: `the files of vm ${vm.name} take up ${formatBytes(usedBytes)}: its limit is ${formatBytes(limitBytes)}`,
      remedy: `see what takes it up: gantry vm files ${vm.name}`,
    });
  }
  if (unnamed > 0)
    findings.push({
      check: 'disk space',
      result: 'warning',
      evidence: `the files of ${unnamed} more vms take up more than their limits`,
      remedy: 'see which: gantry event list --filter "name = vm.threshold.disk"',
    });
  return findings;
}
