/**
 * Quotas of folders: shown to who may see the folder, set by who manages the folder above it, so that nobody who was
 * given a folder gives it more (docs/rfd/0038). The judge of what they allow is operations/charge.ts.
 */
import { Fault } from '#lib';
import { quotaMeasures, type Quota, type QuotaLimits } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { FolderDocument, QuotaDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { limitsInWords, noteCharge } from '../operations/charge.ts';
import type { Document, NewEvent } from '../store/store.ts';
import { commitFresh } from './commit-fresh.ts';
import { requireVerb } from './find.ts';
import { notFound } from './not-found.ts';
import { ancestorsOf, folderThing } from './things.ts';

const noLimits: QuotaLimits = { vms: null, processors: null, memoryBytes: null, diskBytes: null };

/** What its vms have together, also where there is no quota. */
export function showQuota(inventory: Inventory, folderId: string): Quota {
  const quota = inventory.document<QuotaDocument>('quota', folderId);
  return {
    id: folderId,
    folder: inventory.folderPath(folderId),
    limits: quota?.data ?? noLimits,
    used: inventory.quotaUse(folderId),
    updatedAt: quota?.updatedAt ?? null,
  };
}

/** Those of folders that the caller may see, by path. */
export function listQuotas(inventory: Inventory, caller: Caller): readonly Quota[] {
  return [...inventory.documents<QuotaDocument>('quota')]
    .filter(({ id }) => caller.may('folder.view', { kind: 'folder', id }))
    .map(({ id }) => showQuota(inventory, id))
    .sort((one, other) => (one.folder < other.folder ? -1 : 1));
}

/** What is used already may be more than the limits: then only giving back is allowed. Errors: `forbidden`; `invalid` without any limit. */
export async function setQuota(
  coordinator: Coordinator,
  caller: Caller,
  folderId: string,
  limits: QuotaLimits,
  dryRun: boolean,
): Promise<Quota> {
  const { inventory } = coordinator;
  if (quotaMeasures.every((measure) => limits[measure] === null))
    throw new Fault('invalid', 'the quota limits nothing', {
      hint: 'give a limit, or take it away with: gantry quota clear',
    });
  requireAbove(inventory, caller, folderId);
  if (dryRun) return { ...showQuota(inventory, folderId), limits };
  await commitFresh(coordinator, () => {
    const folder = folderDocument(inventory, folderId);
    const before = inventory.document<QuotaDocument>('quota', folderId)?.data;
    if (before !== undefined && quotaMeasures.every((one) => before[one] === limits[one]))
      return undefined;
    return {
      conditions: [{ kind: 'folder', id: folderId, version: folder.version }],
      writes: [
        { kind: 'quota', id: folderId, data: limits satisfies QuotaDocument },
        noteCharge(folderId, folderId),
      ],
      events: [quotaEvent(inventory, caller, folderId, limits)],
    };
  });
  return showQuota(inventory, folderId);
}

/** A folder without one stays as it is. Errors: `forbidden`. */
export async function clearQuota(
  coordinator: Coordinator,
  caller: Caller,
  folderId: string,
  dryRun: boolean,
): Promise<void> {
  const { inventory } = coordinator;
  requireAbove(inventory, caller, folderId);
  if (dryRun) return;
  await commitFresh(coordinator, () => {
    const quota = inventory.document<QuotaDocument>('quota', folderId);
    if (quota === undefined) return undefined;
    return {
      conditions: [{ kind: 'quota', id: folderId, version: quota.version }],
      // Its charge stays: the next quota goes on counting.
      writes: [{ kind: 'quota', id: folderId, delete: true }],
      events: [quotaEvent(inventory, caller, folderId, undefined)],
    };
  });
}

function folderDocument(inventory: Inventory, id: string): Document<FolderDocument> {
  const folder = inventory.document<FolderDocument>('folder', id);
  if (folder === undefined) throw notFound('folder', id);
  return folder;
}

function requireAbove(inventory: Inventory, caller: Caller, folderId: string): void {
  const { parentId } = folderDocument(inventory, folderId).data;
  if (parentId === null)
    return requireVerb(caller, 'folder.manage', { kind: 'installation' }, 'the installation');
  const above = `folder ${inventory.folderPath(parentId)}`;
  requireVerb(caller, 'folder.manage', { kind: 'folder', id: parentId }, above);
}

function quotaEvent(
  inventory: Inventory,
  { actor, origin, correlationId }: Caller,
  folderId: string,
  limits: QuotaLimits | undefined,
): NewEvent {
  const target = folderThing(inventory, folderId);
  return {
    name: 'folder.quota.changed',
    target,
    ancestors: ancestorsOf(inventory, target),
    actor,
    origin,
    correlationId,
    attributes: { quota: limitsInWords(limits) },
  };
}
