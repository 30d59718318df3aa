/** Volumes for libvirt's clients: listed, described, made, changed and deleted, each by the route of the API for disk files. */
import { madeFormats, type DiskWork } from '#api';
import {
  libvirtFault,
  type Handlers,
  type ServerStream,
  type StoragePoolHandle,
  type StorageVolHandle,
} from '#libvirt';
import type { Connection } from './connection.ts';
import { readVolume, type VolumeWish } from './define/volume-wish.ts';
import { formatsByLibvirt, libvirtFormat } from '../domain-xml/disk-formats.ts';
import { meetLateDisk } from './late-disks.ts';
import { refreshPool } from './pool-change-calls.ts';
import { findPool, type Pool } from './pools.ts';
import { sendVolume } from './volume-download.ts';
import { beginVolumeUpload } from './volume-upload.ts';
import {
  handleOfVolume,
  noVolume,
  placeIn,
  volumeIn,
  VolumeLists,
  type Volume,
} from './volumes.ts';
import { element, writeXml } from '../domain-xml/xml.ts';

type Calls = Pick<
  Handlers,
  | 'STORAGE_POOL_REFRESH'
  | 'STORAGE_POOL_NUM_OF_VOLUMES'
  | 'STORAGE_POOL_LIST_VOLUMES'
  | 'STORAGE_POOL_LIST_ALL_VOLUMES'
  | `STORAGE_VOL_LOOKUP_BY_${'NAME' | 'KEY' | 'PATH'}`
  | `STORAGE_VOL_GET_${'INFO' | 'INFO_FLAGS' | 'XML_DESC' | 'PATH'}`
  | 'STORAGE_VOL_CREATE_XML'
  | 'STORAGE_VOL_CREATE_XML_FROM'
  | 'STORAGE_VOL_RESIZE'
  | 'STORAGE_VOL_DOWNLOAD'
  | 'STORAGE_VOL_UPLOAD'
  | 'STORAGE_VOL_DELETE'
  | 'STORAGE_VOL_WIPE'
  | 'STORAGE_VOL_WIPE_PATTERN'
>;

/** virStorageVolType: all of them are files. */
const isFile = 0;
/** virStorageVolGetInfoFlags: the length of the file in place of what it takes up. */
const physical = 1;
/** virStorageVolResizeFlags. */
const byDelta = 2;
const mayShrink = 4;
/** virStorageVolDownloadFlags. */
const sparse = 1;
/** virStorageVolWipeAlgorithm. */
const byZeros = 0;
const undoMs = 60_000;

export function volumeCalls(connection: Connection): Calls {
  const lists = new VolumeLists(connection);
  const poolOf = (pool: StoragePoolHandle): Promise<Pool> => findPool(connection, pool);
  const find = async (vol: StorageVolHandle, signal: AbortSignal): Promise<Volume> =>
    lists.find(await volumeIn(connection, vol), signal);
  const work = async ({ host }: Pool, body: DiskWork, signal: AbortSignal): Promise<void> => {
    lists.forget();
    await connection.work('host.disk.work', { params: { host: host.id }, body }, signal);
    lists.forget();
  };
  const make = async (
    pool: Pool,
    wish: VolumeWish,
    body: (file: string) => DiskWork,
    signal: AbortSignal,
  ): Promise<{ vol: StorageVolHandle }> => {
    const place = placeIn(pool, wish.name);
    if ((await lists.of(pool, signal)).some(({ name }) => name === place.name))
      throw libvirtFault('STORAGE_VOL_EXIST', `storage volume '${place.name}' exists already`);
    await work(pool, body(place.path), signal);
    const path = await meetLateDisk(connection, pool.host.id, place.path, signal);
    if (path === place.path) return { vol: handleOfVolume(place) };
    const [moved = place] = (await lists.at(path, signal)).filter(
      (one) => one.pool.host.id === pool.host.id,
    );
    return { vol: handleOfVolume(moved) };
  };
  /** Made from another one it has the size of that at first. */
  const grow = async (pool: Pool, wish: VolumeWish, signal: AbortSignal): Promise<void> => {
    const file = placeIn(pool, wish.name).path;
    try {
      await work(pool, { verb: 'resize', file, sizeBytes: wish.sizeBytes }, signal);
    } catch (error) {
      await work(pool, { verb: 'delete', file }, AbortSignal.timeout(undoMs));
      throw error;
    }
  };
  const infoOf = async (
    vol: StorageVolHandle,
    signal: AbortSignal,
  ): Promise<{ type: number; capacity: bigint; allocation: bigint }> => {
    const { disk } = await find(vol, signal);
    return {
      type: isFile,
      capacity: BigInt(disk.sizeBytes ?? disk.fileBytes),
      allocation: BigInt(disk.fileBytes),
    };
  };
  const wipe = async (
    vol: StorageVolHandle,
    algorithm: number,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    if (algorithm !== byZeros)
      throw libvirtFault(
        'ARGUMENT_UNSUPPORTED',
        'volumes are overwritten with zeros, and with nothing else: virsh vol-wipe --algorithm zero',
      );
    const { pool, path } = await find(vol, signal);
    await work(pool, { verb: 'wipe', file: path }, signal);
    return {};
  };
  return {
    STORAGE_POOL_REFRESH: async ({ pool }, { signal }) => {
      await refreshPool(connection, await poolOf(pool), signal);
      lists.forget();
      return {};
    },
    STORAGE_POOL_NUM_OF_VOLUMES: async ({ pool }, { signal }) => ({
      num: (await lists.of(await poolOf(pool), signal)).length,
    }),
    STORAGE_POOL_LIST_VOLUMES: async ({ pool, maxnames }, { signal }) => ({
      names: (await lists.of(await poolOf(pool), signal))
        .slice(0, Math.max(0, maxnames))
        .map(({ name }) => name),
    }),
    STORAGE_POOL_LIST_ALL_VOLUMES: async ({ pool, need_results }, { signal }) => {
      const volumes = await lists.of(await poolOf(pool), signal);
      return { vols: need_results === 0 ? [] : volumes.map(handleOfVolume), ret: volumes.length };
    },
    STORAGE_VOL_LOOKUP_BY_NAME: async ({ pool, name }, { signal }) => ({
      vol: handleOfVolume(await lists.find(placeIn(await poolOf(pool), name), signal)),
    }),
    STORAGE_VOL_LOOKUP_BY_KEY: async ({ key }, { signal }) => {
      const path = key.slice(key.indexOf(':') + 1);
      const found = (await lists.at(path, signal)).find((one) => handleOfVolume(one).key === key);
      if (found === undefined) throw noVolume(key, 'key');
      return { vol: handleOfVolume(found) };
    },
    STORAGE_VOL_LOOKUP_BY_PATH: async ({ path }, { signal }) => {
      const [found, ...others] = await lists.at(path, signal);
      if (found === undefined) throw noVolume(path, 'path');
      if (others.length === 0) return { vol: handleOfVolume(found) };
      const pools = [found, ...others].map(({ pool }) => pool.name).join(', ');
      throw libvirtFault(
        'OPERATION_FAILED',
        `${path.slice(0, 200)} is a volume of ${pools}: name the pool`,
      );
    },
    STORAGE_VOL_GET_INFO: ({ vol }, { signal }) => infoOf(vol, signal),
    STORAGE_VOL_GET_INFO_FLAGS: ({ vol, flags }, { signal }) => {
      if ((flags & ~physical) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about a volume`);
      return infoOf(vol, signal);
    },
    STORAGE_VOL_GET_XML_DESC: async ({ vol }, { signal }) => ({
      xml: writeVolumeXml(await find(vol, signal)),
    }),
    STORAGE_VOL_GET_PATH: async ({ vol }) => ({ name: (await volumeIn(connection, vol)).path }),
    STORAGE_VOL_CREATE_XML: async ({ pool, xml }, { signal }) => {
      const wish = readVolume(xml);
      const into = await poolOf(pool);
      const isLarger = await isLargerThanParent(lists, into, wish, signal);
      const made = await make(into, wish, (file) => creation(wish, file), signal);
      if (isLarger) await grow(into, wish, signal);
      return made;
    },
    STORAGE_VOL_CREATE_XML_FROM: async ({ pool, xml, clonevol }, { signal }) => {
      const wish = readVolume(xml);
      const into = await poolOf(pool);
      const source = await find(clonevol, signal);
      if (source.pool.host.id !== into.host.id)
        throw libvirtFault('OPERATION_UNSUPPORTED', 'a volume is copied on its own host');
      const { format, allocation } = wish;
      const copy = (target: string): DiskWork => ({
        verb: 'convert',
        file: source.path,
        target,
        format: madeFormat(format),
        allocation,
        compression: 'none',
      });
      return await make(into, wish, copy, signal);
    },
    STORAGE_VOL_DOWNLOAD: async ({ vol, offset, length, flags }, { signal }) => {
      if ((flags & ~sparse) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about a download`);
      const { pool, path } = await find(vol, signal);
      const last = length === 0n ? '' : String(offset + length - 1n);
      const asked = {
        params: { host: pool.host.id },
        query: { file: path },
        range: `bytes=${offset}-${last}`,
      };
      const { desk, caller } = connection.parts;
      const content = await desk.ask(caller, 'host.file.content', asked, signal);
      const run = async (stream: ServerStream): Promise<void> => {
        await sendVolume(stream, content, flags === sparse ? 'holes' : 'all');
      };
      return { ret: {}, run };
    },
    STORAGE_VOL_UPLOAD: async ({ vol, ...asked }, { signal }) => {
      const volume = await find(vol, signal);
      const run = await beginVolumeUpload(connection, volume, asked, signal);
      return {
        ret: {},
        run: async (stream, ended) => {
          lists.forget();
          await run(stream, ended);
          lists.forget();
        },
      };
    },
    STORAGE_VOL_RESIZE: async ({ vol, capacity, flags }, { signal }) => {
      const { pool, path, disk } = await find(vol, signal);
      const before = disk.sizeBytes ?? 0;
      const sizeBytes = Number(capacity) + ((flags & byDelta) === 0 ? 0 : before);
      if (sizeBytes < before && (flags & mayShrink) === 0)
        throw libvirtFault(
          'INVALID_ARG',
          "invalid argument: Can't shrink capacity below current capacity unless shrink flag explicitly specified",
        );
      await work(pool, { verb: 'resize', file: path, sizeBytes }, signal);
      return {};
    },
    STORAGE_VOL_WIPE: ({ vol }, { signal }) => wipe(vol, byZeros, signal),
    STORAGE_VOL_WIPE_PATTERN: ({ vol, algorithm }, { signal }) => wipe(vol, algorithm, signal),
    STORAGE_VOL_DELETE: async ({ vol }, { signal }) => {
      const { pool, path } = await find(vol, signal);
      await work(pool, { verb: 'delete', file: path }, signal);
      return {};
    },
  };
}

/** Errors: CONFIG_UNSUPPORTED. */
function madeFormat(format: VolumeWish['format']): (typeof madeFormats)[number] {
  const made = madeFormats.find((one) => one === format);
  if (made !== undefined) return made;
  throw libvirtFault('CONFIG_UNSUPPORTED', `disks are not made in the format ${format}`);
}

/** Errors: CONFIG_UNSUPPORTED where a volume is to be smaller than the one that it is made from. */
async function isLargerThanParent(
  lists: VolumeLists,
  { host }: Pool,
  { parent, sizeBytes }: VolumeWish,
  signal: AbortSignal,
): Promise<boolean> {
  if (parent === undefined || sizeBytes === 0) return false;
  const found = (await lists.at(parent, signal)).find(({ pool }) => pool.host.id === host.id);
  const has = found?.disk.sizeBytes ?? sizeBytes;
  if (has > sizeBytes)
    throw libvirtFault(
      'CONFIG_UNSUPPORTED',
      `a volume is not smaller than the one that it is made from, ${has} bytes`,
    );
  return has < sizeBytes;
}

function creation(wish: VolumeWish, file: string): DiskWork {
  const { format, allocation, sizeBytes, parent, parentFormat } = wish;
  const made = madeFormat(format);
  if (parent === undefined) return { verb: 'create', file, format: made, allocation, sizeBytes };
  if (made === 'raw')
    throw libvirtFault('CONFIG_UNSUPPORTED', 'a raw disk is not made from another one');
  return { verb: 'create-child', file, parent, parentFormat, format: made };
}

function writeVolumeXml(volume: Volume): string {
  const { path, disk, name } = volume;
  const { sizeBytes, fileBytes, format, parentPath } = disk;
  const bytes = { unit: 'bytes' };
  const known = formatName(format);
  return writeXml(
    element('volume', { type: 'file' }, [
      element('name', {}, name),
      element('key', {}, handleOfVolume(volume).key),
      element('source'),
      element('capacity', bytes, sizeBytes ?? fileBytes),
      element('allocation', bytes, fileBytes),
      element('target', {}, [
        element('path', {}, path),
        ...(known === undefined ? [] : [element('format', { type: known })]),
      ]),
      ...(parentPath === null
        ? []
        : [element('backingStore', {}, [element('path', {}, parentPath)])]),
    ]),
  );
}

/** Hosts with an agent say it in our words, hypervisors of others in libvirt's. */
function formatName(format: string | null): string | undefined {
  if (format === null) return undefined;
  const own = Object.values(formatsByLibvirt).find((one) => one === format);
  return own === undefined ? format : libvirtFormat(own);
}
