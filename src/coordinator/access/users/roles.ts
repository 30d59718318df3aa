/** Roles (SEC-40): sets of rights under a name. Built-in ones cannot be changed. */
import { randomUUID } from 'node:crypto';
import { Fault } from '#lib';
import type { Role, roleCreateSchema, rolePatchSchema, Verb } from '#api';
import type { z } from 'zod';
import { nameTaken, releaseName, requireFreeName, reserveName } from '../../app/names.ts';
import type { Caller } from '../../context.ts';
import type { GrantDocument, RoleDocument } from '../../documents.ts';
import { requireMatch, type Precondition } from '../../app/precondition.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document, NewEvent } from '../../store/store.ts';
import { commitAccessChange, type WhetherDry } from '../access-change.ts';
import type { AccessContext } from '../context.ts';
import { notFound } from '../../app/not-found.ts';
import { requireToHold } from '../rights/hand-on.ts';
import { builtIn, findRole, isBuiltInName, type KnownRole } from '../rights/roles.ts';
import { attributeText, securityEvent } from '../security-event.ts';
import { outcome } from '../written.ts';

/** Built-in roles were always there. */
const beginning = '1970-01-01T00:00:00.000Z';

export function showRole(role: KnownRole): Role {
  return {
    kind: 'role',
    id: role.id,
    name: role.name,
    meaning: role.meaning,
    verbs: [...role.verbs],
    builtIn: role.document === undefined,
    version: role.document?.version ?? 1,
    createdAt: role.document?.createdAt ?? beginning,
    updatedAt: role.document?.updatedAt ?? beginning,
  };
}

function showOwn(document: Document<RoleDocument>): Role {
  return showRole({ id: document.id, ...document.data, document });
}

export function listRoles(inventory: Inventory): readonly Role[] {
  const own = [...inventory.documents<RoleDocument>('role')].map(showOwn);
  return [...builtIn.map(showRole), ...own];
}

/** Errors: `not-found`. */
export function requireRole(inventory: Inventory, reference: string): KnownRole {
  const role = findRole(inventory, reference);
  if (!role) throw notFound('role', reference);
  return role;
}

function requireOwnRole(inventory: Inventory, reference: string): Document<RoleDocument> {
  const { document, name } = requireRole(inventory, reference);
  if (document) return document;
  throw new Fault('refused', `role ${name} is built in and stays as it is`, {
    hint: 'create a role of your own',
  });
}

/** Errors: `exists`. */
export async function createRole(
  { coordinator }: AccessContext,
  caller: Caller,
  input: z.output<typeof roleCreateSchema>,
  whether: WhetherDry,
): Promise<Role> {
  const id = randomUUID();
  const data: RoleDocument = { ...input, verbs: [...new Set(input.verbs)] };
  const change = await commitAccessChange(coordinator, whether, () => {
    if (isBuiltInName(data.name)) throw nameTaken('role', data.name);
    requireFreeName(coordinator.inventory, 'role', data.name);
    const name = reserveName('role', data.name, id);
    return {
      conditions: name.conditions,
      writes: [{ kind: 'role', id, data }, ...name.writes],
      events: [roleEvent(caller, id, data.name, 'created', null, data.verbs)],
    };
  });
  const planned = { kind: 'role', data, before: undefined, clock: coordinator.clock } as const;
  return showOwn(outcome(change, id, planned));
}

/** Changes what everybody with the role may do. Errors: `not-found`; `stale`; `refused`; `forbidden` for rights the caller lacks. */
export async function updateRole(
  { coordinator }: AccessContext,
  caller: Caller,
  reference: string,
  patch: z.output<typeof rolePatchSchema>,
  precondition: Precondition,
  whether: WhetherDry,
): Promise<Role> {
  const { inventory } = coordinator;
  const { id } = requireOwnRole(inventory, reference);
  let before: Document<RoleDocument> | undefined;
  let data: RoleDocument | undefined;
  const change = await commitAccessChange(coordinator, whether, () => {
    const role = requireOwnRole(inventory, id);
    before = role;
    requireMatch(precondition, `role ${role.data.name}`, role.version);
    const verbs = patch.verbs === undefined ? role.data.verbs : [...new Set(patch.verbs)];
    // A right that goes may be one that was denied by this role.
    const touched = [...role.data.verbs, ...verbs];
    requireToHold(caller, touched, { kind: 'installation' }, `role ${role.data.name}`);
    data = { ...role.data, meaning: patch.meaning ?? role.data.meaning, verbs };
    return {
      conditions: [{ kind: 'role', id, version: role.version }],
      writes: [{ kind: 'role', id, data }],
      events: [roleEvent(caller, id, data.name, 'changed', role.data.verbs, verbs)],
    };
  });
  return showOwn(outcome(change, id, { kind: 'role', data, before, clock: coordinator.clock }));
}

/** Errors: `not-found`; `stale`; `refused` for a role that is granted. */
export async function deleteRole(
  { coordinator }: AccessContext,
  caller: Caller,
  reference: string,
  precondition: Precondition,
  whether: WhetherDry,
): Promise<void> {
  const { inventory } = coordinator;
  const { id } = requireOwnRole(inventory, reference);
  await commitAccessChange(coordinator, whether, () => {
    const role = requireOwnRole(inventory, id);
    requireMatch(precondition, `role ${role.data.name}`, role.version);
    const uses = [...inventory.documents<GrantDocument>('grant')].filter(
      (grant) => grant.data.role === id,
    ).length;
    if (uses > 0)
      throw new Fault('refused', `role ${role.data.name} is granted ${uses} times`, {
        facts: { uses },
        hint: `withdraw the grants first: gantry grant list --filter "role = ${role.data.name}"`,
      });
    return {
      conditions: [{ kind: 'role', id, version: role.version }],
      writes: [{ kind: 'role', id, delete: true }, releaseName('role', role.data.name)],
      events: [roleEvent(caller, id, role.data.name, 'deleted', role.data.verbs, null)],
    };
  });
}

function roleEvent(
  caller: Caller,
  id: string,
  name: string,
  how: string,
  before: readonly Verb[] | null,
  after: readonly Verb[] | null,
): NewEvent {
  return securityEvent(
    caller,
    'security.role.changed',
    { kind: 'role', id, name },
    {
      how,
      oldValue: before === null ? null : attributeText(before),
      newValue: after === null ? null : attributeText(after),
    },
  );
}
