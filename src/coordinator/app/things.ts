/** Things as events name them, and what stands above them at the time (EVT-52, EVT-55). */
import { installationId, type Thing } from '#api';
import type {
  FolderDocument,
  HostDocument,
  ImageDocument,
  OperationDocument,
  VmDocument,
} from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';

export const installationThing: Thing = {
  kind: 'installation',
  id: installationId,
  name: 'installation',
};

export function vmThing(id: string, document: VmDocument): Thing {
  return { kind: 'vm', id, name: document.definition.name };
}

/** The host by its name, or by its id when it is not known any more. */
export function hostThing(inventory: Inventory, id: string): Thing {
  return { kind: 'host', id, name: inventory.document<HostDocument>('host', id)?.data.name ?? id };
}

export function folderThing(inventory: Inventory, id: string): Thing {
  return { kind: 'folder', id, name: inventory.folderPath(id) };
}

/** The folder and those above it, nearest first. */
function folders(inventory: Inventory, folderId: string): readonly Thing[] {
  if (inventory.document('folder', folderId) === undefined) return [];
  return inventory.foldersAbove(folderId).map((id) => folderThing(inventory, id));
}

/** Ancestors of a vm that is (to be) on the host and in the folder. */
export function ancestorsOfPlace(
  inventory: Inventory,
  place: { readonly hostId: string; readonly folderId: string },
): readonly Thing[] {
  return [
    hostThing(inventory, place.hostId),
    ...folders(inventory, place.folderId),
    installationThing,
  ];
}

/** What stands above a thing now: a vm's host and folders, an image's host, a folder's folders; always the installation. */
export function ancestorsOf(inventory: Inventory, thing: Thing): readonly Thing[] {
  switch (thing.kind) {
    case 'vm': {
      const vm = inventory.document<VmDocument>('vm', thing.id)?.data;
      return vm === undefined ? [installationThing] : ancestorsOfPlace(inventory, vm);
    }
    case 'image': {
      const image = inventory.document<ImageDocument>('image', thing.id)?.data;
      return image === undefined
        ? [installationThing]
        : [hostThing(inventory, image.hostId), installationThing];
    }
    case 'folder': {
      const parentId = inventory.document<FolderDocument>('folder', thing.id)?.data.parentId;
      return parentId === undefined || parentId === null
        ? [installationThing]
        : [...folders(inventory, parentId), installationThing];
    }
    case 'operation': {
      const target = inventory.document<OperationDocument>('operation', thing.id)?.data.target;
      return target === undefined
        ? [installationThing]
        : [target, ...ancestorsOf(inventory, target)];
    }
    case 'installation':
      return [];
    case 'host':
    case 'profile':
    case 'team':
    case 'network':
    case 'user':
    case 'role':
    case 'grant':
    case 'token':
      return [installationThing];
  }
}
