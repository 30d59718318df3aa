/**
 * Volumes: the disks in the folders of pools. A volume is called by its way from there, so that a vm's disk is
 * `web/web.qcow2`; its key is host and path, since hosts have files of the same path.
 */
import { posix } from 'node:path';
import type { HostDisk } from '#api';
import { libvirtFault, type StorageVolHandle } from '#libvirt';
import type { Connection } from './connection.ts';
import { isBelow, isCalled, poolsOf, requirePool, type Pool } from './pools.ts';

export interface VolumePlace {
  readonly pool: Pool;
  readonly name: string;
  /** On the pool's host. */
  readonly path: string;
}

export interface Volume extends VolumePlace {
  readonly disk: HostDisk;
}

export function handleOfVolume({ pool, name, path }: VolumePlace): StorageVolHandle {
  return { pool: pool.name, name, key: keyOf(pool, path) };
}

function keyOf({ host }: Pool, path: string): string {
  return `${host.name}:${path}`;
}

/** Where it is, whether there is such a file or not. Errors: NO_STORAGE_POOL, NO_STORAGE_VOL. */
export async function volumeIn(
  connection: Connection,
  { pool, name }: Pick<StorageVolHandle, 'pool' | 'name'>,
): Promise<VolumePlace> {
  return placeIn(await requirePool(connection, isCalled(pool), pool), name);
}

/** Errors: NO_STORAGE_VOL for a name that leads out of the pool. */
export function placeIn(pool: Pool, name: string): VolumePlace {
  const folder = requirePath(pool);
  const path = posix.join(folder, name);
  if (name !== '' && isBelow(path, folder) && posix.relative(folder, path) === name)
    return { pool, name, path };
  throw noVolume(name);
}

/** Errors: OPERATION_INVALID while the pool is not active, or its host is away. */
export function requirePath({ name, path, isActive, isReached, host }: Pool): string {
  if (path !== undefined && isActive) return path;
  const why = isReached ? '' : `: host ${host.name} is away`;
  throw libvirtFault(
    'OPERATION_INVALID',
    `Requested operation is not valid: storage pool '${name}' is not active${why}`,
  );
}

export function noVolume(named: string, by: 'name' | 'key' | 'path' = 'name'): Error {
  return libvirtFault(
    'NO_STORAGE_VOL',
    `Storage volume not found: no storage vol with matching ${by} '${named.slice(0, 200)}'`,
  );
}

/** As long as a client takes that lists volumes and then asks for each. */
const maxAgeMs = 2_000;

/** What hosts say of their disks, for one connection. */
export class VolumeLists {
  readonly #connection: Connection;
  readonly #told = new Map<
    string,
    { readonly atMs: number; readonly disks: readonly HostDisk[] }
  >();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The next question goes to the host. */
  forget(): void {
    this.#told.clear();
  }

  /** All of one pool. Errors: those of the host. */
  async of(pool: Pool, signal: AbortSignal): Promise<readonly Volume[]> {
    const folder = requirePath(pool);
    // A file in a folder of another pool inside this one is that pool's. What somebody has defined takes nothing away.
    const inner = (await poolsOf(this.#connection)).flatMap(({ host, path, isDefined }) =>
      host.id === pool.host.id && !isDefined && path !== undefined && isBelow(path, folder)
        ? [path]
        : [],
    );
    const disks = await this.#disks(pool.host.id, signal);
    return disks
      .filter(({ path }) => isBelow(path, folder) && !inner.some((other) => isBelow(path, other)))
      .map((disk) => ({
        pool,
        name: posix.relative(folder, disk.path),
        path: disk.path,
        disk,
      }));
  }

  /** One by its place. Errors: NO_STORAGE_VOL; those of the host. */
  async find(place: VolumePlace, signal: AbortSignal): Promise<Volume> {
    const volumes = await this.of(place.pool, signal);
    const found = volumes.find(({ path }) => path === place.path);
    if (found === undefined) throw noVolume(place.name);
    return found;
  }

  /**
   * By its path; where hosts have files of the same path, all of them that there are, each in the innermost of its pools.
   * Hosts that are away or do not answer have none.
   */
  async at(path: string, signal: AbortSignal): Promise<readonly Volume[]> {
    const pools = (await poolsOf(this.#connection)).filter(
      (pool) => pool.isActive && pool.path !== undefined && isBelow(path, pool.path),
    );
    const found = await Promise.all(
      pools.map((pool) => this.of(pool, signal).catch((): readonly Volume[] => [])),
    );
    const byHost = new Map<string, Volume>();
    for (const volume of found.flat()) {
      const { id } = volume.pool.host;
      const known = byHost.get(id);
      const isInner = known === undefined || volume.name.length < known.name.length;
      if (volume.path === path && isInner) byHost.set(id, volume);
    }
    return [...byHost.values()];
  }

  async #disks(hostId: string, signal: AbortSignal): Promise<readonly HostDisk[]> {
    const { desk, caller, coordinator } = this.#connection.parts;
    const known = this.#told.get(hostId);
    if (known !== undefined && coordinator.clock.now() - known.atMs < maxAgeMs) return known.disks;
    const { disks } = await desk.ask(caller, 'host.disks', { params: { host: hostId } }, signal);
    this.#told.set(hostId, { atMs: coordinator.clock.now(), disks });
    return disks;
  }
}
