/** Users as the API shows them, and how one is found. */
import { isUuid, type User } from '#api';
import { nameOwner } from '../../app/names.ts';
import type { UserDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';
import { notFound } from '../../app/not-found.ts';

export function showUser(document: Document<UserDocument>): User {
  const { data } = document;
  return {
    kind: 'user',
    id: document.id,
    name: data.name,
    displayName: data.displayName,
    groups: [...data.groups],
    disabled: data.disabled,
    hasPassword: data.passwordHash !== null,
    hasSecondFactor: (data.secondFactor ?? null) !== null,
    version: document.version,
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
    lastSignInAt: data.lastSignInAt,
  };
}

/** By id or name. Errors: `not-found`. */
export function findUser(inventory: Inventory, reference: string): Document<UserDocument> {
  const id = isUuid(reference) ? reference : nameOwner(inventory, 'user', reference);
  const user = id === undefined ? undefined : inventory.document<UserDocument>('user', id);
  if (!user) throw notFound('user', reference);
  return user;
}
