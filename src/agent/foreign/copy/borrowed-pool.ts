/**
 * Folders of a hypervisor's host that are no pools, as those of UEFI variables: libvirt knows no files but in pools, so that a folder is one
 * for as long as work takes. It is not kept there, and has one name for each host: what a process left that was killed goes
 * when the host is connected again, or with the next work.
 */
import { setTimeout } from 'node:timers/promises';
import { escapeXml } from '#foreign';
import { isFault } from '#lib';
import type { Client, StoragePoolHandle } from '#libvirt';
import { isBusyPool, Volumes } from '../make/volumes.ts';
import { Turns } from '../turns.ts';

/** Between attempts to give back one in which something is still being copied. */
const busyMs = 250;

export class BorrowedPools {
  readonly #client: Client;
  /** Of the one that there is while work takes it. */
  readonly name: string;
  readonly #turns = new Turns();

  constructor(client: Client, hostId: string) {
    this.#client = client;
    this.name = `gantry-${hostId}`;
  }

  /** The folder's own pool, where it has one. One work at a time. Errors: those of the client, and of the work. */
  async with<T>(
    folder: string,
    signal: AbortSignal,
    work: (pool: StoragePoolHandle) => Promise<T>,
  ): Promise<T> {
    return await this.#turns.take('pool', async () => {
      await this.#giveBack(signal);
      const pools = await new Volumes(this.#client).pools(signal);
      const known = pools.find(({ path, type }) => path === folder && type === 'dir')?.handle;
      if (known !== undefined) {
        await new Volumes(this.#client).refresh(known, signal);
        return await work(known);
      }
      const target = `<target><path>${escapeXml(folder)}</path></target>`;
      const xml = `<pool type='dir'><name>${this.name}</name>${target}</pool>`;
      const args = { xml, flags: 0 };
      const { pool } = await this.#client.call('STORAGE_POOL_CREATE_XML', args, { signal });
      try {
        return await work(pool);
      } finally {
        await this.#giveBack(AbortSignal.any([]));
      }
    });
  }

  /** Of an earlier process that was killed. Errors: those of the client. */
  async sweep(signal: AbortSignal): Promise<void> {
    await this.#turns.take('pool', () => this.#giveBack(signal));
  }

  /** Waits while something is still being copied in it. */
  async #giveBack(signal: AbortSignal): Promise<void> {
    const pool = await this.#find(signal);
    if (pool === undefined) return;
    for (;;)
      try {
        await this.#client.call('STORAGE_POOL_DESTROY', { pool }, { signal });
        return;
      } catch (error) {
        if (isFault(error, 'not-found')) return;
        if (!isBusyPool(error)) throw error;
        await setTimeout(busyMs, undefined, { signal });
      }
  }

  /** Undefined also where the hypervisor has no pools at all. */
  async #find(signal: AbortSignal): Promise<StoragePoolHandle | undefined> {
    const args = { name: this.name };
    try {
      return (await this.#client.call('STORAGE_POOL_LOOKUP_BY_NAME', args, { signal })).pool;
    } catch (error) {
      if (isFault(error, 'not-found') || isFault(error, 'unsupported')) return undefined;
      throw error;
    }
  }
}
