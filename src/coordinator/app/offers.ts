/** What somebody may make by themselves: templates that they may copy, and folders in which they may make vms. */
import { useOf, type Offers } from '#api';
import type { Caller } from '../context.ts';
import type { FolderDocument } from '../documents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { quotasAbove } from '../operations/charge.ts';
import { vmDocument } from './find.ts';
import { showQuota } from './quotas.ts';

/** By name and path. A template of which the caller may make vms nowhere is not offered. */
export function showOffers(inventory: Inventory, caller: Caller): Offers {
  const folders = [...inventory.documents<FolderDocument>('folder')];
  const placesOn = (hostId: string) =>
    folders
      .filter(
        ({ id }) =>
          caller.may('folder.view', { kind: 'folder', id }) &&
          caller.may('vm.create', { kind: 'place', folderId: id, hostId }),
      )
      .map(({ id }) => id);
  /** By host: templates of the same one have the same places. */
  const known = new Map<string, readonly string[]>();
  const templates = [...inventory.templates()].flatMap((id) => {
    const on = { kind: 'vm', id } as const;
    if (!caller.may('vm.view', on) || !caller.may('vm.clone', on)) return [];
    const { definition, hostId } = vmDocument(inventory, id).data;
    const places = known.get(hostId) ?? placesOn(hostId);
    known.set(hostId, places);
    if (places.length === 0) return [];
    const { description, guestOs, name } = definition;
    return [{ id, name, description, guestOs, takes: useOf(definition), places: [...places] }];
  });
  // Where vms may be made on whatever host, also while nothing is offered.
  const all = new Set([...placesOn(''), ...templates.flatMap(({ places }) => places)]);
  const places = [...all].map((id) => ({
    id,
    path: inventory.folderPath(id),
    quotas: quotasAbove(inventory, id).map((quota) => showQuota(inventory, quota.id)),
  }));
  return {
    templates: templates.sort((one, other) => (one.name < other.name ? -1 : 1)),
    places: places.sort((one, other) => (one.path < other.path ? -1 : 1)),
  };
}
