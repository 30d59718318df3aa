/**
 * Who makes a vm may see, configure and use it (SEC-31): where the rights that the creator holds in its place do
 * not give that already, the vm comes with a grant for its creator. It is a grant like any other: shown,
 * withdrawn, and of no effect against a denial.
 */
import { randomUUID } from 'node:crypto';
import { present } from '#lib';
import { builtInRoles } from '#api';
import { grantEvent } from '../../access/mod.ts';
import type { Caller } from '../../context.ts';
import type { GrantDocument, UserDocument, VmDocument } from '../../documents.ts';
import type { Commit, Write } from '../../store/store.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Work } from '../work.ts';

const role = present(builtInRoles['vm-administrator'], 'the role vm-administrator');

/** The user who will need a grant on a vm made there; null where nobody does. Asked when the request comes. */
export function creatorWithoutRights(
  caller: Caller,
  place: { readonly folderId: string; readonly hostId: string },
): string | null {
  const holds = role.verbs.every((verb) => caller.may(verb, { kind: 'place', ...place }));
  return holds ? null : caller.userId;
}

/** What is written with the new vm. Nothing for a creator who has been deleted meanwhile. */
export function creatorGrant(work: Work, vm: VmDocument, userId: string | null): Commit {
  const { inventory } = work.coordinator;
  const user = userId === null ? undefined : inventory.document<UserDocument>('user', userId);
  if (user === undefined) return {};
  const id = randomUUID();
  const grant: GrantDocument = {
    subjectKind: 'user',
    subject: user.id,
    role: role.id,
    objectKind: 'vm',
    objectId: vm.definition.id,
    deny: false,
  };
  return {
    conditions: [{ kind: 'user', id: user.id, version: user.version }],
    writes: [{ kind: 'grant', id, data: grant }],
    events: [grantEvent(inventory, work.caller, id, grant, 'granted', vm.definition.name)],
  };
}

/** Grants on a vm go with it. */
export function grantsGone(inventory: Inventory, vmId: string): Write[] {
  return [...inventory.documents<GrantDocument>('grant')]
    .filter(({ data }) => data.objectKind === 'vm' && data.objectId === vmId)
    .map(({ id }) => ({ kind: 'grant', id, delete: true }));
}
