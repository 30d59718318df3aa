/**
 * Files of other vms. Who may create or configure one vm names files of the host, and a disk of another vm would
 * become its disk: it is named only by those who may change the disks of that other vm.
 */
import { posix } from 'node:path';
import type { VmDefinition } from '#api';
import { Fault } from '#lib';
import type { Caller } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { filesIn } from './own-paths.ts';

/** Errors: `forbidden`, without a name that the caller may not know. */
export function requireOwnFiles(
  inventory: Inventory,
  caller: Caller,
  hostId: string,
  after: VmDefinition,
  before?: VmDefinition,
): void {
  const known = before === undefined ? new Set<string>() : filesIn(before);
  requireOwnPaths(inventory, caller, { hostId, id: after.id }, filesIn(after).difference(known));
}

/** The same for files that the vm with the id does not come to name. */
export function requireOwnPaths(
  inventory: Inventory,
  caller: Caller,
  vm: { readonly hostId: string; readonly id: string },
  files: ReadonlySet<string>,
): void {
  // A relative name stays in the vm's own folder. Looking through all vms is for those that name another place.
  const named = [...files].filter((file) => posix.isAbsolute(file));
  if (named.length === 0) return;
  for (const { id, data } of inventory.documents<VmDocument>('vm')) {
    if (id === vm.id || data.hostId !== vm.hostId) continue;
    const file = named.find((one) => belongsTo(data, posix.normalize(one)));
    if (file === undefined || caller.may('vm.disks', { kind: 'vm', id })) continue;
    throw new Fault('forbidden', `${file.slice(0, 200)} is a file of another vm`, {
      facts: { verb: 'vm.disks' },
      hint: 'ask somebody who may change the disks of that vm',
    });
  }
}

/** Answers of which files `requireOwnPaths` would say that they are another vm's. Made once for many files. */
export function findNotOwn(
  inventory: Inventory,
  caller: Caller,
  vm: { readonly hostId: string; readonly id: string },
): (file: string) => boolean {
  const folders: string[] = [];
  const files = new Set<string>();
  for (const { id, data } of inventory.documents<VmDocument>('vm')) {
    if (id === vm.id || data.hostId !== vm.hostId || caller.may('vm.disks', { kind: 'vm', id }))
      continue;
    folders.push(`${data.path}/`);
    for (const own of filesIn(data.definition)) files.add(posix.resolve(data.path, own));
  }
  return (file) => files.has(file) || folders.some((folder) => file.startsWith(folder));
}

function belongsTo({ path, definition }: VmDocument, file: string): boolean {
  if (file.startsWith(`${path}/`)) return true;
  for (const own of filesIn(definition)) if (posix.resolve(path, own) === file) return true;
  return false;
}
