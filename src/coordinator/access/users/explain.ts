/** Why somebody may or may not do something (SEC-38): every grant and denial that counts, and where it lies. */
import { isUuid, type explanationSchema, type routes, type Verb } from '#api';
import type { z } from 'zod';
import type { Caller, RightObject } from '../../context.ts';
import type { GrantDocument, ImageDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { AccessContext } from '../context.ts';
import { requireRight } from '../rights/authorize.ts';
import { notFound } from '../../app/not-found.ts';
import { roleById } from '../rights/roles.ts';
import { objectName, subjectName } from './grants.ts';
import { findUser } from './show-user.ts';

type Query = z.output<(typeof routes)['right.explain']['query']>;

/** Errors: `not-found` for user or object; `forbidden` for others without the right user.view. */
export function explainRight(
  context: AccessContext,
  caller: Caller,
  query: Query,
): z.input<typeof explanationSchema> {
  const { inventory } = context.coordinator;
  const own = caller.userId ?? '';
  const isOther =
    query.user !== undefined && query.user !== own && query.user !== caller.actor.name;
  if (isOther) requireRight(caller, 'user.view', { kind: 'installation' });
  const userId = findUser(inventory, isOther ? (query.user ?? own) : own).id;
  const on = objectOfQuery(inventory, caller, query);
  const path = new Set(pathOf(inventory, on));
  const because = context.rights
    .grantsOf(userId)
    .filter(({ data }) => path.has(data.objectId) || data.objectKind === 'installation')
    .filter(({ data }) => hasVerb(inventory, data, query.verb))
    .map(({ id, data }) => ({
      grant: id,
      role: roleById(inventory, data.role)?.name ?? data.role,
      subjectKind: data.subjectKind,
      subject: subjectName(inventory, data),
      objectKind: data.objectKind,
      object: objectName(inventory, data),
      deny: data.deny,
    }))
    // What decides stands first.
    .sort((one, other) => Number(other.deny) - Number(one.deny));
  return { allowed: context.rights.may(userId, query.verb, on), verb: query.verb, because };
}

function hasVerb(inventory: Inventory, grant: GrantDocument, verb: Verb): boolean {
  return roleById(inventory, grant.role)?.verbs.includes(verb) ?? false;
}

type Asked = Pick<Query, 'vm' | 'host' | 'image' | 'folder'>;

export function objectOfQuery(inventory: Inventory, caller: Caller, query: Asked): RightObject {
  for (const kind of ['vm', 'host', 'image', 'folder'] as const) {
    const reference = query[kind];
    if (reference === undefined) continue;
    const id = isUuid(reference) ? reference : inventory.find(kind, reference)?.id;
    const isSeen =
      id !== undefined &&
      inventory.document(kind, id) !== undefined &&
      caller.may(`${kind}.view`, { kind, id });
    if (!isSeen) throw notFound(kind, reference);
    return { kind, id };
  }
  return { kind: 'installation' };
}

/** Ids of the object and of all that it inherits from. */
function pathOf(inventory: Inventory, on: RightObject): readonly string[] {
  switch (on.kind) {
    case 'installation':
    case 'anywhere':
    case 'everywhere':
    case 'place':
      return [];
    case 'host':
      return [on.id];
    case 'folder':
      return inventory.foldersAbove(on.id);
    case 'image': {
      const image = inventory.document<ImageDocument>('image', on.id)?.data;
      return image ? [on.id, image.hostId] : [on.id];
    }
    case 'vm': {
      const vm = inventory.document<VmDocument>('vm', on.id)?.data;
      return vm ? [on.id, vm.hostId, ...inventory.foldersAbove(vm.folderId)] : [on.id];
    }
  }
}
