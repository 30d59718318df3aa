/**
 * The lock of a thing: a document that names the operation which has it, taken with the commit that makes
 * the operation and given back with the one that ends it. It holds across coordinators and crashes.
 */
import type { Thing } from '#api';
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

/** Gives the lock back, if it is still this operation's. */
export function giveLock(
  inventory: Inventory,
  thing: Thing,
  operationId: string,
): { readonly conditions: readonly Condition[]; readonly writes: readonly Write[] } {
  const id = lockId(thing);
  const held = inventory.document<LockDocument>('lock', id);
  if (held?.data.operationId !== operationId) return { conditions: [], writes: [] };
  return {
    conditions: [{ kind: 'lock', id, version: held.version }],
    writes: [{ kind: 'lock', id, delete: true }],
  };
}
