/**
 * All disks in the folders for vms of this host, used by one or by none, and all that can be said of each (DISK-37,
 * DISK-66). Reads only.
 */
import { dirname } from 'node:path';
import type { LinkResult } from '#api';
import { checkDisk, hasSystem, inspectDisk, openDisk, type Disk, type FileStore } from '#disk';
import { identifyFile } from '#identify';
import { describeFault, Fault, isoTime } from '#lib';
import type { DiskCatalogue } from '../drivers/files.ts';
import { realPath, requireInside } from './allowed.ts';
import { readDiskForest, storeOf, type DiskForest } from './disk-forest.ts';
import { findDiskUsers } from './disk-users.ts';

const maxFindings = 1000;
const maxSnapshots = 1000;
const maxNameLength = 255;

/** Where disks are listed and worked on, and where their parents may lie, beside those. */
export interface DiskFolders {
  readonly listed: () => readonly string[];
  readonly parents: () => readonly string[];
}

export function makeDiskCatalogue({ listed, parents }: DiskFolders): DiskCatalogue {
  return {
    async list(machines, signal) {
      const users = await findDiskUsers(machines);
      const store = await storeOf(parents());
      const forest = await readDiskForest({ folders: listed(), store, users, signal });
      const { disks, complete } = forest;
      return { disks: [...disks.values()], complete };
    },
    async inspect(file, machines, signal) {
      await requireInside(file, listed());
      const users = await findDiskUsers(machines);
      const store = await storeOf(parents());
      const path = await realPath(file);
      const folders = [...listed(), dirname(path)];
      const forest = await readDiskForest({ folders, also: [path], store, users, signal });
      return inspect(path, store, forest, signal);
    },
    async identify(file) {
      await requireInside(file, listed());
      return await identifyOnHost(file);
    },
    async childrenOf(file, machines, signal) {
      const users = await findDiskUsers(machines);
      const store = await storeOf(parents());
      const path = await realPath(file);
      const folders = [...listed(), dirname(path)];
      const { disks } = await readDiskForest({ folders, also: [path], store, users, signal });
      return disks.get(path)?.children ?? [];
    },
  };
}

/** As the link takes it: bounded. */
async function identifyOnHost(file: string): Promise<LinkResult<'host.identify'>> {
  const { details, uses, ...found } = await identifyFile(file);
  return {
    ...found,
    details: details.slice(0, 100).map((text) => text.slice(0, 2000)),
    uses: [...uses],
  };
}

async function inspect(
  path: string,
  store: FileStore,
  forest: DiskForest,
  signal: AbortSignal,
): Promise<LinkResult<'host.disk'>> {
  const entry = forest.disks.get(path);
  if (entry === undefined) throw new Fault('not-found', `there is no disk ${path}`);
  if (entry.problem !== null)
    return { ...entry, chain: [], system: false, snapshots: [], findings: [] };
  const { disk, problem } = await openWhole(path, store);
  try {
    const findings: LinkResult<'host.disk'>['findings'] = [];
    for (const layer of disk.chain()) {
      const report = await checkDisk(layer, signal);
      for (const { kind, text } of report.findings.slice(0, maxFindings - findings.length))
        findings.push({ path: report.path, kind, text: text.slice(0, 300) });
    }
    const chain = (await inspectDisk(disk)).slice(1).map((layer) => layer.path);
    const { snapshots = [] } = disk.layer.describe();
    return {
      ...entry,
      problem,
      chain,
      system: await hasSystem(disk),
      snapshots: snapshots.slice(0, maxSnapshots).map(({ createdMs, name, ...snapshot }) => ({
        ...snapshot,
        name: name.slice(0, maxNameLength),
        takenAt: isoTime(createdMs),
      })),
      findings,
    };
  } finally {
    await disk.close();
  }
}

/** With its parents or, where one is not to be had, without, and why. */
async function openWhole(
  path: string,
  store: FileStore,
): Promise<{ readonly disk: Disk; readonly problem: string | null }> {
  try {
    return { disk: await openDisk({ path, store }), problem: null };
  } catch (error) {
    const disk = await openDisk({ path, store, parent: 'none' });
    return { disk, problem: describeFault(error).slice(0, 300) };
  }
}
