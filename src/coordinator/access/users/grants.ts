/** Grants and denials (SEC-31 to SEC-38): a role for a user or group on an object and all below it. */
import { randomUUID } from 'node:crypto';
import { Fault } from '#lib';
import { installationId, isUuid, topFolderId, type Grant, type grantCreateSchema } from '#api';
import type { z } from 'zod';
import type { Caller } from '../../context.ts';
import type {
  GrantDocument,
  HostDocument,
  ImageDocument,
  UserDocument,
  VmDocument,
} from '../../documents.ts';
import { requireMatch, type Precondition } from '../../app/precondition.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document, NewEvent } from '../../store/store.ts';
import { commitAccessChange, type WhetherDry } from '../access-change.ts';
import type { AccessContext } from '../context.ts';
import { requireRight } from '../rights/authorize.ts';
import { notFound } from '../../app/not-found.ts';
import { objectOf, requireToHold, requireToRule, type GrantPlace } from '../rights/hand-on.ts';
import { roleById } from '../rights/roles.ts';
import { attributeText, securityEvent } from '../security-event.ts';
import { outcome } from '../written.ts';
import { findUser } from './show-user.ts';
import { requireRole } from './roles.ts';

export function showGrant(inventory: Inventory, document: Document<GrantDocument>): Grant {
  const { data } = document;
  return {
    kind: 'grant',
    id: document.id,
    subjectKind: data.subjectKind,
    subject: subjectName(inventory, data),
    role: roleById(inventory, data.role)?.name ?? data.role,
    objectKind: data.objectKind,
    objectId: data.objectId,
    object: objectName(inventory, data).slice(0, 256),
    deny: data.deny,
    version: document.version,
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
  };
}

export function subjectName(inventory: Inventory, grant: GrantDocument): string {
  if (grant.subjectKind === 'group') return grant.subject;
  return inventory.document<UserDocument>('user', grant.subject)?.data.name ?? grant.subject;
}

/** Empty for the installation, a path for a folder, else a name; the id of what is gone. */
export function objectName(
  inventory: Inventory,
  { objectKind, objectId }: Pick<GrantDocument, 'objectKind' | 'objectId'>,
): string {
  switch (objectKind) {
    case 'installation':
      return '';
    case 'folder':
      return inventory.document('folder', objectId) ? inventory.folderPath(objectId) : objectId;
    case 'host':
      return inventory.document<HostDocument>('host', objectId)?.data.name ?? objectId;
    case 'vm':
      return inventory.document<VmDocument>('vm', objectId)?.data.definition.name ?? objectId;
    case 'image':
      return inventory.document<ImageDocument>('image', objectId)?.data.name ?? objectId;
  }
}

/** All of them with the right user.view; else those on objects whose permissions one may change, and one's own. */
export function listGrants(context: AccessContext, caller: Caller): readonly Grant[] {
  const { inventory } = context.coordinator;
  const seesAll = caller.may('user.view', { kind: 'installation' });
  const own = new Set(
    caller.userId === null ? [] : context.rights.grantsOf(caller.userId).map(({ id }) => id),
  );
  return [...inventory.documents<GrantDocument>('grant')]
    .filter(
      (grant) =>
        seesAll || own.has(grant.id) || caller.may('permission.change', objectOf(grant.data)),
    )
    .map((grant) => showGrant(inventory, grant));
}

/** Errors: `not-found` for subject, role or object; `forbidden`; `exists` for the same again; `refused` for the last administrator. */
export async function createGrant(
  context: AccessContext,
  caller: Caller,
  input: z.output<typeof grantCreateSchema>,
  whether: WhetherDry,
): Promise<Grant> {
  const { coordinator, rights } = context;
  const { inventory } = coordinator;
  const id = randomUUID();
  let data: GrantDocument | undefined;
  const change = await commitAccessChange(coordinator, whether, () => {
    const on = findObject(inventory, caller, input.objectKind, input.object);
    requireRight(caller, 'permission.change', on, input.object);
    const role = requireRole(inventory, input.role);
    requireToHold(caller, role.verbs, on, `role ${role.name}`);
    const user = input.subjectKind === 'user' ? findUser(inventory, input.subject) : undefined;
    // To deny somebody something is to rule over them.
    const ruled = user ? [user] : membersOf(inventory, input.subject);
    if (input.deny) for (const one of ruled) requireToRule(inventory, rights, caller, one);
    const made: GrantDocument = {
      subjectKind: input.subjectKind,
      subject: user?.id ?? input.subject,
      role: role.id,
      objectKind: input.objectKind,
      objectId: 'id' in on ? on.id : installationId,
      deny: input.deny,
    };
    requireNew(inventory, made);
    data = made;
    const how = made.deny ? 'denied' : 'granted';
    return {
      // What the grant names must still be there when it is written.
      conditions: user ? [{ kind: 'user', id: user.id, version: user.version }] : [],
      writes: [{ kind: 'grant', id, data: made }],
      events: [grantEvent(inventory, caller, id, made, how)],
    };
  });
  const planned = { kind: 'grant', data, before: undefined, clock: coordinator.clock } as const;
  return showGrant(inventory, outcome<GrantDocument>(change, id, planned));
}

function membersOf(inventory: Inventory, group: string): readonly Document<UserDocument>[] {
  return [...inventory.documents<UserDocument>('user')].filter((user) =>
    user.data.groups.includes(group),
  );
}

function requireNew(inventory: Inventory, made: GrantDocument): void {
  for (const { id, data } of inventory.documents<GrantDocument>('grant'))
    if (
      data.subject === made.subject &&
      data.subjectKind === made.subjectKind &&
      data.role === made.role &&
      data.objectId === made.objectId &&
      data.deny === made.deny
    )
      throw new Fault('exists', 'this grant exists already', { facts: { grant: id } });
}

/** Errors: `not-found`, also for what the caller may not see. */
function findObject(
  inventory: Inventory,
  caller: Caller,
  kind: GrantDocument['objectKind'],
  reference: string,
): GrantPlace {
  if (kind === 'installation') {
    if (reference === '') return { kind };
    throw new Fault('invalid', 'the installation has no name', { hint: 'leave the object out' });
  }
  const id =
    kind === 'folder' && reference === '/' ? topFolderId : inventory.find(kind, reference)?.id;
  if (id === undefined || !caller.may(`${kind}.view`, { kind, id }))
    throw notFound(kind, reference);
  return { kind, id };
}

/** Errors: `not-found`; `stale`; `forbidden`; `refused` for the last administrator. */
export async function deleteGrant(
  context: AccessContext,
  caller: Caller,
  reference: string,
  precondition: Precondition,
  whether: WhetherDry,
): Promise<void> {
  const { coordinator } = context;
  const { inventory } = coordinator;
  await commitAccessChange(coordinator, whether, () => {
    const grant = isUuid(reference)
      ? inventory.document<GrantDocument>('grant', reference)
      : undefined;
    if (!grant) throw notFound('grant', reference);
    requireMatch(precondition, `grant ${grant.id}`, grant.version);
    const on = objectOf(grant.data);
    // Who may change permissions of everything may do so where they were denied it.
    const everything = { kind: 'installation' } as const;
    const where = caller.may('permission.change', everything) ? everything : on;
    if (!caller.may('permission.change', where)) throw notFound('grant', reference);
    const verbs = roleById(inventory, grant.data.role)?.verbs ?? [];
    requireToHold(caller, verbs, where, `the role of grant ${grant.id}`);
    return {
      conditions: [{ kind: 'grant', id: grant.id, version: grant.version }],
      writes: [{ kind: 'grant', id: grant.id, delete: true }],
      events: [grantEvent(inventory, caller, grant.id, grant.data, 'withdrawn')],
    };
  });
}

export function grantEvent(
  inventory: Inventory,
  caller: Caller,
  id: string,
  grant: GrantDocument,
  how: 'granted' | 'denied' | 'withdrawn',
  object = objectName(inventory, grant),
): NewEvent {
  const role = roleById(inventory, grant.role)?.name ?? grant.role;
  const what = [
    grant.deny ? 'denial of' : 'role',
    role,
    `for ${grant.subjectKind} ${subjectName(inventory, grant)}`,
    `on ${grant.objectKind} ${object}`.trimEnd(),
  ].join(' ');
  return securityEvent(
    caller,
    'security.permission.changed',
    { kind: 'grant', id, name: role },
    { what: attributeText(what), how },
  );
}
