/**
 * Follows the names that disk files hold, of parents and of further parts, with the rights of this program. A process that broke
 * out of QEMU can write any name into the headers of its vm's disks (docs/rfd/0041).
 *
 * Invariants: (1) a name in a file that vms have leads to no file that others alone have: none in their folders, none of their disks;
 * (2) one in a disk that is served leads to none but those that the record of its vm has.
 */
import { isNative } from '#api';
import type { FileStore } from '#disk';
import { Fault } from '#lib';
import { resolveFile } from '../drivers/qemu/places.ts';
import { filesOfChain, servedChainOf } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';
import { liesBelow, realPath } from './allowed.ts';
import { storeOf } from './child-disk.ts';
import { findDiskUsers, vmIdsOf, type DiskUsers } from './disk-users.ts';
import { fileIdentity } from './file-identity.ts';
import { refusedForOther } from './other-chain.ts';
import { findWriter } from './read-parents.ts';
import { filesOfServed } from './served-layers.ts';

/** As `storeOf`, for files of these machines, all of the host. Errors of `locate`: `refused` with the reason `disk-parent`, too. */
export function storeApart(
  folders: readonly string[],
  machines: readonly MachineFile[],
): FileStore {
  return keepApart(storeOf(folders), machines);
}

/** A store whose names of files do not lead from vms to others. */
export function keepApart(store: FileStore, machines: readonly MachineFile[]): FileStore {
  const owners = new FileOwners(machines);
  return {
    open: (path, access) => store.open(path, access),
    async locate(from, name) {
      const path = await store.locate(from, name);
      const other = await owners.otherThan(from, path);
      if (other !== undefined) throw refusedFor(from, path, other);
      if (await owners.leadsAstray(from, path))
        throw refusedForOther({ path: from, added: [path], missing: [] });
      return path;
    },
  };
}

export function refusedFor(from: string, path: string, owner: string): Fault {
  const text = `${from} leads to ${path}, which is ${owner}'s`;
  const remedy = `if that was meant, make one disk of both: gantry disk flatten ${from}`;
  const reasons = [{ code: 'disk-parent', text, remedy }];
  return new Fault('refused', text, { hint: remedy, facts: { file: from, path }, reasons });
}

/** Whose a file is, by what all machines of the host have at this moment; of short life. */
export class FileOwners {
  readonly #machines: readonly MachineFile[];
  #users: Promise<DiskUsers> | undefined;
  #parts: Promise<ReadonlyMap<MachineFile, ReadonlySet<string>>> | undefined;

  constructor(machines: readonly MachineFile[]) {
    this.#machines = machines;
  }

  /** The name of a machine that has `path` and not `from`. What no vm has was written by none, and may lead anywhere. */
  async otherThan(from: string, path: string): Promise<string | undefined> {
    const owners = await this.#ownersOf(from);
    if (owners.length === 0) return undefined;
    const others = this.#machines.filter((machine) => !owners.includes(machine));
    const [inside] = await withFolder(path, others);
    if (inside !== undefined) return inside.definition.name;
    const writer = await findWriter([path], others);
    if (writer !== undefined) return writer.name;
    this.#parts ??= partsOf(this.#machines);
    const [parts, identity] = [await this.#parts, await fileIdentity(path)];
    return others.find((one) => parts.get(one)?.has(identity))?.definition.name;
  }

  /** Whether `from` is the own file of a disk that is served, and the record of that disk has no such file. */
  async leadsAstray(from: string, path: string): Promise<boolean> {
    const real = await realPath(from);
    for (const { folder, layers } of this.#machines)
      for (const chain of layers.served ?? []) {
        if ((await realPath(resolveFile(folder, chain.disk))) !== real) continue;
        const files = filesOfChain(chain).map((file) => fileIdentity(resolveFile(folder, file)));
        if (!(await Promise.all(files)).includes(await fileIdentity(path))) return true;
      }
    return false;
  }

  /** Those that have it as a disk or as a layer, or in their folders. */
  async #ownersOf(file: string): Promise<readonly MachineFile[]> {
    const path = await realPath(file);
    this.#users ??= findDiskUsers(this.#machines);
    const uses = (await this.#users).get(path);
    const ids = vmIdsOf(uses?.filter(({ as }) => as === 'disk' || as === 'layer'));
    const inside = await withFolder(path, this.#machines);
    return this.#machines.filter((one) => inside.includes(one) || ids.includes(one.definition.id));
  }
}

/** The files of disks in several, wherever they lie: nothing of them is handed out. As far as they can be read. */
async function partsOf(
  machines: readonly MachineFile[],
): Promise<ReadonlyMap<MachineFile, ReadonlySet<string>>> {
  const parts = new Map<MachineFile, ReadonlySet<string>>();
  for (const machine of machines) {
    const identities = new Set<string>();
    for (const disk of machine.definition.hardware.disks) {
      if (disk.kind !== undefined || isNative(disk)) continue;
      const path = resolveFile(machine.folder, disk.file);
      const known = servedChainOf(machine.layers, disk)?.parts;
      const files =
        known === undefined
          ? await filesOfServed({ path, format: disk.format }, ['/']).catch(() => [])
          : [path, ...known.map((part) => resolveFile(machine.folder, part))];
      for (const file of files) identities.add(await fileIdentity(file));
    }
    parts.set(machine, identities);
  }
  return parts;
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
