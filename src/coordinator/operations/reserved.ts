/** What the commit that began an operation has reserved for it: free again where the operation ends before it began. */
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Commit } from '../store/store.ts';

/** Of an operation that never began; steps take back what they find. */
export function freeReserved(
  inventory: Inventory,
  { reserves }: Pick<OperationDocument, 'reserves'>,
): Required<Pick<Commit, 'conditions' | 'writes'>> {
  const held = (reserves ?? []).flatMap(({ kind, id }) => {
    const document = inventory.document(kind, id);
    return document === undefined ? [] : [{ kind, id, version: document.version }];
  });
  return {
    conditions: held,
    writes: held.map(({ kind, id }) => ({ kind, id, delete: true })),
  };
}
