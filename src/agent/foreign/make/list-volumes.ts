/** All volumes of a hypervisor's pools, and which of them stands on which. */
import { posix } from 'node:path';
import { attributeOf, find, readXml, textOf } from '#foreign';
import { isFault } from '#lib';
import type { Client, StorageVolHandle } from '#libvirt';
import { Volumes } from './volumes.ts';

export interface Volume {
  readonly path: string;
  readonly format: string | null;
  readonly sizeBytes: number;
  readonly fileBytes: number;
  /** As its file names it. */
  readonly parent: string | null;
  readonly parentFormat: string | null;
}

/** As many as one answer of the link tells. */
const maxVolumes = 5000;
const atOnce = 16;

export async function listVolumes(
  client: Client,
  signal: AbortSignal,
): Promise<{ readonly volumes: readonly Volume[]; readonly complete: boolean }> {
  const pools = await new Volumes(client).pools(signal);
  const listed = await Promise.all(
    pools.map(async ({ handle: pool }) => {
      const args = { pool, need_results: 1, flags: 0 };
      return (await client.call('STORAGE_POOL_LIST_ALL_VOLUMES', args, { signal })).vols;
    }),
  );
  const handles = listed.flat();
  const waiting = handles.slice(0, maxVolumes);
  const volumes: Volume[] = [];
  const worker = async (): Promise<void> => {
    for (let vol = waiting.shift(); vol !== undefined; vol = waiting.shift()) {
      const volume = await readVolume(client, vol, signal);
      if (volume !== undefined) volumes.push(volume);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  volumes.sort((one, other) => (one.path < other.path ? -1 : Number(one.path > other.path)));
  return { volumes, complete: handles.length <= maxVolumes };
}

/** Undefined for one that is there no more. */
export async function readVolume(
  client: Client,
  vol: StorageVolHandle,
  signal: AbortSignal,
): Promise<Volume | undefined> {
  try {
    const [{ xml }, info] = await Promise.all([
      client.call('STORAGE_VOL_GET_XML_DESC', { vol, flags: 0 }, { signal }),
      client.call('STORAGE_VOL_GET_INFO', { vol }, { signal }),
    ]);
    const root = readXml(xml);
    return {
      path: textOf(find(root, 'target', 'path')) ?? vol.key,
      format: attributeOf(find(root, 'target', 'format'), 'type') ?? null,
      sizeBytes: Number(info.capacity),
      fileBytes: Number(info.allocation),
      parent: textOf(find(root, 'backingStore', 'path')) ?? null,
      parentFormat: attributeOf(find(root, 'backingStore', 'format'), 'type') ?? null,
    };
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

export function byPath(volumes: readonly Volume[]): ReadonlyMap<string, Volume> {
  return new Map(volumes.map((volume) => [volume.path, volume]));
}

export function parentPath({ path, parent }: Volume): string | null {
  return parent === null ? null : posix.resolve(posix.dirname(path), parent);
}

/** By the path of the one that they stand on. */
export function childrenOf(volumes: readonly Volume[]): ReadonlyMap<string, readonly Volume[]> {
  return Map.groupBy(volumes, (volume) => parentPath(volume) ?? '');
}

/** Itself first; at most as far as its volumes are known, and never in a circle. */
export function chainOf(path: string, all: ReadonlyMap<string, Volume>): readonly string[] {
  const chain: string[] = [];
  let at = all.get(path);
  while (at !== undefined && !chain.includes(at.path) && chain.length < 256) {
    chain.push(at.path);
    at = all.get(parentPath(at) ?? '');
  }
  return chain;
}
