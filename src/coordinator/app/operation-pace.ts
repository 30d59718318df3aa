/** How fast an operation on the files of disks may go, said while it is at it. */
import { finishedStates, type OperationPace } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { vmDocument } from './find.ts';
import { requireOwn } from './operations.ts';
import { findOperation } from './visibility.ts';
import { isForeignHost } from './vm/tell-hypervisor.ts';
import type { Work } from './work.ts';

/** Whose copying and merging heeds it. */
const paced: ReadonlySet<string> = new Set([
  'vm.flatten',
  'vm.relocate',
  'vm.disk.relocate',
  'vm.migrate',
  'vm.snapshot.delete',
]);

/** Those that have one of their own; nothing of it is kept longer than the coordinator runs. */
export class OperationPaces {
  readonly #paces = new Map<string, number>();

  set(id: string, bytesPerSecond: number | null, goesOn: (id: string) => boolean): void {
    for (const known of this.#paces.keys()) if (!goesOn(known)) this.#paces.delete(known);
    if (bytesPerSecond === null) this.#paces.delete(id);
    else this.#paces.set(id, bytesPerSecond);
  }

  of(id: string): number | undefined {
    return this.#paces.get(id);
  }
}

/** Whether it is not at its end. */
function goesOnIn(inventory: Inventory): (id: string) => boolean {
  return (id) => {
    const now = inventory.operation(id);
    return now !== undefined && !finishedStates.includes(now.state);
  };
}

/** As the request for the operation said, unless it was said otherwise since. */
export async function takePace(
  { operationId, target, caller, signal, coordinator }: Work,
  hostId: string,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const { inventory, links, operationPaces } = coordinator;
  if (bytesPerSecond === undefined || operationPaces.of(operationId) !== undefined) return;
  const params = { id: target.id, correlationId: caller.correlationId, bytesPerSecond };
  await links.call(hostId, 'machine.pace', params, { signal });
  operationPaces.set(operationId, bytesPerSecond, goesOnIn(inventory));
}

/** Who may cancel it may slow it down. Errors: `refused` where it has ended, `unsupported` where it is not that kind of work. */
export async function paceOperation(
  { inventory, links, operationPaces }: Coordinator,
  caller: Caller,
  id: string,
  { bytesPerSecond }: OperationPace,
  signal: AbortSignal,
): Promise<OperationPace> {
  const operation: OperationDocument = findOperation(inventory, caller, id);
  requireOwn(caller, operation);
  const { action, target, correlationId } = operation;
  const goesOn = goesOnIn(inventory);
  if (!paced.has(action))
    throw new Fault('unsupported', `${action} of ${target.name} copies no disks at a pace`, {
      hint: 'disks that are moved, merged or flattened are copied at one, and vms that move as they run',
    });
  if (!goesOn(id))
    throw new Fault('refused', `the operation ${id} has ended`, {
      hint: 'see those that are with: gantry operation list --filter "state = running"',
    });
  const { hostId } = vmDocument(inventory, target.id).data;
  if (isForeignHost(inventory, hostId))
    throw new Fault('unsupported', `${target.name} is on a libvirt host`, {
      hint: 'its libvirtd is told the pace of a block job with: virsh blockjob --bandwidth',
    });
  const params = { id: target.id, correlationId, bytesPerSecond };
  await links.call(hostId, 'machine.pace', params, { signal });
  operationPaces.set(id, bytesPerSecond, goesOn);
  return { bytesPerSecond };
}
