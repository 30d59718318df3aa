/**
 * Follows the names that disk files hold, of parents and of further parts, with the rights of this program. A process that broke
 * out of QEMU can write any name into the headers of its vm's disks (docs/rfd/0041).
 *
 * Invariant: a name in a file that vms have leads to no file that others alone have: none in their folders, none of their disks.
 */
import type { FileStore } from '#disk';
import { Fault } from '#lib';
import type { MachineFile } from '../machine/record.ts';
import { liesBelow, realPath } from './allowed.ts';
import { storeOf } from './child-disk.ts';
import { findDiskUsers, vmIdsOf } from './disk-users.ts';
import { findWriter } from './read-parents.ts';

/** As `storeOf`, for files of these machines, all of the host. Errors of `locate`: `refused` with the reason `disk-parent`, too. */
export function storeApart(
  folders: readonly string[],
  machines: readonly MachineFile[],
): FileStore {
  return keepApart(storeOf(folders), machines);
}

/** A store whose names of files do not lead from vms to others. */
export function keepApart(store: FileStore, machines: readonly MachineFile[]): FileStore {
  return {
    open: (path, access) => store.open(path, access),
    async locate(from, name) {
      const path = await store.locate(from, name);
      const owners = await ownersOf(from, machines);
      // What no vm has was written by none.
      if (owners.length === 0) return path;
      const others = machines.filter((machine) => !owners.includes(machine));
      const other = await findOwner(path, others);
      if (other === undefined) return path;
      throw refusedFor(from, path, other);
    },
  };
}

export function refusedFor(from: string, path: string, owner: string): Fault {
  const text = `${from} leads to ${path}, which is ${owner}'s`;
  const remedy = `if that was meant, make one disk of both: gantry disk flatten ${from}`;
  const reasons = [{ code: 'disk-parent', text, remedy }];
  return new Fault('refused', text, { hint: remedy, facts: { file: from, path }, reasons });
}

/** The name of the one in whose folder it lies, or that writes it. */
async function findOwner(
  path: string,
  machines: readonly MachineFile[],
): Promise<string | undefined> {
  const inside = await withFolder(path, machines);
  return inside[0]?.definition.name ?? (await findWriter([path], machines))?.name;
}

/** Those that have it as a disk or as a layer, or in their folders. */
async function ownersOf(
  file: string,
  machines: readonly MachineFile[],
): Promise<readonly MachineFile[]> {
  const path = await realPath(file);
  const uses = (await findDiskUsers(machines)).get(path);
  const ids = vmIdsOf(uses?.filter(({ as }) => as === 'disk' || as === 'layer'));
  const inside = await withFolder(path, machines);
  return machines.filter((one) => inside.includes(one) || ids.includes(one.definition.id));
}

/** Those in whose folders it lies. */
export async function withFolder(
  path: string,
  machines: readonly MachineFile[],
): Promise<readonly MachineFile[]> {
  const found: MachineFile[] = [];
  for (const machine of machines)
    if (liesBelow(path, await realPath(machine.folder))) found.push(machine);
  return found;
}
