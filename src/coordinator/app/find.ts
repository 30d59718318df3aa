/** Things by id or name, for a caller who may see them: a thing that may not be seen is not found. */
import { Fault } from '#lib';
import { topFolderId, type Ability, type Verb } from '#api';
import type { Caller } from '../context.ts';
import type { FolderDocument, HostDocument, ImageDocument, VmDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Document } from '../store/store.ts';
import { notFound, seenOf } from './not-found.ts';
import { viewVerb, type OwnedKind } from './visibility.ts';

/** Errors: `not-found`. */
export function findHost(
  inventory: Inventory,
  caller: Caller,
  reference: string,
): Document<HostDocument> {
  return findVisible<HostDocument>(inventory, caller, 'host', reference);
}

/** Errors: `not-found`. */
export function findVm(
  inventory: Inventory,
  caller: Caller,
  reference: string,
): Document<VmDocument> {
  return findVisible<VmDocument>(inventory, caller, 'vm', reference);
}

/** By id or path. Errors: `not-found`. */
export function findFolder(
  inventory: Inventory,
  caller: Caller,
  reference: string,
): Document<FolderDocument> {
  return findVisible<FolderDocument>(
    inventory,
    caller,
    'folder',
    reference === '/' ? topFolderId : reference,
  );
}

/** Where something is to be made: the top folder is known to everybody, whether or not they may look into it. */
export function findPlace(
  inventory: Inventory,
  caller: Caller,
  reference: string,
): Document<FolderDocument> {
  const top = inventory.document<FolderDocument>('folder', topFolderId);
  return reference === '/' && top !== undefined ? top : findFolder(inventory, caller, reference);
}

/** Errors: `not-found`. */
export function findImage(
  inventory: Inventory,
  caller: Caller,
  reference: string,
): Document<ImageDocument> {
  return findVisible<ImageDocument>(inventory, caller, 'image', reference);
}

function findVisible<T>(
  inventory: Inventory,
  caller: Caller,
  kind: OwnedKind,
  reference: string,
): Document<T> {
  const found = inventory.find<T>(kind, reference);
  if (found !== undefined && caller.may(viewVerb(kind), { kind, id: found.id })) return found;
  const namesakes = kind === 'vm' ? inventory.namesakes(reference) : [];
  throw notFound(kind, reference, seenOf(caller, namesakes));
}

/** The vm with the id that a route has found; gone only when somebody was faster. Errors: `not-found`. */
export function vmDocument(inventory: Inventory, id: string): Document<VmDocument> {
  const vm = inventory.document<VmDocument>('vm', id);
  if (vm === undefined) throw notFound('vm', id);
  return vm;
}

/** What a route has found, as its resource. Errors: `not-found` when somebody was faster. */
export function shown<T>(kind: OwnedKind, id: string, resource: T | undefined): T {
  if (resource === undefined) throw notFound(kind, id);
  return resource;
}

/** Errors: `forbidden` naming the right. */
export function requireVerb(
  caller: Caller,
  verb: Verb,
  on: Parameters<Caller['may']>[1],
  what: string,
): void {
  if (caller.may(verb, on)) return;
  throw new Fault('forbidden', `${caller.actor.name} lacks the right ${verb} on ${what}`, {
    facts: { verb },
    hint: 'ask an administrator for a role that has it',
  });
}

/** Errors: `unsupported` with the reason of the host's driver. */
export function requireAbility({ data }: Document<HostDocument>, ability: Ability): void {
  const reason = data.facts?.missing[ability];
  if (reason !== undefined) throw new Fault('unsupported', `host ${data.name}: ${reason}`);
}
