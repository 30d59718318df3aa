/**
 * Storage pools changed by libvirt's clients. Those of a hypervisor by what its driver has beyond the functions of all, with the
 * description as it was given: that takes the right to these, since a description may reach any file there. Of a host with an
 * agent they are a setting; a folder inside one becomes a pool of its own for who defines it (folder-pools.ts).
 */
import { posix } from 'node:path';
import { libvirtFault, type Handlers, type StoragePoolHandle } from '#libvirt';
import { changeThere } from './change-there.ts';
import type { Connection } from './connection.ts';
import { readPool, readPoolName } from './define/pool-wish.ts';
import { hypervisorOf, nameThere } from './hypervisors.ts';
import {
  findPool,
  handleOfPool,
  isBelow,
  isCalled,
  poolsOf,
  requirePool,
  type Pool,
} from './pools.ts';
import { renamed } from './renamed.ts';
import { VolumeLists } from './volumes.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_FIND_STORAGE_POOL_SOURCES'
  | 'STORAGE_POOL_SET_AUTOSTART'
  | 'STORAGE_POOL_CREATE'
  | `STORAGE_POOL_${'DEFINE' | 'CREATE'}_XML`
  | `STORAGE_POOL_${'BUILD' | 'DESTROY' | 'DELETE' | 'UNDEFINE'}`
>;

type Change =
  | 'define'
  | 'create'
  | 'start'
  | 'stop'
  | 'undefine'
  | 'autostart'
  | 'build'
  | 'delete'
  | 'sources';

const none = {};

export function poolChangeCalls(connection: Connection): Calls {
  const { caller, folderPools } = connection.parts;
  const tell = (
    host: { readonly id: string },
    change: Change,
    argument: string,
    signal: AbortSignal,
  ): Promise<string> => changeThere(connection, host, `pool-${change}`, argument, signal);
  const change = async (
    handle: StoragePoolHandle,
    ours: (pool: Pool) => void,
    theirs: Change,
    also: object | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const pool = await findPool(connection, handle);
    const { there, host } = pool;
    if (there === undefined) ours(pool);
    else {
      const argument =
        also === undefined ? there.uuid : JSON.stringify({ pool: there.uuid, ...also });
      await tell(host, theirs, argument, signal);
    }
    return none;
  };
  const describe = async (
    verb: 'define' | 'create',
    { xml, flags }: { readonly xml: string; readonly flags: number },
    signal: AbortSignal,
  ): Promise<{ pool: StoragePoolHandle }> => {
    const name = readPoolName(xml);
    const host = hypervisorOf(connection, name);
    // Who may not change its pools has a folder as everywhere else.
    if (host === undefined || !caller.may('host.extensions', { kind: 'host', id: host.id }))
      return { pool: handleOfPool(await defineFolder(connection, xml, signal)) };
    const known = (await poolsOf(connection)).find(
      (one) => one.host.id === host.id && isCalled(name)(one),
    );
    const uuid = known !== undefined && xml.includes(known.uuid) ? known.there?.uuid : undefined;
    const there = { name: nameThere(name, host), uuid };
    const argument = JSON.stringify({ xml: renamed(xml, there), flags });
    const made = await tell(host, verb, argument, signal);
    const isMade = (one: Pool): boolean => one.host.id === host.id && one.there?.uuid === made;
    return { pool: handleOfPool(await requirePool(connection, isMade, name)) };
  };
  const forget = (pool: Pool): void => {
    requireDefined(pool);
    const { host, path = '' } = pool;
    folderPools.undefine(caller, { hostId: host.id, path });
  };
  return {
    CONNECT_FIND_STORAGE_POOL_SOURCES: async ({ type, srcSpec }, { signal }) => {
      const host = hypervisorOf(connection, '');
      if (host === undefined)
        throw libvirtFault(
          'OPERATION_UNSUPPORTED',
          'what a storage pool could be made of is asked of one libvirt host: connect to /host/NAME',
        );
      const argument = JSON.stringify({ type, source: srcSpec });
      return { xml: await tell(host, 'sources', argument, signal) };
    },
    STORAGE_POOL_SET_AUTOSTART: ({ pool, autostart }, { signal }) =>
      change(
        pool,
        () => (autostart === 0 ? settled() : undefined),
        'autostart',
        { autostart: autostart !== 0 },
        signal,
      ),
    STORAGE_POOL_CREATE: ({ pool, flags }, { signal }) =>
      change(pool, requireNew, 'start', { flags }, signal),
    STORAGE_POOL_DEFINE_XML: (asked, { signal }) => describe('define', asked, signal),
    STORAGE_POOL_CREATE_XML: (asked, { signal }) => describe('create', asked, signal),
    STORAGE_POOL_BUILD: ({ pool, flags }, { signal }) =>
      change(pool, requireDefined, 'build', { flags }, signal),
    STORAGE_POOL_DESTROY: ({ pool }, { signal }) => change(pool, forget, 'stop', undefined, signal),
    STORAGE_POOL_DELETE: ({ pool, flags }, { signal }) =>
      change(pool, settled, 'delete', { flags }, signal),
    STORAGE_POOL_UNDEFINE: ({ pool }, { signal }) =>
      change(pool, forget, 'undefine', undefined, signal),
  };
}

const answerMs = 10_000;

/** As its hypervisor describes it. Errors: the hypervisor's own; `unavailable`. */
export async function describePool(
  connection: Connection,
  { host, there }: Pool,
  flags: number,
  signal: AbortSignal,
): Promise<string> {
  return await ask(connection, host.id, 'pool-xml', { pool: there?.uuid, flags }, signal);
}

/** What came into it past Gantry is known then; of a host with an agent it is at any time. Errors: as `describePool`. */
export async function refreshPool(
  connection: Connection,
  { host, there }: Pool,
  signal: AbortSignal,
): Promise<void> {
  if (there === undefined) return;
  await ask(connection, host.id, 'pool-refresh', { pool: there.uuid }, signal);
  connection.parts.hostPools.outdate(host.id);
}

async function ask(
  { parts: { coordinator } }: Connection,
  hostId: string,
  name: 'pool-xml' | 'pool-refresh',
  asked: object,
  signal: AbortSignal,
): Promise<string> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const params = { name, argument: JSON.stringify(asked) };
  return (await coordinator.links.call(hostId, 'host.extension', params, { signal: soon })).output;
}

function settled(): never {
  throw libvirtFault(
    'OPERATION_UNSUPPORTED',
    'storage pools are folders that hosts have for vms: gantry host set HOST settings.searchPath=FOLDER',
  );
}

function requireDefined({ isDefined }: Pool): void {
  if (!isDefined) settled();
}

/** It is there as soon as it is defined, and clients start what they have defined. */
function requireNew({ name, isActive, isDefined, host }: Pool): void {
  if (isDefined && isActive) return;
  throw libvirtFault(
    'OPERATION_INVALID',
    isActive
      ? `Requested operation is not valid: storage pool '${name}' is already active`
      : `the pool ${name} is there when host ${host.name} is`,
  );
}

/** Errors: OPERATION_UNSUPPORTED where no single host has disks in it inside of its own pools; OPERATION_FAILED for a name that is taken. */
async function defineFolder(
  connection: Connection,
  xml: string,
  signal: AbortSignal,
): Promise<Pool> {
  const { name, path } = readPool(xml);
  const { folderPools, caller } = connection.parts;
  const pools = await poolsOf(connection);
  const isOwn = (pool: Pool): boolean =>
    !pool.isDefined && pool.isActive && pool.path !== undefined && isBelow(path, pool.path);
  const lists = new VolumeLists(connection);
  const hosts = new Set<string>();
  for (const pool of pools.filter(isOwn)) {
    const volumes = await lists.of(pool, signal).catch(() => []);
    if (volumes.some((volume) => posix.dirname(volume.path) === path)) hosts.add(pool.host.id);
  }
  const [hostId, other] = [...hosts];
  if (hostId === undefined || other !== undefined) return settled();
  const long = pools.find((pool) => pool.host.id === hostId && isCalled(name)(pool));
  if (long !== undefined && long.path !== path)
    throw libvirtFault('OPERATION_FAILED', `pool '${name}' already exists`);
  folderPools.define(caller, { hostId, name, path });
  const isMade = (pool: Pool): boolean => pool.host.id === hostId && pool.path === path;
  return await requirePool(connection, (pool) => pool.isDefined && isMade(pool), name);
}
