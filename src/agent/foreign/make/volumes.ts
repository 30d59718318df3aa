/**
 * Files of disks on a hypervisor's host: volumes of its storage pools, since libvirt knows no other files. A file is named
 * by its path, by `POOL/NAME`, or by its name alone in the pool `default`, or in the only one.
 */
import { posix } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { DiskSource } from '#api';
import { attributeOf, escapeXml, find, readXml, textOf } from '#foreign';
import { describeFault, Fault, isFault } from '#lib';
import { libvirtFacts, type Client, type StoragePoolHandle, type StorageVolHandle } from '#libvirt';

export interface Pool {
  readonly handle: StoragePoolHandle;
  /** `dir`, `nfs`, `logical` and others. */
  readonly type: string;
  /** Where its volumes are; undefined where it does not say. */
  readonly path: string | undefined;
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

export interface VolumePlace {
  readonly pool: Pool;
  readonly name: string;
  readonly path: string;
}

export interface NewVolume {
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly allocation?: 'dynamic' | 'fixed' | undefined;
}

/** virConnectListAllStoragePoolsFlags. */
const onlyActive = 2;
const maxPools = 256;
/** Between two tries at a volume that is busy. */
const busyMs = 500;

export class Volumes {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Those that are active. */
  async pools(signal: AbortSignal): Promise<readonly Pool[]> {
    const args = { need_results: 1, flags: onlyActive };
    const listed = await this.#client.call('CONNECT_LIST_ALL_STORAGE_POOLS', args, { signal });
    const pools = listed.pools.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return await Promise.all(
      pools.slice(0, maxPools).map(async (pool) => {
        const [{ xml }, info] = await Promise.all([
          this.#client.call('STORAGE_POOL_GET_XML_DESC', { pool, flags: 0 }, { signal }),
          this.#client.call('STORAGE_POOL_GET_INFO', { pool }, { signal }),
        ]);
        const root = readXml(xml);
        return {
          handle: pool,
          type: attributeOf(root, 'type') ?? '',
          path: textOf(find(root, 'target', 'path')),
          capacityBytes: Number(info.capacity),
          availableBytes: Number(info.available),
        };
      }),
    );
  }

  /**
   * What came into it past libvirt is known then. It waits while a volume of it is being filled, as by a call whose caller has ended.
   * Errors: those of the client.
   */
  async refresh(pool: StoragePoolHandle, signal: AbortSignal): Promise<void> {
    for (;;)
      try {
        await this.#client.call('STORAGE_POOL_REFRESH', { pool, flags: 0 }, { signal });
        return;
      } catch (error) {
        if (!isBusyPool(error)) throw error;
        await setTimeout(busyMs, undefined, { signal });
      }
  }

  /** Errors: `not-found`, `invalid` naming the pools there are. */
  async place(file: string, signal: AbortSignal): Promise<VolumePlace> {
    const pools = await this.pools(signal);
    const choice = pools.flatMap(({ handle: { name }, path }) =>
      path === undefined ? [] : [`${name} (${path})`],
    );
    const hint = `its pools are: ${choice.join(', ') || 'none that is active'}`;
    const [folder, name] = [posix.dirname(file), posix.basename(file)];
    const pool = posix.isAbsolute(file)
      ? pools.find(({ path }) => path === folder)
      : folder === '.'
        ? choosePool(pools)
        : pools.find(({ handle }) => handle.name === folder);
    if (pool?.path === undefined)
      throw new Fault('not-found', `no storage pool of its hypervisor is for ${file}`, {
        hint: `name it POOL/FILE; ${hint}`,
      });
    return { pool, name, path: posix.join(pool.path, name) };
  }

  /** Paths stay as they are. */
  async resolve(file: string, signal: AbortSignal): Promise<string> {
    return posix.isAbsolute(file) ? file : (await this.place(file, signal)).path;
  }

  /** Undefined where no pool has it. */
  async find(path: string, signal: AbortSignal): Promise<StorageVolHandle | undefined> {
    try {
      return (await this.#client.call('STORAGE_VOL_LOOKUP_BY_PATH', { path }, { signal })).vol;
    } catch (error) {
      if (isFault(error, 'not-found') || isFault(error, 'unsupported')) return undefined;
      throw error;
    }
  }

  /** Virtual size and what it takes. */
  async sizes(
    vol: StorageVolHandle,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number; readonly fileBytes: number }> {
    const info = await this.#client.call('STORAGE_VOL_GET_INFO', { vol }, { signal });
    return { sizeBytes: Number(info.capacity), fileBytes: Number(info.allocation) };
  }

  /** Errors: `unsupported` for anything but an empty disk. */
  async create(source: DiskSource, signal: AbortSignal): Promise<VolumePlace> {
    return await this.make({ ...requireNew(source), file: source.file }, signal);
  }

  /** An empty one. `format` in libvirt's words. Errors: as `place`. */
  async make(
    { file, format, sizeBytes, allocation }: NewVolume,
    signal: AbortSignal,
  ): Promise<VolumePlace> {
    const place = await this.place(file, signal);
    const isFixed = allocation === 'fixed';
    const xml = `<volume><name>${escapeXml(place.name)}</name><capacity unit='bytes'>${sizeBytes}</capacity>${
      isFixed ? '' : "<allocation unit='bytes'>0</allocation>"
    }<target><format type='${format}'/></target></volume>`;
    const args = { pool: place.pool.handle, xml, flags: 0 };
    await this.#client.call('STORAGE_VOL_CREATE_XML', args, { signal });
    return place;
  }

  /** Errors: `not-found`; `refused` for less than it has: what is beyond the end would be lost. */
  async enlarge(file: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
    const vol = await this.find(file, signal);
    if (vol === undefined) throw new Fault('not-found', `${file} is not there any more`);
    const before = await this.sizes(vol, signal);
    if (sizeBytes < before.sizeBytes)
      throw new Fault('refused', `${file} would lose what is beyond ${sizeBytes} bytes`, {
        hint: `it has ${before.sizeBytes} bytes; copy it with the guest's own tools onto a smaller one`,
      });
    const args = { vol, capacity: BigInt(sizeBytes), flags: 0 };
    if (sizeBytes > before.sizeBytes)
      await this.#client.call('STORAGE_VOL_RESIZE', args, { signal });
  }

  /** Waits for one that is being made or read. False where no pool has it. */
  async remove(path: string, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const vol = await this.find(path, signal);
      if (vol === undefined) return false;
      try {
        await this.#client.call('STORAGE_VOL_DELETE', { vol, flags: 0 }, { signal });
        return true;
      } catch (error) {
        if (!isFault(error) || libvirtFacts(error)?.name !== 'OPERATION_INVALID') throw error;
        await setTimeout(busyMs, undefined, { signal });
      }
    }
  }
}

/** libvirt has no number of its own for it. */
export function isBusyPool(error: unknown): boolean {
  if (!isFault(error) || libvirtFacts(error)?.name !== 'INTERNAL_ERROR') return false;
  return /asynchronous jobs running/.test(describeFault(error));
}

function choosePool(pools: readonly Pool[]): Pool | undefined {
  return (
    pools.find(({ handle }) => handle.name === 'default') ??
    (pools.length === 1 ? pools[0] : undefined)
  );
}

/** Errors: `unsupported`. */
export function requireNew(source: DiskSource): Extract<DiskSource, { kind: 'new' }> {
  if (source.kind === 'new') return source;
  throw new Fault('unsupported', 'disks of libvirt hosts are made empty, not as copies', {
    hint: 'put the copy into a storage pool there, and attach it',
  });
}
