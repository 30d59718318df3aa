/**
 * Storage pools as libvirt's clients see them: the folders for vms of hosts with an agent, and the pools of hypervisors
 * that others run, also those that are not active. A pool is called NAME@HOST, and by its name alone where the connection
 * shows no other host with pools: programs that make a disk without being told where look for a pool called `default`.
 *
 * A pool of a hypervisor has the UUID that it has there, unless another one has the same: then it has one made of host and name, by
 * which each pool is found at any time.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Host, HypervisorPool } from '#api';
import { uuidOf } from '#lib';
import type { StoragePoolHandle } from '#libvirt';
import { libvirtFault } from '#libvirt';
import type { Connection } from './connection.ts';
import type { FolderPool } from './folder-pools.ts';
import { shownHosts } from './shown-hosts.ts';

export interface Pool {
  /** As this connection calls it. */
  readonly name: string;
  readonly uuid: string;
  /** Made of host and name: the same whatever the pool is called, and however many have its UUID. */
  readonly madeUuid: string;
  readonly host: { readonly id: string; readonly name: string };
  /** A folder inside another pool that somebody has defined (folder-pools.ts). */
  readonly isDefined: boolean;
  /** As its hypervisor tells it; undefined: a folder of a host with an agent, or its hypervisor has not told yet. */
  readonly there: HypervisorPool | undefined;
  /** libvirt's word: `dir`, or what its hypervisor says. */
  readonly type: string;
  /** On its host; undefined while that is away and has not told. */
  readonly path: string | undefined;
  /** Whether its host is there. */
  readonly isReached: boolean;
  readonly isActive: boolean;
  readonly isPersistent: boolean;
  readonly startsByItself: boolean;
  /** Of its volume; zeros where nobody knows. */
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Of hosts that the connection shows. */
export async function poolsOf(connection: Connection): Promise<readonly Pool[]> {
  const { caller, desk, folderPools, hostPools } = connection.parts;
  desk.admit(caller, 'host.list');
  const defined = folderPools.of(caller);
  const told = await Promise.all(
    shownHosts(connection).map(async (host) => ({ host, there: await hostPools.of(host) })),
  );
  const having = told
    .map(({ host, there }) => ({ host, places: placesOf(host, there) }))
    .filter(({ places }) => places.length > 0);
  const isAlone = having.length === 1;
  const pools = having.flatMap(({ host, places }) => poolsOfHost(host, places, isAlone, defined));
  const counts = Map.groupBy(pools, ({ uuid }) => uuid);
  return pools.map((pool) =>
    counts.get(pool.uuid)?.length === 1 ? pool : { ...pool, uuid: pool.madeUuid },
  );
}

export function handleOfPool({ name, uuid }: Pool): StoragePoolHandle {
  return { name, uuid };
}

/** Of one that its hypervisor has just told of, whether or not it is still there. */
export async function handleOfTheirPool(
  connection: Connection,
  host: Pick<Host, 'id' | 'name'>,
  { name, uuid }: StoragePoolHandle,
): Promise<StoragePoolHandle> {
  const pools = await poolsOf(connection);
  const found = pools.find((one) => one.host.id === host.id && one.there?.uuid === uuid);
  if (found !== undefined) return handleOfPool(found);
  const isAlone = pools.every((one) => one.host.id === host.id);
  const isTaken = pools.some((one) => one.uuid === uuid || one.there?.uuid === uuid);
  return {
    name: isAlone ? name : `${name}@${host.name}`,
    uuid: isTaken ? uuidOfPool(`${host.id}/${name}`) : uuid,
  };
}

/** Errors: NO_STORAGE_POOL. */
export async function findPool(
  connection: Connection,
  { uuid, name }: { readonly uuid: string; readonly name?: string },
): Promise<Pool> {
  const isMeant = (pool: Pool): boolean => pool.uuid === uuid || pool.madeUuid === uuid;
  return await requirePool(connection, isMeant, name ?? uuid, name === undefined ? 'uuid' : 'name');
}

/** Errors: NO_STORAGE_POOL. */
export async function requirePool(
  connection: Connection,
  matches: (pool: Pool) => boolean,
  what: string,
  by: 'name' | 'uuid' | 'target path' = 'name',
): Promise<Pool> {
  const pools = await poolsOf(connection);
  const pool = pools.find(matches);
  if (pool !== undefined) return pool;
  const meant = pools.filter(({ name, host }) => name === `${what}@${host.name}`);
  const hint =
    meant.length === 0
      ? ''
      : `: hosts have pools of this name, which are called ${listNames(meant)}; or connect to one host, gantry:///host/NAME`;
  throw libvirtFault(
    'NO_STORAGE_POOL',
    `Storage pool not found: no storage pool with matching ${by} '${what.slice(0, 200)}'${hint}`,
  );
}

const mostNamed = 5;

function listNames(pools: readonly Pool[]): string {
  const names = pools.slice(0, mostNamed).map(({ name }) => name);
  return `${names.join(', ')}${pools.length > mostNamed ? ', …' : ''}`;
}

/** On any connection the long name means it, too. */
export function isCalled(name: string): (pool: Pool) => boolean {
  return (pool) => pool.name === name || `${pool.name}@${pool.host.name}` === name;
}

interface Place {
  readonly name: string;
  readonly type: string;
  readonly path: string | undefined;
  readonly isDefined: boolean;
  readonly there: HypervisorPool | undefined;
}

function poolsOfHost(
  { id, name, status, load }: Host,
  places: readonly Place[],
  isAlone: boolean,
  defined: readonly FolderPool[],
): readonly Pool[] {
  const folders = defined.flatMap(({ hostId, ...place }) =>
    hostId === id ? [{ ...place, type: 'dir', isDefined: true, there: undefined }] : [],
  );
  return [...places, ...folders].map((place) => {
    const { there } = place;
    const volume = volumeOf(load?.volumes ?? [], place.path);
    const madeUuid = uuidOfPool(`${id}/${place.name}`);
    return {
      ...place,
      name: isAlone ? place.name : `${place.name}@${name}`,
      uuid: there?.uuid ?? madeUuid,
      madeUuid,
      host: { id, name },
      isReached: status === 'ready',
      isActive: status === 'ready' && there?.active !== false,
      isPersistent: there?.persistent ?? !place.isDefined,
      startsByItself: there?.autostart ?? true,
      totalBytes: there?.capacityBytes ?? volume?.totalBytes ?? 0,
      freeBytes: there?.availableBytes ?? volume?.freeBytes ?? 0,
    };
  });
}

const ownName = 'default';

function placesOf(
  { facts, settings, load }: Host,
  told: readonly HypervisorPool[],
): readonly Place[] {
  if (facts === null) return [];
  const known = { isDefined: false, there: undefined };
  if (told.length > 0)
    return told.map((there) => ({
      ...there,
      path: there.path ?? undefined,
      isDefined: false,
      there,
    }));
  if (facts.foreign !== undefined)
    return facts.foreign.pools.map(({ name, type, path }) => ({
      name,
      type,
      path: path ?? undefined,
      ...known,
    }));
  // A simulated host has no files.
  if (facts.missing['file-copy'] !== undefined) return [];
  const taken = new Set([ownName]);
  // The folder for vms is the first that the host tells the space of.
  const own = {
    name: ownName,
    type: 'dir',
    path: settings.vmFolder ?? load?.volumes[0]?.path,
    ...known,
  };
  const others = settings.searchPath.map((path) => {
    const base = posix.basename(path) || 'root';
    let name = base;
    for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
    taken.add(name);
    return { name, type: 'dir', path, ...known };
  });
  return [own, ...others];
}

type Volume = NonNullable<Host['load']>['volumes'][number];

/** The host counts folders of one volume once, so that the only volume is that of all folders. */
function volumeOf(volumes: readonly Volume[], path: string | undefined): Volume | undefined {
  if (path === undefined) return undefined;
  if (volumes.length === 1) return volumes[0];
  return volumes
    .filter((volume) => isBelow(path, volume.path) || path === volume.path)
    .sort((one, other) => other.path.length - one.path.length)[0];
}

/** Whether a file lies in a folder or deeper. */
export function isBelow(file: string, folder: string): boolean {
  return file.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** Made of a name alone. */
function uuidOfPool(name: string): string {
  const digest = createHash('sha256').update(`gantry pool ${name}`).digest();
  return uuidOf(digest.subarray(0, 16), 8);
}
