/**
 * Storage pools as libvirt's clients see them: the folders for vms of hosts with an agent, and the pools of hypervisors
 * that others run. A pool is called NAME@HOST, and by its name alone where the connection shows no other host with pools:
 * programs that make a disk without being told where look for a pool called `default`.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Host } from '#api';
import { uuidOf } from '#lib';
import type { StoragePoolHandle } from '#libvirt';
import { libvirtFault } from '#libvirt';
import type { Connection } from './connection.ts';
import type { FolderPool } from './folder-pools.ts';
import { showsHost } from './scope.ts';

export interface Pool {
  /** As this connection calls it. */
  readonly name: string;
  /** The same whatever it is called. */
  readonly uuid: string;
  readonly host: { readonly id: string; readonly name: string };
  /** A folder inside another pool that somebody has defined (folder-pools.ts). */
  readonly isDefined: boolean;
  /** libvirt's word: `dir`, or what its hypervisor says. */
  readonly type: string;
  /** On its host; undefined while that is away and has not told. */
  readonly path: string | undefined;
  /** Whether its host is there. */
  readonly isActive: boolean;
  /** Of its volume; zeros where nobody knows. */
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Of hosts that the connection shows. */
export function poolsOf({ parts }: Connection): readonly Pool[] {
  const { coordinator, named, caller, desk, folderPools } = parts;
  const { inventory } = coordinator;
  desk.admit(caller, 'host.list');
  const defined = folderPools.of(caller);
  const hosts = [...inventory.documents('host')]
    .filter(({ id }) => caller.may('host.view', { kind: 'host', id }))
    .flatMap(({ id }) => inventory.host(id) ?? [])
    .filter((host) => showsHost(named, host) && placesOf(host).length > 0);
  return hosts.flatMap((host) => poolsOfHost(host, hosts.length === 1, defined));
}

export function handleOfPool({ name, uuid }: Pool): StoragePoolHandle {
  return { name, uuid };
}

/** Errors: NO_STORAGE_POOL. */
export function requirePool(
  connection: Connection,
  matches: (pool: Pool) => boolean,
  what: string,
): Pool {
  const pools = poolsOf(connection);
  const pool = pools.find(matches);
  if (pool !== undefined) return pool;
  const meant = pools.filter(({ name, host }) => name === `${what}@${host.name}`);
  const hint =
    meant.length === 0
      ? ''
      : `: hosts have pools of this name, which are called ${listNames(meant)}; or connect to one host, gantry:///host/NAME`;
  throw libvirtFault(
    'NO_STORAGE_POOL',
    `Storage pool not found: no pool ${what.slice(0, 100)}${hint}`,
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
}

/** Pure. */
export function poolsOfHost(
  host: Host,
  isAlone: boolean,
  defined: readonly FolderPool[] = [],
): readonly Pool[] {
  const { id, name, status, load } = host;
  const folders = defined.flatMap(({ hostId, ...place }) =>
    hostId === id ? [{ ...place, type: 'dir', isDefined: true }] : [],
  );
  return [...placesOf(host), ...folders].map((place) => {
    const { totalBytes = 0, freeBytes = 0 } = volumeOf(load?.volumes ?? [], place.path) ?? {};
    return {
      ...place,
      name: isAlone ? place.name : `${place.name}@${name}`,
      uuid: uuidOfPool(`${id}/${place.name}`),
      host: { id, name },
      isActive: status === 'ready',
      totalBytes,
      freeBytes,
    };
  });
}

const ownName = 'default';

function placesOf({ facts, settings, load }: Host): readonly Place[] {
  if (facts === null) return [];
  if (facts.foreign !== undefined)
    return facts.foreign.pools.map(({ name, type, path }) => ({
      name,
      type,
      path: path ?? undefined,
      isDefined: false,
    }));
  // A simulated host has no files.
  if (facts.missing['file-copy'] !== undefined) return [];
  const taken = new Set([ownName]);
  // The folder for vms is the first that the host tells the space of.
  const own = {
    name: ownName,
    type: 'dir',
    path: settings.vmFolder ?? load?.volumes[0]?.path,
    isDefined: false,
  };
  const others = settings.searchPath.map((path) => {
    const base = posix.basename(path) || 'root';
    let name = base;
    for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
    taken.add(name);
    return { name, type: 'dir', path, isDefined: false };
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
