/**
 * Storage pools of a hypervisor for its extensions (FED-08): told in bulk, also those that are not active, and changed as they were
 * asked to be. Descriptions are passed on as they are. What a function takes or tells beyond one text is JSON.
 */
import { z } from 'zod';
import { attributeOf, find, readXml, textOf } from '#foreign';
import { isFault } from '#lib';
import type { Client, StoragePoolHandle } from '#libvirt';
import { parseArgument } from './extension-argument.ts';
import type { OfHost } from './extensions.ts';

/** A name as the hypervisor has it, or a UUID. */
const reference = z.string().min(1).max(256);
const flags = z.number().int().min(0).max(255).default(0);
const withFlags = z.strictObject({ pool: reference, flags });
const described = z.strictObject({ xml: z.string().max(60_000), flags });
const started = z.strictObject({ pool: reference, autostart: z.boolean() });
const sought = z.strictObject({
  type: z.string().max(32),
  source: z.string().max(60_000).nullable(),
});

/** virConnectListAllStoragePoolsFlags. */
const lists = { active: 2, persistent: 4, autostart: 16 } as const;
const maxPools = 4096;
const atOnce = 16;

const nameText = 'its name or UUID';
const withFlagsText = `${nameText}, or JSON: {"pool": "default", "flags": 1}`;

/** None, where the driver knows no pools. */
export const poolExtensions: Readonly<Record<string, OfHost>> = {
  pools: {
    meaning:
      'its storage pools: name, UUID, type, path, space, whether active, persistent, started by themselves; JSON',
    argument: null,
    run: ({ client, signal }) => listPools(client, signal),
  },
  'pool-xml': {
    meaning: 'the description of a storage pool; flags as libvirt has them, 1: as it will start',
    argument: withFlagsText,
    run: async ({ client, argument, signal }) => {
      const asked = readNamed(argument);
      const pool = await findPool(client, asked.pool, signal);
      const args = { pool, flags: asked.flags };
      return (await client.call('STORAGE_POOL_GET_XML_DESC', args, { signal })).xml;
    },
  },
  'pool-sources': {
    meaning: 'what a storage pool could be made of, as XML',
    argument: 'JSON: {"type": "logical", "source": null}',
    run: async ({ client, argument, signal }) => {
      const { type, source } = parseArgument(sought, argument);
      const args = { type, srcSpec: source, flags: 0 };
      return (await client.call('CONNECT_FIND_STORAGE_POOL_SOURCES', args, { signal })).xml;
    },
  },
  'pool-define': describing('define a storage pool, or change one; answers its UUID', 'DEFINE'),
  'pool-create': describing(
    'start a storage pool that goes with its end; answers its UUID; flags as libvirt has them',
    'CREATE',
  ),
  'pool-start': flagged('start a storage pool; flags as libvirt has them', 'CREATE'),
  'pool-build': flagged('make what a storage pool stands on; flags as libvirt has them', 'BUILD'),
  'pool-delete': flagged('delete what a storage pool stands on, its volumes with it', 'DELETE'),
  'pool-refresh': flagged('look into a storage pool again', 'REFRESH'),
  'pool-stop': plain('stop a storage pool, whoever uses it', 'DESTROY'),
  'pool-undefine': plain('forget the definition of a storage pool', 'UNDEFINE'),
  'pool-autostart': {
    meaning: 'whether a storage pool starts with its host',
    argument: 'JSON: {"pool": "default", "autostart": true}',
    run: async ({ client, argument, signal }) => {
      const asked = parseArgument(started, argument);
      const pool = await findPool(client, asked.pool, signal);
      const args = { pool, autostart: asked.autostart ? 1 : 0 };
      await client.call('STORAGE_POOL_SET_AUTOSTART', args, { signal });
      return '';
    },
  },
};

function describing(meaning: string, verb: 'DEFINE' | 'CREATE'): OfHost {
  return {
    meaning,
    argument: `XML: libvirt's description of a pool, or JSON: {"xml": "<pool …", "flags": 1}`,
    changesFacts: true,
    run: async ({ client, argument, signal }) => {
      const args = argument.trimStart().startsWith('{')
        ? parseArgument(described, argument)
        : { xml: argument, flags: 0 };
      return (await client.call(`STORAGE_POOL_${verb}_XML`, args, { signal })).pool.uuid;
    },
  };
}

function flagged(meaning: string, verb: 'CREATE' | 'BUILD' | 'DELETE' | 'REFRESH'): OfHost {
  return {
    meaning,
    argument: withFlagsText,
    changesFacts: true,
    run: async ({ client, argument, signal }) => {
      const asked = readNamed(argument);
      const pool = await findPool(client, asked.pool, signal);
      await client.call(`STORAGE_POOL_${verb}`, { pool, flags: asked.flags }, { signal });
      return '';
    },
  };
}

function plain(meaning: string, verb: 'DESTROY' | 'UNDEFINE'): OfHost {
  return {
    meaning,
    argument: nameText,
    changesFacts: true,
    run: async ({ client, argument, signal }) => {
      const pool = await findPool(client, argument, signal);
      await client.call(`STORAGE_POOL_${verb}`, { pool }, { signal });
      return '';
    },
  };
}

/** One whose name begins as JSON does is meant by its UUID. */
function readNamed(argument: string): z.infer<typeof withFlags> {
  return argument.startsWith('{')
    ? parseArgument(withFlags, argument)
    : { pool: argument, flags: 0 };
}

/** Four calls, and two for each pool. One that has gone meanwhile is not told. */
async function listPools(client: Client, signal: AbortSignal): Promise<string> {
  const list = async (asked: number): Promise<readonly StoragePoolHandle[]> => {
    const args = { need_results: 1, flags: asked };
    return (await client.call('CONNECT_LIST_ALL_STORAGE_POOLS', args, { signal })).pools;
  };
  const uuids = async (asked: number): Promise<ReadonlySet<string>> =>
    new Set((await list(asked)).map(({ uuid }) => uuid));
  const [all, active, persistent, autostart] = await Promise.all([
    list(0),
    uuids(lists.active),
    uuids(lists.persistent),
    uuids(lists.autostart),
  ]);
  const waiting = all.slice(0, maxPools);
  const told: object[] = [];
  const worker = async (): Promise<void> => {
    for (let pool = waiting.shift(); pool !== undefined; pool = waiting.shift()) {
      const { name, uuid } = pool;
      const place = await tellPlace(client, pool, signal);
      if (place !== undefined)
        told.push({
          name,
          uuid,
          ...place,
          active: active.has(uuid),
          persistent: persistent.has(uuid),
          autostart: autostart.has(uuid),
        });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return JSON.stringify(told);
}

async function tellPlace(
  client: Client,
  pool: StoragePoolHandle,
  signal: AbortSignal,
): Promise<object | undefined> {
  try {
    const [{ xml }, info] = await Promise.all([
      client.call('STORAGE_POOL_GET_XML_DESC', { pool, flags: 0 }, { signal }),
      client.call('STORAGE_POOL_GET_INFO', { pool }, { signal }),
    ]);
    const root = readXml(xml);
    return {
      type: attributeOf(root, 'type') ?? '',
      path: textOf(find(root, 'target', 'path')) ?? null,
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
      availableBytes: Number(info.available),
    };
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Errors: those of the client. */
async function findPool(
  client: Client,
  name: string,
  signal: AbortSignal,
): Promise<StoragePoolHandle> {
  if (z.guid().safeParse(name).success)
    return (await client.call('STORAGE_POOL_LOOKUP_BY_UUID', { uuid: name }, { signal })).pool;
  return (await client.call('STORAGE_POOL_LOOKUP_BY_NAME', { name }, { signal })).pool;
}
