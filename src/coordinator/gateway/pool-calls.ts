/** Storage pools for libvirt's clients: listed and described. */
import { madeFormats } from '#api';
import type { Handlers, StoragePoolHandle } from '#libvirt';
import type { Connection } from './connection.ts';
import { libvirtFormat } from '../domain-xml/disk-formats.ts';
import { describePool } from './pool-change-calls.ts';
import { findPool, handleOfPool, isCalled, poolsOf, requirePool, type Pool } from './pools.ts';
import { renamed } from './renamed.ts';
import { volumeIn } from './volumes.ts';
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
  const find = (pool: StoragePoolHandle): Promise<Pool> => findPool(connection, pool);
  const namesOf = async (isActive: boolean, most: number): Promise<string[]> =>
    (await poolsOf(connection))
      .filter((pool) => pool.isActive === isActive)
      .slice(0, Math.max(0, most))
      .map(({ name }) => name);
  const is = async (pool: StoragePoolHandle, of: (one: Pool) => boolean): Promise<0 | 1> =>
    of(await find(pool)) ? 1 : 0;
  const lookUp = async (
    ...sought: [matches: (pool: Pool) => boolean, what: string, by: 'name' | 'target path']
  ): Promise<{ pool: StoragePoolHandle }> => ({
    pool: handleOfPool(await requirePool(connection, ...sought)),
  });
  return {
    CONNECT_LIST_ALL_STORAGE_POOLS: async ({ need_results, flags }) => {
      const found = (await poolsOf(connection)).filter((pool) => matchesFlags(pool, flags));
      return { pools: need_results === 0 ? [] : found.map(handleOfPool), ret: found.length };
    },
    CONNECT_NUM_OF_STORAGE_POOLS: async () => ({ num: (await namesOf(true, Infinity)).length }),
    CONNECT_LIST_STORAGE_POOLS: async ({ maxnames }) => ({ names: await namesOf(true, maxnames) }),
    CONNECT_NUM_OF_DEFINED_STORAGE_POOLS: async () => ({
      num: (await namesOf(false, Infinity)).length,
    }),
    CONNECT_LIST_DEFINED_STORAGE_POOLS: async ({ maxnames }) => ({
      names: await namesOf(false, maxnames),
    }),
    CONNECT_GET_STORAGE_POOL_CAPABILITIES: () => ({ capabilities }),
    STORAGE_POOL_LOOKUP_BY_NAME: ({ name }) => lookUp(isCalled(name), name, 'name'),
    STORAGE_POOL_LOOKUP_BY_UUID: async ({ uuid }) => ({
      pool: handleOfPool(await findPool(connection, { uuid })),
    }),
    STORAGE_POOL_LOOKUP_BY_VOLUME: async ({ vol }) => ({
      pool: handleOfPool((await volumeIn(connection, vol)).pool),
    }),
    STORAGE_POOL_LOOKUP_BY_TARGET_PATH: ({ path }) =>
      lookUp((pool) => pool.path === path, path, 'target path'),
    STORAGE_POOL_GET_INFO: async ({ pool }) => {
      const { isActive, totalBytes, freeBytes, there } = await find(pool);
      return {
        state: isActive ? running : inactive,
        capacity: BigInt(totalBytes),
        allocation: BigInt(there?.allocationBytes ?? totalBytes - freeBytes),
        available: BigInt(freeBytes),
      };
    },
    STORAGE_POOL_GET_XML_DESC: async ({ pool, flags }, { signal }) => {
      const found = await find(pool);
      if (found.there === undefined || !found.isReached) return { xml: writePoolXml(found) };
      return { xml: renamed(await describePool(connection, found, flags, signal), found) };
    },
    STORAGE_POOL_GET_AUTOSTART: async ({ pool }) => ({
      autostart: await is(pool, (one) => one.startsByItself),
    }),
    STORAGE_POOL_IS_ACTIVE: async ({ pool }) => ({ active: await is(pool, (one) => one.isActive) }),
    STORAGE_POOL_IS_PERSISTENT: async ({ pool }) => ({
      persistent: await is(pool, (one) => one.isPersistent),
    }),
  };
}

/** Active 2, inactive 1; persistent 4, transient 8; started by themselves 16, not 32; then the types. */
function matchesFlags(
  { isActive, isPersistent, startsByItself, type }: Pool,
  flags: number,
): boolean {
  const groups: readonly (readonly [of: number, has: number])[] = [
    [3, isActive ? 2 : 1],
    [12, isPersistent ? 4 : 8],
    [48, startsByItself ? 16 : 32],
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
