/**
 * What is wrong with vms as the coordinator sees it, each with the remedy: files that take up more than settings allow
 * (DISK-67), guest additions that are older than those of the host (WEB-48), and vms of which it is not known who has them.
 */
import { diskSpaceLimitBytes, findExceededDiskSpace, tellFinding } from '#api';
import type { VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { vmThing } from '../things.ts';
import type { Trouble } from './trouble.ts';

type Known = Pick<Inventory, 'document' | 'documents' | 'vm' | 'liveSamples'>;

export function* findVmTroubles(inventory: Known): Generator<Trouble> {
  yield* findFullVms(inventory);
  yield* findOutdatedAdditions(inventory);
  yield* findUnsettled(inventory);
}

/** Between a hypervisor and an agent, where an undo was given up (app/vm/handover-patience.ts). */
function* findUnsettled(inventory: Known): Generator<Trouble> {
  for (const { id, data } of inventory.documents<VmDocument>('vm')) {
    if (data.lent?.unsettled === undefined || inventory.vm(id)?.state !== 'unknown') continue;
    const { name } = data.definition;
    yield {
      check: 'adoption',
      result: 'error',
      ...tellFinding('vm-unsettled', { vm: name }),
      thing: vmThing(id, data),
      detail: '',
    };
  }
}

function* findFullVms(inventory: Known): Generator<Trouble> {
  for (const { id, data } of inventory.documents<VmDocument>('vm')) {
    // Most have none, and need not be looked at.
    if (diskSpaceLimitBytes(data.definition) === null) continue;
    const vm = inventory.vm(id);
    if (vm === undefined) continue;
    const found = findExceededDiskSpace(data.definition, vm.status.diskSpaceBytes);
    if (found === undefined) continue;
    yield {
      check: 'disk space',
      result: 'warning',
      ...tellFinding('vm-files-large', { vm: vm.name, ...found }),
      thing: vmThing(id, data),
      detail: '',
    };
  }
}

function* findOutdatedAdditions(inventory: Known): Generator<Trouble> {
  for (const { sample } of inventory.liveSamples()) {
    if (sample.additions.state !== 'outdated') continue;
    const document = inventory.document<VmDocument>('vm', sample.id);
    const vm = inventory.vm(sample.id);
    if (document === undefined || vm === undefined) continue;
    const { version } = sample.additions;
    const { additionsShipped } = vm.status;
    yield {
      check: 'additions',
      result: 'warning',
      ...tellFinding('additions-outdated', {
        vm: vm.name,
        version: version ?? 'unknown',
        shipped: additionsShipped ?? 'unknown',
      }),
      thing: vmThing(sample.id, document.data),
      detail: '',
    };
  }
}
