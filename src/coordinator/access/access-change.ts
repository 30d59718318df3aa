/**
 * Changes of users, groups, roles and grants. All of them pass one document, so that no two are made
 * from the same state: each sees what the one before has done, and none leaves the installation without
 * an administrator (SEC-35).
 */
import { Fault } from '#lib';
import { allVerbs } from '#api';
import { commitFresh } from '../app/commit-fresh.ts';
import type { Coordinator } from '../context.ts';
import type { GrantDocument, UserDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Change, Commit, Document, DocumentKind, Write } from '../store/store.ts';
import { RightsView, type RightsInventory } from './rights/evaluate.ts';

export const guardId = 'access';
interface GuardDocument {
  readonly changes: number;
}

export type WhetherDry = 'dry-run' | 'for-real';

/**
 * Commits what `build` makes of the present state, or with a dry run only checks it. Errors: those of
 * `build`; `refused` when no administrator would remain.
 */
export async function commitAccessChange(
  coordinator: Coordinator,
  whether: WhetherDry,
  build: () => Commit,
): Promise<Change | undefined> {
  const prepare = (): Commit => {
    const commit = build();
    requireAdministrator(coordinator.inventory, commit.writes ?? []);
    const guard = coordinator.inventory.document<GuardDocument>('setting', guardId);
    if (!guard) throw new Fault('unavailable', 'the first start has not finished yet');
    return {
      ...commit,
      conditions: [
        ...(commit.conditions ?? []),
        { kind: 'setting', id: guardId, version: guard.version },
      ],
      writes: [...(commit.writes ?? []), guardWrite(guard.data.changes + 1)],
    };
  };
  if (whether === 'dry-run') {
    prepare();
    return undefined;
  }
  return commitFresh(coordinator, prepare);
}

export function guardWrite(changes: number): Write {
  return { kind: 'setting', id: guardId, data: { changes } satisfies GuardDocument };
}

/** Errors: `refused` when nobody would be administrator after the writes. */
function requireAdministrator(inventory: Inventory, writes: readonly Write[]): void {
  if (hasAdministrator(withWrites(inventory, writes))) return;
  throw new Fault('refused', 'no administrator would remain', {
    hint: 'give another user the role administrator on the installation first',
  });
}

/** Somebody who is not disabled, has every right on the installation and is denied nothing anywhere. */
function hasAdministrator(inventory: RightsInventory): boolean {
  const grants = [...inventory.documents<GrantDocument>('grant')].map((grant) => grant.data);
  for (const { id, data } of inventory.documents<UserDocument>('user')) {
    if (data.disabled) continue;
    const own = grants.filter((grant) =>
      grant.subjectKind === 'user' ? grant.subject === id : data.groups.includes(grant.subject),
    );
    if (own.some((grant) => grant.deny)) continue;
    const view = new RightsView(inventory, own);
    if (allVerbs.every((verb) => view.may(verb, { kind: 'installation' }))) return true;
  }
  return false;
}

/** The inventory as it will be after the writes. */
function withWrites(inventory: Inventory, writes: readonly Write[]): RightsInventory {
  const changed = new Map(writes.map((write) => [`${write.kind}/${write.id}`, write]));
  const asDocument = (write: Write): Document | undefined =>
    'delete' in write
      ? undefined
      : ({ version: 0, createdAt: '', updatedAt: '', ...write } as Document);
  return {
    document: <T>(kind: DocumentKind, id: string) => {
      const write = changed.get(`${kind}/${id}`);
      return write
        ? (asDocument(write) as Document<T> | undefined)
        : inventory.document<T>(kind, id);
    },
    documents: function* <T>(kind: DocumentKind) {
      for (const document of inventory.documents<T>(kind))
        if (!changed.has(`${kind}/${document.id}`)) yield document;
      for (const write of writes) {
        const document = write.kind === kind ? asDocument(write) : undefined;
        if (document) yield document as Document<T>;
      }
    },
    foldersAbove: (id) => inventory.foldersAbove(id),
  };
}
