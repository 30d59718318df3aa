/**
 * The lock of a thing: a document that names the operation which has it, taken with the commit that makes
 * the operation and given back with the one that ends it. It holds across coordinators and crashes.
 */
import type { Thing } from '#api';
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Commit, Condition, Write } from '../store/store.ts';

interface LockDocument {
  readonly operationId: string;
}

function lockId(thing: Thing): string {
  return `${thing.kind}/${thing.id}`;
}

/** The operation that has the thing. */
export function lockHolder(inventory: Inventory, thing: Thing): string | undefined {
  return inventory.document<LockDocument>('lock', lockId(thing))?.data.operationId;
}

/** Takes the lock, from the given operation or from nobody. */
export function takeLock(
  inventory: Inventory,
  thing: Thing,
  operationId: string,
  from: string | undefined,
): Required<Pick<Commit, 'conditions' | 'writes'>> {
  const id = lockId(thing);
  const held = inventory.document<LockDocument>('lock', id);
  const conditions: Condition[] =
    held === undefined
      ? [{ kind: 'lock', id, absent: true }]
      : [{ kind: 'lock', id, version: held.version }];
  // The lock may have changed hands and count the same: the other operation must still be as it was.
  const other = from === undefined ? undefined : inventory.document('operation', from);
  if (other !== undefined)
    conditions.push({ kind: 'operation', id: other.id, version: other.version });
  return {
    conditions,
    writes: [{ kind: 'lock', id, data: { operationId } satisfies LockDocument }],
  };
}

/** Gives back the locks that are still this operation's: of its target, and of what it makes. */
export function giveLocks(
  inventory: Inventory,
  { target, makes }: Pick<OperationDocument, 'target' | 'makes'>,
  operationId: string,
): { readonly conditions: readonly Condition[]; readonly writes: readonly Write[] } {
  const held = [target, ...(makes === undefined ? [] : [makes])].flatMap((thing) => {
    const lock = inventory.document<LockDocument>('lock', lockId(thing));
    return lock?.data.operationId === operationId ? [lock] : [];
  });
  return {
    conditions: held.map(({ id, version }) => ({ kind: 'lock', id, version })),
    writes: held.map(({ id }) => ({ kind: 'lock', id, delete: true })),
  };
}
