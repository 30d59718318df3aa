/** Roles by id or name: those that every installation has, and its own. */
import { builtInRoles, isUuid, type Verb } from '#api';
import { nameOwner } from '../../app/names.ts';
import type { RoleDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';

export interface KnownRole {
  readonly id: string;
  readonly name: string;
  readonly meaning: string;
  readonly verbs: readonly Verb[];
  /** Undefined for a built-in one. */
  readonly document: Document<RoleDocument> | undefined;
}

export const builtIn: readonly KnownRole[] = Object.entries(builtInRoles).map(([name, role]) => ({
  name,
  document: undefined,
  ...role,
}));

const builtInById = new Map(builtIn.map((role) => [role.id, role]));
const builtInByName = new Map(builtIn.map((role) => [role.name, role]));

export function roleById(
  inventory: Pick<Inventory, 'document'>,
  id: string,
): KnownRole | undefined {
  const fixed = builtInById.get(id);
  if (fixed) return fixed;
  const document = inventory.document<RoleDocument>('role', id);
  return document && { id, ...document.data, document };
}

export function findRole(inventory: Inventory, reference: string): KnownRole | undefined {
  const fixed = builtInByName.get(reference);
  if (fixed) return fixed;
  const id = isUuid(reference) ? reference : nameOwner(inventory, 'role', reference);
  return id === undefined ? undefined : roleById(inventory, id);
}

export function isBuiltInName(name: string): boolean {
  return builtInByName.has(name);
}
