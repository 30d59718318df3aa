/**
 * Folders that clients take for storage pools. Programs of libvirt define a pool for the folder of every file that somebody names
 * to them, and ask for its volumes by their plain names then; virt-clone does so for the folder of each disk. Here a
 * folder inside a pool becomes one by being defined: for the user who has done so, and for as long as the coordinator
 * runs, as the numbers of domains do (domain-ids.ts). Nothing of it is kept, since nothing on the host is made.
 */
import { posix } from 'node:path';
import { libvirtFault } from '#libvirt';
import type { Caller } from '../context.ts';

export interface FolderPool {
  readonly hostId: string;
  /** Without its host. */
  readonly name: string;
  readonly path: string;
}

type Owner = Pick<Caller, 'userId' | 'actor'>;

/** Of one user, more than any program asks for in a day. */
const maxFolders = 256;

export class FolderPools {
  readonly #ofUser = new Map<string, FolderPool[]>();

  of(owner: Owner): readonly FolderPool[] {
    return this.#ofUser.get(keyOf(owner)) ?? [];
  }

  /** The same folder once more has the new name. Errors: OPERATION_FAILED for the name of another one. */
  define(owner: Owner, pool: FolderPool): void {
    const others = this.of(owner).filter((one) => !isSame(one, pool));
    if (others.some(({ hostId, name }) => hostId === pool.hostId && name === pool.name))
      throw libvirtFault('OPERATION_FAILED', `pool '${pool.name}' already exists`);
    this.#ofUser.set(keyOf(owner), [...others, pool].slice(-maxFolders));
  }

  undefine(owner: Owner, pool: Pick<FolderPool, 'hostId' | 'path'>): void {
    const rest = this.of(owner).filter((one) => !isSame(one, pool));
    if (rest.length > 0) this.#ofUser.set(keyOf(owner), rest);
    else this.#ofUser.delete(keyOf(owner));
  }
}

function keyOf({ userId, actor }: Owner): string {
  return userId ?? actor.name;
}

type Place = Pick<FolderPool, 'hostId' | 'path'>;

function isSame(one: Place, other: Place): boolean {
  return one.hostId === other.hostId && posix.resolve(one.path) === posix.resolve(other.path);
}
