/**
 * What lies in the storage pools of a hypervisor: disks with the vms that have them, and images for drives. All of it is
 * asked for when somebody wants to see it; nothing is kept.
 */
import { posix } from 'node:path';
import { vmStateFacts, type LinkResult } from '#api';
import { attributeOf, find, readXml, textOf } from '#foreign';
import { Fault, isFault, miB } from '#lib';
import type { Client, StorageVolHandle } from '#libvirt';
import type { Handlers } from '../../link/calls.ts';
import type { ForeignMachines } from '../machines.ts';
import { Volumes } from './volumes.ts';

export interface StorageTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
}

type FoundDisk = LinkResult<'host.disks'>['disks'][number];

interface Volume {
  readonly path: string;
  readonly format: string | null;
  readonly sizeBytes: number;
  readonly fileBytes: number;
  /** As its file names it. */
  readonly parent: string | null;
}

/** As many as one answer of the link tells. */
const maxVolumes = 5000;
const atOnce = 16;
const floppyBytes = 1.44 * 1000 * 1024;

export function storageVerbs({
  client,
  machines,
}: StorageTools): Pick<Handlers, 'host.disks' | 'host.disk' | 'host.media'> {
  return {
    async 'host.disks'(_, { signal }) {
      const { volumes, complete } = await listVolumes(client, signal);
      return { disks: describeDisks(machines, volumes.filter(isDisk)), complete };
    },
    async 'host.disk'({ file }, { signal }) {
      const { volumes } = await listVolumes(client, signal);
      const all = volumes.filter(isDisk);
      const disk = describeDisks(machines, all).find(({ path }) => path === file);
      if (disk === undefined)
        throw new Fault('not-found', `no storage pool of its hypervisor has ${file}`, {
          hint: 'refresh the pool there: virsh pool-refresh',
        });
      return {
        ...disk,
        chain: chainOf(file, byPath(all)).slice(1, 257),
        system: false,
        findings: [],
      };
    },
    async 'host.media'(_, { signal }) {
      const { volumes, complete } = await listVolumes(client, signal);
      const files = volumes.flatMap(({ path, format, fileBytes: sizeBytes }) => {
        if (format === 'iso' || /\.iso$/i.test(path))
          return { path, drive: 'cd' as const, sizeBytes };
        const isFloppy = /\.(img|ima|vfd|flp)$/i.test(path) && sizeBytes <= floppyBytes + miB;
        return isFloppy ? { path, drive: 'floppy' as const, sizeBytes } : [];
      });
      return { files, drives: [], complete, inserted: insertedIn(machines) };
    },
  };
}

async function listVolumes(
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
async function readVolume(
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
    };
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

function isDisk({ path, format }: Volume): boolean {
  return format !== 'iso' && format !== 'dir' && !/\.iso$/i.test(path);
}

function byPath(volumes: readonly Volume[]): ReadonlyMap<string, Volume> {
  return new Map(volumes.map((volume) => [volume.path, volume]));
}

function parentPath({ path, parent }: Volume): string | null {
  return parent === null ? null : posix.resolve(posix.dirname(path), parent);
}

/** Itself first; at most as far as its volumes are known, and never in a circle. */
function chainOf(path: string, all: ReadonlyMap<string, Volume>): readonly string[] {
  const chain: string[] = [];
  let at = all.get(path);
  while (at !== undefined && !chain.includes(at.path) && chain.length < 256) {
    chain.push(at.path);
    at = all.get(parentPath(at) ?? '');
  }
  return chain;
}

function describeDisks(machines: ForeignMachines, volumes: readonly Volume[]): FoundDisk[] {
  const all = byPath(volumes);
  const users = new Map<string, string[]>();
  for (const { definition } of machines.records())
    for (const { file } of definition.hardware.disks)
      for (const path of chainOf(file, all))
        users.set(path, [...(users.get(path) ?? []), definition.id]);
  const children = Map.groupBy(volumes, (volume) => parentPath(volume) ?? '');
  return volumes.map((volume): FoundDisk => {
    const { path, format, sizeBytes, fileBytes, parent } = volume;
    const vmIds = [...new Set(users.get(path))].slice(0, 1000);
    const above = parentPath(volume);
    const isLost = above !== null && !all.has(above);
    const chain = chainOf(path, all).map((one) => all.get(one)?.fileBytes ?? 0);
    return {
      path,
      format,
      variant: null,
      sizeBytes,
      fileBytes,
      identity: null,
      parent,
      problem: null,
      parentPath: isLost ? null : above,
      children: (children.get(path) ?? []).map((child) => child.path),
      chainBytes: chain.reduce((sum, bytes) => sum + bytes, 0),
      orphan: isLost ? 'parent-missing' : vmIds.length === 0 ? 'unused' : null,
      vmIds,
    };
  });
}

function insertedIn(machines: ForeignMachines): LinkResult<'host.media'>['inserted'] {
  return machines.records().flatMap(({ definition: { id, hardware }, report }) => {
    if (!vmStateFacts[report.state].live) return [];
    const drives = hardware.opticalDrives.map(({ medium }) => ({ medium, writes: false }));
    const { floppy } = hardware;
    if (floppy !== null) drives.push({ medium: floppy.medium, writes: !floppy.readOnly });
    return drives.flatMap(({ medium, writes }) =>
      medium?.kind === 'file' ? [{ path: medium.file, vmId: id, writes }] : [],
    );
  });
}
