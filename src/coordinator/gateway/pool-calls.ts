/**
 * Storage pools for libvirt's clients: listed and described from the inventory. Which there are is a setting of each host; a
 * folder inside one becomes a pool of its own for who defines it (folder-pools.ts).
 */
import { posix } from 'node:path';
import { madeFormats } from '#api';
import { libvirtFault, type Handlers, type StoragePoolHandle } from '#libvirt';
import type { Connection } from './connection.ts';
import { libvirtFormat } from '../domain-xml/disk-formats.ts';
import { readPool } from './define/pool-wish.ts';
import { handleOfPool, isBelow, isCalled, poolsOf, requirePool, type Pool } from './pools.ts';
import { VolumeLists, volumeIn } from './volumes.ts';
import { element, writeXml } from '../domain-xml/xml.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_LIST_ALL_STORAGE_POOLS'
  | 'CONNECT_NUM_OF_STORAGE_POOLS'
  | 'CONNECT_LIST_STORAGE_POOLS'
  | 'CONNECT_NUM_OF_DEFINED_STORAGE_POOLS'
  | 'CONNECT_LIST_DEFINED_STORAGE_POOLS'
  | 'CONNECT_GET_STORAGE_POOL_CAPABILITIES'
  | `STORAGE_POOL_LOOKUP_BY_${'NAME' | 'UUID' | 'VOLUME' | 'TARGET_PATH'}`
  | `STORAGE_POOL_GET_${'INFO' | 'XML_DESC' | 'AUTOSTART'}`
  | `STORAGE_POOL_IS_${'ACTIVE' | 'PERSISTENT'}`
  | 'STORAGE_POOL_SET_AUTOSTART'
  | 'STORAGE_POOL_CREATE'
  | `STORAGE_POOL_${'DEFINE' | 'CREATE'}_XML`
  | `STORAGE_POOL_${'BUILD' | 'DESTROY' | 'DELETE' | 'UNDEFINE'}`
>;

/** virStoragePoolState. */
const inactive = 0;
const running = 2;

/** virConnectListAllStoragePoolsFlags by type. */
const typeFlags: Readonly<Record<string, number>> = {
  dir: 64,
  fs: 128,
  netfs: 256,
  logical: 512,
  disk: 1024,
  iscsi: 2048,
  scsi: 4096,
  mpath: 8192,
  rbd: 16_384,
  sheepdog: 32_768,
  gluster: 65_536,
  zfs: 131_072,
  vstorage: 262_144,
  'iscsi-direct': 524_288,
};
const allTypes = Object.values(typeFlags).reduce((sum, flag) => sum | flag, 0);

export function poolCalls(connection: Connection): Calls {
  const find = ({ uuid, name }: StoragePoolHandle): Pool =>
    requirePool(connection, (pool) => pool.uuid === uuid, name);
  const namesOf = (isActive: boolean, most: number): string[] =>
    poolsOf(connection)
      .filter((pool) => pool.isActive === isActive)
      .slice(0, Math.max(0, most))
      .map(({ name }) => name);
  const define = async (
    xml: string,
    signal: AbortSignal,
  ): Promise<{ pool: StoragePoolHandle }> => ({
    pool: handleOfPool(await defineFolder(connection, xml, signal)),
  });
  const requireDefined = (pool: StoragePoolHandle): Pool => {
    const found = find(pool);
    return found.isDefined ? found : settled();
  };
  const forget = (pool: StoragePoolHandle): Record<string, never> => {
    const { host, path = '' } = requireDefined(pool);
    const { folderPools, caller } = connection.parts;
    folderPools.undefine(caller, { hostId: host.id, path });
    return {};
  };
  return {
    CONNECT_LIST_ALL_STORAGE_POOLS: ({ need_results, flags }) => {
      const found = poolsOf(connection).filter((pool) => matchesFlags(pool, flags));
      return { pools: need_results === 0 ? [] : found.map(handleOfPool), ret: found.length };
    },
    CONNECT_NUM_OF_STORAGE_POOLS: () => ({ num: namesOf(true, Infinity).length }),
    CONNECT_LIST_STORAGE_POOLS: ({ maxnames }) => ({ names: namesOf(true, maxnames) }),
    CONNECT_NUM_OF_DEFINED_STORAGE_POOLS: () => ({ num: namesOf(false, Infinity).length }),
    CONNECT_LIST_DEFINED_STORAGE_POOLS: ({ maxnames }) => ({ names: namesOf(false, maxnames) }),
    CONNECT_GET_STORAGE_POOL_CAPABILITIES: () => ({ capabilities }),
    STORAGE_POOL_LOOKUP_BY_NAME: ({ name }) => ({
      pool: handleOfPool(requirePool(connection, isCalled(name), name)),
    }),
    STORAGE_POOL_LOOKUP_BY_UUID: ({ uuid }) => ({
      pool: handleOfPool(requirePool(connection, (pool) => pool.uuid === uuid, uuid)),
    }),
    STORAGE_POOL_LOOKUP_BY_VOLUME: ({ vol }) => ({
      pool: handleOfPool(volumeIn(connection, vol).pool),
    }),
    STORAGE_POOL_LOOKUP_BY_TARGET_PATH: ({ path }) => ({
      pool: handleOfPool(requirePool(connection, (pool) => pool.path === path, `at ${path}`)),
    }),
    STORAGE_POOL_GET_INFO: ({ pool }) => {
      const { isActive, totalBytes, freeBytes } = find(pool);
      return {
        state: isActive ? running : inactive,
        capacity: BigInt(totalBytes),
        allocation: BigInt(totalBytes - freeBytes),
        available: BigInt(freeBytes),
      };
    },
    STORAGE_POOL_GET_XML_DESC: ({ pool }) => ({ xml: writePoolXml(find(pool)) }),
    STORAGE_POOL_GET_AUTOSTART: ({ pool }) => ({ autostart: find(pool).name === '' ? 0 : 1 }),
    STORAGE_POOL_SET_AUTOSTART: ({ pool, autostart }) => {
      find(pool);
      return autostart === 0 ? settled() : {};
    },
    STORAGE_POOL_IS_ACTIVE: ({ pool }) => ({ active: find(pool).isActive ? 1 : 0 }),
    STORAGE_POOL_IS_PERSISTENT: ({ pool }) => ({ persistent: find(pool).isDefined ? 0 : 1 }),
    STORAGE_POOL_CREATE: ({ pool }) => {
      const { name, isActive, isDefined, host } = find(pool);
      // It is there as soon as it is defined, and clients start what they have defined.
      if (isDefined && isActive) return {};
      throw libvirtFault(
        'OPERATION_INVALID',
        isActive
          ? `Requested operation is not valid: storage pool '${name}' is already active`
          : `the pool ${name} is there when host ${host.name} is`,
      );
    },
    STORAGE_POOL_DEFINE_XML: ({ xml }, { signal }) => define(xml, signal),
    STORAGE_POOL_CREATE_XML: ({ xml }, { signal }) => define(xml, signal),
    STORAGE_POOL_BUILD: ({ pool }) => {
      requireDefined(pool);
      return {};
    },
    STORAGE_POOL_DESTROY: ({ pool }) => forget(pool),
    STORAGE_POOL_DELETE: settled,
    STORAGE_POOL_UNDEFINE: ({ pool }) => forget(pool),
  };
}

function settled(): never {
  throw libvirtFault(
    'OPERATION_UNSUPPORTED',
    'storage pools are folders that hosts have for vms: gantry host set HOST settings.searchPath=FOLDER',
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
  const pools = poolsOf(connection);
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
  return requirePool(connection, (pool) => pool.isDefined && isMade(pool), name);
}

/** Active 2, inactive 1; persistent 4, transient 8; started by themselves 16, not 32; then the types. */
function matchesFlags({ isActive, isDefined, type }: Pool, flags: number): boolean {
  const groups: readonly (readonly [of: number, has: number])[] = [
    [3, isActive ? 2 : 1],
    [12, isDefined ? 8 : 4],
    [48, 16],
    [allTypes, typeFlags[type] ?? 0],
  ];
  return groups.every(([of, has]) => (flags & of) === 0 || (flags & has) !== 0);
}

function writePoolXml({ type, name, uuid, path, totalBytes, freeBytes }: Pool): string {
  const bytes = { unit: 'bytes' };
  return writeXml(
    element('pool', { type }, [
      element('name', {}, name),
      element('uuid', {}, uuid),
      element('capacity', bytes, totalBytes),
      element('allocation', bytes, totalBytes - freeBytes),
      element('available', bytes, freeBytes),
      element('source'),
      ...(path === undefined ? [] : [element('target', {}, [element('path', {}, path)])]),
    ]),
  );
}

const capabilities = writeXml(
  element('storagepoolCapabilities', {}, [
    element('pool', { type: 'dir', supported: 'yes' }, [
      element('volOptions', {}, [
        element('defaultFormat', { type: 'raw' }),
        element(
          'enum',
          { name: 'targetFormatType' },
          madeFormats.map((format) => element('value', {}, libvirtFormat(format))),
        ),
      ]),
    ]),
  ]),
);
