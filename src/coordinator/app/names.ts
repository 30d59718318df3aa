/**
 * Names are unique among their kind because each is reserved by a document of its own, whose id is kind
 * and name: two that take the same name at once cannot both commit.
 */
import { Fault } from '#lib';
import { maxNameBytes, type Kind } from '#api';
import type { Inventory } from '../inventory/inventory.ts';
import type { VmDocument } from '../documents.ts';
import type { Condition, DocumentKey, Write } from '../store/store.ts';

/** kind name. */
export interface NameDocument {
  readonly id: string;
}

export function nameKey(kind: Kind, name: string): string {
  return `${kind}/${name}`;
}

/** What a commit must hold and write so that the thing has the name from then on. */
export function reserveName(
  kind: Kind,
  name: string,
  id: string,
): { readonly conditions: readonly Condition[]; readonly writes: readonly Write[] } {
  const key = nameKey(kind, name);
  return {
    conditions: [{ kind: 'name', id: key, absent: true }],
    writes: [{ kind: 'name', id: key, data: { id } satisfies NameDocument }],
  };
}

/** Of an operation whose beginning reserves the name. */
export function nameDocument(kind: Kind, name: string): DocumentKey {
  return { kind: 'name', id: nameKey(kind, name) };
}

export function releaseName(kind: Kind, name: string): Write {
  return { kind: 'name', id: nameKey(kind, name), delete: true };
}

/** Who has the name. */
export function nameOwner(inventory: Inventory, kind: Kind, name: string): string | undefined {
  return inventory.document<NameDocument>('name', nameKey(kind, name))?.data.id;
}

/** Errors: `exists` naming the name. */
export function requireFreeName(inventory: Inventory, kind: Kind, name: string): void {
  if (nameOwner(inventory, kind, name) === undefined) return;
  throw nameTaken(kind, name);
}

export function nameTaken(kind: Kind, name: string): Fault {
  return new Fault('exists', `there is a ${kind} called ${name} already`, {
    facts: { kind, name },
    hint: 'choose another name',
  });
}

/** The name, or the name with a number that makes it free: `web-1 (2)`. */
export function freeName(
  inventory: Inventory,
  kind: Kind,
  wanted: string,
  taken: ReadonlySet<string> = new Set(),
): string {
  let name = wanted;
  for (
    let number = 2;
    nameOwner(inventory, kind, name) !== undefined || taken.has(name);
    number += 1
  ) {
    const suffix = ` (${number})`;
    let base = wanted;
    while (Buffer.byteLength(base + suffix) > maxNameBytes) base = base.slice(0, -1).trimEnd();
    name = base + suffix;
  }
  return name;
}

/**
 * What a vm is called that was found on a host: by its name, and where that is taken by its name and the host's,
 * `web@h2`. On one host a number tells them apart.
 */
export function foundName(
  inventory: Inventory,
  wanted: string,
  host: { readonly id: string; readonly name: string },
  taken: ReadonlySet<string>,
): string {
  const owner = nameOwner(inventory, 'vm', wanted);
  const ownerHost = owner && inventory.document<VmDocument>('vm', owner)?.data.hostId;
  const isElsewhere = owner !== undefined && ownerHost !== host.id;
  const withHost = `${wanted}@${host.name}`;
  const fits = Buffer.byteLength(withHost) <= maxNameBytes;
  return freeName(inventory, 'vm', isElsewhere && fits ? withHost : wanted, taken);
}
