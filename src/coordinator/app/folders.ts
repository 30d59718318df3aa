/**
 * Folders: where vms are filed and rights are granted (VM-07). Names are unique among the folders of one
 * parent; the top folder is always there; at most twelve levels, so that an event's ancestors fit.
 */
import { randomUUID } from 'node:crypto';
import { Fault } from '#lib';
import { topFolderId, type Folder } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import type { FolderDocument, GrantDocument, VmDocument } from '../documents.ts';
import { chargeFolder, noCharge, type ChargePart } from '../operations/charge.ts';
import type { Document, NewEvent, Write } from '../store/store.ts';
import { commitFresh } from './commit-fresh.ts';
import { findFolder, requireVerb, shown } from './find.ts';
import { notFound } from './not-found.ts';
import { nameOwner, nameTaken, releaseName, reserveName } from './names.ts';
import { requireMatch, type Precondition } from './precondition.ts';
import { ancestorsOf, folderThing, installationThing } from './things.ts';

const maxDepth = 12;

interface ChangeOptions {
  readonly precondition: Precondition;
  readonly dryRun: boolean;
}

/** A folder's name is reserved below its parent. */
function keyOf({ parentId, name }: FolderDocument): string {
  return `${parentId ?? ''}/${name}`;
}

function folderDocument({ inventory }: Coordinator, id: string): Document<FolderDocument> {
  const folder = inventory.document<FolderDocument>('folder', id);
  if (folder === undefined) throw notFound('folder', id);
  return folder;
}

/** Makes the top folder, once per installation. */
export async function makeTopFolder(
  coordinator: Pick<Coordinator, 'inventory' | 'commit'>,
): Promise<void> {
  const { inventory } = coordinator;
  await commitFresh(coordinator, () => {
    if (inventory.document('folder', topFolderId) !== undefined) return undefined;
    const top: FolderDocument = { name: '', parentId: null };
    return {
      conditions: [{ kind: 'folder', id: topFolderId, absent: true }],
      writes: [{ kind: 'folder', id: topFolderId, data: top }],
    };
  });
}

export async function createFolder(
  coordinator: Coordinator,
  caller: Caller,
  create: { readonly name: string; readonly parent: string },
  dryRun: boolean,
): Promise<Folder> {
  const { inventory } = coordinator;
  const id = randomUUID();
  const check = (): {
    readonly data: FolderDocument;
    readonly parent: Document<FolderDocument>;
  } => {
    const parent = findFolder(inventory, caller, create.parent);
    requireManage(coordinator, caller, parent.id);
    requireDepth(inventory.foldersAbove(parent.id).length + 1);
    const data: FolderDocument = { name: create.name, parentId: parent.id };
    requireFree(coordinator, data);
    return { data, parent };
  };
  const { data, parent } = check();
  const path = joinPath(inventory.folderPath(parent.id), create.name);
  if (dryRun) return imagined(coordinator, id, data, path);
  await commitFresh(coordinator, () => {
    const now = check();
    const named = reserveName('folder', keyOf(now.data), id);
    return {
      conditions: [
        { kind: 'folder', id: now.parent.id, version: now.parent.version },
        ...named.conditions,
      ],
      writes: [{ kind: 'folder', id, data: now.data }, ...named.writes],
      events: [
        {
          ...by(caller),
          name: 'folder.created',
          target: { kind: 'folder', id, name: path },
          ancestors: [
            ...inventory.foldersAbove(now.parent.id).map((one) => folderThing(inventory, one)),
            installationThing,
          ],
          attributes: {},
        },
      ],
    };
  });
  return shown('folder', id, inventory.folder(id));
}

export async function updateFolder(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  patch: { readonly name?: string | undefined; readonly parent?: string | undefined },
  options: ChangeOptions,
): Promise<Folder> {
  const { inventory } = coordinator;
  const check = (): {
    readonly folder: Document<FolderDocument>;
    readonly data: FolderDocument;
    readonly taken: ChargePart;
  } => {
    const folder = folderDocument(coordinator, id);
    requireMatch(options.precondition, inventory.folderPath(id), folder.version);
    requireNotTop(id);
    let taken = noCharge;
    const data: FolderDocument = {
      name: patch.name ?? folder.data.name,
      parentId:
        patch.parent === undefined
          ? folder.data.parentId
          : findFolder(inventory, caller, patch.parent).id,
    };
    if (data.parentId !== folder.data.parentId && data.parentId !== null) {
      requireManage(coordinator, caller, data.parentId);
      requireNoCircle(coordinator, id, data.parentId);
      requireDepth(inventory.foldersAbove(data.parentId).length + heightOf(coordinator, id));
      taken = chargeFolder(inventory, id, data.parentId);
    }
    if (keyOf(data) !== keyOf(folder.data)) requireFree(coordinator, data);
    return { folder, data, taken };
  };
  const { data } = check();
  const newPath = joinPath(inventory.folderPath(data.parentId ?? topFolderId), data.name);
  if (options.dryRun) return imagined(coordinator, id, data, newPath);
  await commitFresh(coordinator, () => {
    const { folder, data: after, taken } = check();
    if (keyOf(after) === keyOf(folder.data)) return undefined;
    const oldPath = inventory.folderPath(id);
    const named = reserveName('folder', keyOf(after), id);
    const event: NewEvent = {
      ...by(caller),
      name: 'folder.changed',
      target: { kind: 'folder', id, name: newPath },
      ancestors: ancestorsOf(inventory, folderThing(inventory, id)),
      attributes: { oldPath, newPath },
    };
    return {
      conditions: [
        { kind: 'folder', id, version: folder.version },
        // Nobody may move one of the folders above in the meantime: two moves could make a circle.
        ...inventory.foldersAbove(after.parentId ?? topFolderId).map((above) => ({
          kind: 'folder' as const,
          id: above,
          version: folderDocument(coordinator, above).version,
        })),
        ...named.conditions,
        ...taken.conditions,
      ],
      writes: [
        ...taken.writes,
        { kind: 'folder', id, data: after },
        ...named.writes,
        releaseName('folder', keyOf(folder.data)),
      ],
      events: [event],
    };
  });
  return shown('folder', id, inventory.folder(id));
}

/** Errors: `refused` while vms or folders are in it. */
export async function deleteFolder(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  options: ChangeOptions,
): Promise<void> {
  const { inventory } = coordinator;
  const check = (): Document<FolderDocument> => {
    const folder = folderDocument(coordinator, id);
    requireMatch(options.precondition, inventory.folderPath(id), folder.version);
    requireNotTop(id);
    const vms = inventory.vmsOfFolder(id).size;
    const folders = [...childrenOf(coordinator, id)].length;
    if (vms + folders > 0)
      throw new Fault('refused', `the folder ${inventory.folderPath(id)} is not empty`, {
        facts: { vms, folders },
        hint: 'move what is in it somewhere else first',
      });
    return folder;
  };
  check();
  if (options.dryRun) return;
  await commitFresh(coordinator, () => {
    const folder = check();
    const grants: Write[] = [];
    for (const grant of inventory.documents<GrantDocument>('grant'))
      if (grant.data.objectKind === 'folder' && grant.data.objectId === id)
        grants.push({ kind: 'grant', id: grant.id, delete: true });
    return {
      conditions: [{ kind: 'folder', id, version: folder.version }],
      writes: [
        { kind: 'folder', id, delete: true },
        releaseName('folder', keyOf(folder.data)),
        ...grants,
        ...(['quota', 'charge'] as const).flatMap((kind) =>
          inventory.document(kind, id) === undefined ? [] : [{ kind, id, delete: true } as const],
        ),
      ],
      events: [
        {
          ...by(caller),
          name: 'folder.deleted',
          target: folderThing(inventory, id),
          ancestors: ancestorsOf(inventory, folderThing(inventory, id)),
          attributes: {},
        },
      ],
    };
  });
  await rescueVms(coordinator, id);
}

/** A vm that was filed here at the same moment goes to the top. */
async function rescueVms(coordinator: Coordinator, id: string): Promise<void> {
  const { inventory } = coordinator;
  for (const vmId of inventory.vmsOfFolder(id))
    await commitFresh(coordinator, () => {
      const vm = inventory.document<VmDocument>('vm', vmId);
      if (vm === undefined || vm.data.folderId !== id) return undefined;
      return {
        conditions: [{ kind: 'vm', id: vmId, version: vm.version }],
        writes: [
          {
            kind: 'vm',
            id: vmId,
            data: { ...vm.data, folderId: topFolderId } satisfies VmDocument,
          },
        ],
      };
    });
}

function by({
  actor,
  origin,
  correlationId,
}: Caller): Pick<NewEvent, 'actor' | 'origin' | 'correlationId'> {
  return { actor, origin, correlationId };
}

function joinPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

function imagined(
  { inventory, clock }: Coordinator,
  id: string,
  data: FolderDocument,
  path: string,
): Folder {
  const known = inventory.folder(id);
  const now = new Date(clock.now()).toISOString();
  return {
    kind: 'folder',
    id,
    name: data.name,
    path,
    parentId: data.parentId,
    version: (known?.version ?? 0) + 1,
    createdAt: known?.createdAt ?? now,
    updatedAt: now,
  };
}

function* childrenOf({ inventory }: Coordinator, id: string): Generator<string> {
  for (const folder of inventory.documents<FolderDocument>('folder'))
    if (folder.data.parentId === id) yield folder.id;
}

/** Levels of the folder and everything below it. */
function heightOf(coordinator: Coordinator, id: string): number {
  let below = 0;
  for (const child of childrenOf(coordinator, id))
    below = Math.max(below, heightOf(coordinator, child));
  return below + 1;
}

function requireManage({ inventory }: Coordinator, caller: Caller, id: string): void {
  requireVerb(
    caller,
    'folder.manage',
    { kind: 'folder', id },
    `folder ${inventory.folderPath(id)}`,
  );
}

function requireNotTop(id: string): void {
  if (id === topFolderId) throw new Fault('refused', 'the top folder stays as it is');
}

function requireDepth(depth: number): void {
  if (depth > maxDepth)
    throw new Fault('too-large', `folders are nested at most ${maxDepth} deep`, {
      facts: { limit: maxDepth },
    });
}

function requireNoCircle({ inventory }: Coordinator, id: string, parentId: string): void {
  if (inventory.foldersAbove(parentId).includes(id))
    throw new Fault('refused', `the folder ${inventory.folderPath(id)} cannot lie in itself`);
}

function requireFree({ inventory }: Coordinator, data: FolderDocument): void {
  if (nameOwner(inventory, 'folder', keyOf(data)) !== undefined)
    throw nameTaken('folder', data.name);
}
