/** What of operations and events a caller may see; everything else is asked by `may` alone. */
import { Fault } from '#lib';
import { isUuid, type Event, type Kind, type Thing, type Verb } from '#api';
import type { Caller, RightObject } from '../context.ts';
import type { OperationDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** Kinds on which rights are granted; a right on another kind is one on the installation. */
const viewVerbs = {
  vm: 'vm.view',
  host: 'host.view',
  folder: 'folder.view',
  image: 'image.view',
} as const satisfies Partial<Record<Kind, Verb>>;
export type OwnedKind = keyof typeof viewVerbs;

export function isOwnedKind<K extends Kind | undefined>(kind: K): kind is K & OwnedKind {
  return kind !== undefined && Object.hasOwn(viewVerbs, kind);
}

/** Where a right on the thing is asked for. */
export function rightObjectOf(thing: { readonly kind: Kind; readonly id: string }): RightObject {
  return isOwnedKind(thing.kind) ? { kind: thing.kind, id: thing.id } : { kind: 'installation' };
}

/** One's own operations, and those of others with the right on what they are about. */
export function seesOperation(caller: Caller, operation: OperationDocument): boolean {
  if (caller.userId !== null && operation.userId === caller.userId) return true;
  return caller.may('operation.view', rightObjectOf(operation.target));
}

/** Errors: `not-found` for an operation that is missing and for one that may not be seen. */
export function findOperation(inventory: Inventory, caller: Caller, id: string): OperationDocument {
  const operation = isUuid(id) ? inventory.document<OperationDocument>('operation', id) : undefined;
  if (operation === undefined || !seesOperation(caller, operation.data))
    throw new Fault('not-found', `there is no operation ${id.slice(0, 100)}`, {
      hint: 'look at: gantry operation list',
    });
  return operation.data;
}

/**
 * Whether the caller may see an event (EVT-56): the right to read events and to see the thing it is
 * about. Of a thing that is gone, what stood above it then and is still there counts.
 */
export function seesEvent(inventory: Inventory, caller: Caller, event: Event): boolean {
  const { target } = event;
  if (!isOwnedKind(target.kind)) {
    const about = target.kind === 'operation' ? (event.ancestors[0] ?? target) : target;
    return caller.may('event.view', rightObjectOf(about));
  }
  if (inventory.document(target.kind, target.id) !== undefined) return seesThing(caller, target);
  return (
    caller.may('event.view', { kind: 'installation' }) ||
    event.ancestors.some(
      (thing) =>
        isOwnedKind(thing.kind) &&
        inventory.document(thing.kind, thing.id) !== undefined &&
        seesThing(caller, thing),
    )
  );
}

/** The things in whose logs the caller sees an event that may be seen: its target, and those above it then (EVT-56). */
export function levelsSeen(inventory: Inventory, caller: Caller, event: Event): readonly Thing[] {
  const above = event.ancestors.filter((thing) => {
    const isGone =
      isOwnedKind(thing.kind) && inventory.document(thing.kind, thing.id) === undefined;
    return isGone ? caller.may('event.view', { kind: 'installation' }) : seesThing(caller, thing);
  });
  return [event.target, ...above];
}

function seesThing(caller: Caller, thing: Thing): boolean {
  const on = rightObjectOf(thing);
  return (
    caller.may('event.view', on) &&
    (!isOwnedKind(thing.kind) || caller.may(viewVerbs[thing.kind], on))
  );
}

/** The right with which a kind of resource is seen. */
export function viewVerb(kind: OwnedKind): Verb {
  return viewVerbs[kind];
}
