/** What is remembered of moves between hosts (docs/rfd/0030). */
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** Whether the vm of a departure has arrived where it went, as its operation remembers. */
export function hasArrived(inventory: Inventory, moveId: string): boolean {
  const operation = inventory.document<OperationDocument>('operation', moveId)?.data;
  return operation?.memory['told'] === true;
}
