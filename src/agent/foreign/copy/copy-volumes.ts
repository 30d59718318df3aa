/** Volumes copied by the hypervisor's host itself: nothing of them comes this way. */
import { posix } from 'node:path';
import { escapeXml } from '#foreign';
import { Fault, formatBytes, isFault } from '#lib';
import type { Client, StoragePoolHandle, StorageVolHandle } from '#libvirt';
import { readVolume } from '../make/list-volumes.ts';
import { Volumes } from '../make/volumes.ts';
import type { BorrowedPools } from './borrowed-pool.ts';

export interface VolumeCopy {
  readonly from: string;
  readonly to: string;
  readonly format: string;
}

/** What they take together. Errors: `not-found`, `exhausted` where there is no room for them. */
export async function measureCopies(
  client: Client,
  copies: readonly VolumeCopy[],
  signal: AbortSignal,
): Promise<number> {
  const volumes = new Volumes(client);
  const needed = new Map<string, { name: string; bytes: number; free: number }>();
  let all = 0;
  for (const { from, to } of copies) {
    const { fileBytes } = await volumes.sizes(await requireVolume(volumes, from, signal), signal);
    const { pool } = await volumes.place(to, signal);
    const { uuid, name } = pool.handle;
    const known = needed.get(uuid) ?? { name, bytes: 0, free: pool.availableBytes };
    needed.set(uuid, { ...known, bytes: known.bytes + fileBytes });
    all += fileBytes;
  }
  for (const { name, bytes, free } of needed.values())
    if (bytes > free)
      throw new Fault(
        'exhausted',
        `pool ${name} has ${formatBytes(free)} left, and the copies take ${formatBytes(bytes)}`,
        { hint: 'name a folder of another pool, or make room there' },
      );
  return all;
}

/**
 * With all that its source stands on in it. It is waited for to its end, whatever the signal says: libvirt makes it anyway,
 * and deletes none that is being made.
 */
export async function copyVolume(
  client: Client,
  { from, to, format }: VolumeCopy,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const volumes = new Volumes(client);
  const clonevol = await requireVolume(volumes, from, signal);
  const { pool, name } = await volumes.place(to, signal);
  await copyInto(client, { pool: pool.handle, name, format, clonevol }, signal);
  signal.throwIfAborted();
}

interface Into {
  readonly pool: StoragePoolHandle;
  readonly name: string;
  readonly format: string;
  readonly clonevol: StorageVolHandle;
}

async function copyInto(
  client: Client,
  { pool, name, format, clonevol }: Into,
  signal: AbortSignal,
): Promise<void> {
  const source = await readVolume(client, clonevol, signal);
  if (source === undefined) throw new Fault('not-found', `${clonevol.key} is not there any more`);
  const xml = `<volume><name>${escapeXml(name)}</name>
<capacity unit='bytes'>${source.sizeBytes}</capacity><allocation unit='bytes'>${Math.min(source.sizeBytes, source.fileBytes)}</allocation>
<target><format type='${escapeXml(format)}'/></target></volume>`;
  await client.call('STORAGE_VOL_CREATE_XML_FROM', { pool, xml, clonevol, flags: 0 });
}

async function requireVolume(
  volumes: Volumes,
  path: string,
  signal: AbortSignal,
): Promise<StorageVolHandle> {
  const vol = await volumes.find(path, signal);
  if (vol !== undefined) return vol;
  throw new Fault('unsupported', `no storage pool of its hypervisor has ${path}`, {
    hint: `make one of its folder there: virsh pool-create-as NAME dir --target ${posix.dirname(path)}`,
  });
}

/**
 * A file of a folder that need not be a pool, as those of UEFI variables are. False where there is no such file, as of a vm that
 * was never started.
 */
export async function copyBeside(
  client: Client,
  pools: BorrowedPools,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<boolean> {
  return await pools.with(posix.dirname(from), signal, async (pool) => {
    const lookUp = async (path: string): Promise<StorageVolHandle | undefined> => {
      try {
        const name = posix.basename(path);
        return (await client.call('STORAGE_VOL_LOOKUP_BY_NAME', { pool, name }, { signal })).vol;
      } catch (error) {
        if (isFault(error, 'not-found')) return undefined;
        throw error;
      }
    };
    const clonevol = await lookUp(from);
    if (clonevol === undefined) return false;
    const there = await lookUp(to);
    if (there !== undefined)
      await client.call('STORAGE_VOL_DELETE', { vol: there, flags: 0 }, { signal });
    const format = (await readVolume(client, clonevol, signal))?.format ?? 'raw';
    await copyInto(client, { pool, name: posix.basename(to), format, clonevol }, signal);
    return true;
  });
}
