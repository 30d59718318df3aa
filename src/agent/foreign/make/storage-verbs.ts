/**
 * What lies in the storage pools of a hypervisor: disks with the vms that have them, and images for drives. All of it is
 * asked for when somebody wants to see it; nothing is kept.
 */
import { vmStateFacts, type LinkResult } from '#api';
import { Fault, miB } from '#lib';
import type { Client } from '#libvirt';
import type { Handlers } from '../../link/calls.ts';
import type { ForeignMachines } from '../machines.ts';
import {
  byPath,
  chainOf,
  childrenOf,
  listVolumes,
  parentPath,
  type Volume,
} from './list-volumes.ts';

export interface StorageTools {
  readonly client: Client;
  readonly machines: ForeignMachines;
}

type FoundDisk = LinkResult<'host.disks'>['disks'][number];

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
        snapshots: [],
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

function isDisk({ path, format }: Volume): boolean {
  return format !== 'iso' && format !== 'dir' && !/\.iso$/i.test(path);
}

function describeDisks(machines: ForeignMachines, volumes: readonly Volume[]): FoundDisk[] {
  const all = byPath(volumes);
  const users = new Map<string, string[]>();
  for (const { definition } of machines.records())
    for (const { file } of definition.hardware.disks)
      for (const path of chainOf(file, all))
        users.set(path, [...(users.get(path) ?? []), definition.id]);
  const children = childrenOf(volumes);
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
