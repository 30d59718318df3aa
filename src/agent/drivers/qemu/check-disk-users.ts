/**
 * Which other vms stand against the use of a disk: those that run with a file of it, and those that may write to what it is
 * made from, in whatever format (VM-76). Files of vms that do not run are compared by name and number only, and only for a
 * disk that has parents; none of their disks is opened.
 */
import { isNative, type Disk } from '#api';
import type { Reason } from '#lib';
import { isLive } from '../../host/admission.ts';
import { filesOfChain, servedChainOf } from '../../machine/layers/served-chain.ts';
import type { MachineFile } from '../../machine/record.ts';
import { parentsOf } from '../../storage/disk-forest.ts';
import { fileIdentity } from '../../storage/file-identity.ts';
import { findWriter } from '../../storage/read-parents.ts';
import { diskPaths, resolveFile } from './places.ts';

export interface DiskQuestion {
  readonly disk: Disk;
  /** `disk ide0:0 (/vms/web-1/web-1.vhd)`. */
  readonly what: string;
  /** The files that the vm keeps of it, the one that it writes first. */
  readonly paths: readonly [string, ...string[]];
  /** What these are made from, the nearest first. */
  readonly parents: readonly string[];
  readonly others: readonly MachineFile[];
}

export async function judgeUsers(question: DiskQuestion): Promise<Reason[]> {
  const { disk, what, paths, parents, others } = question;
  const reasons: Reason[] = [];
  const owner = await findWriter(parents, others);
  if (owner !== undefined) {
    const text = `${what} is made from ${owner.parent}, which is a disk of ${owner.name}`;
    const remedy = `make one disk of both: gantry disk flatten ${paths[0]}; or attach the parent to ${owner.name} as read-only`;
    reasons.push({ code: 'disk-parent-in-use', text, remedy });
  }
  const user = await findUser([...paths, ...parents], others.filter(isLive), disk);
  if (user !== undefined && user !== owner?.name) {
    const text = `${what} is in use by ${user}`;
    const remedy = `stop ${user}, or mark the disk as shared in both`;
    reasons.push({ code: 'disk-in-use', text, remedy });
  }
  return reasons;
}

/** The files that a disk of another vm stands on, the one that it writes first. */
async function filesOf(other: MachineFile, disk: Disk): Promise<string[]> {
  const paths = diskPaths(other, disk);
  const parents = isNative(disk) ? [] : await belowOf(other, disk, paths.at(-1) ?? paths[0]);
  return Promise.all([...paths, ...parents].map(fileIdentity));
}

/** As the record knows it, else as the file says. */
async function belowOf(
  { folder, layers }: MachineFile,
  disk: Disk,
  path: string,
): Promise<readonly string[]> {
  const chain = servedChainOf(layers, disk);
  if (chain === undefined) return await parentsOf(path, disk.format);
  const [, ...files] = filesOfChain(chain);
  return files.map((file) => resolveFile(folder, file));
}

/** Two may have a file when both only read it, or both share it. The first of a disk's files is written. */
async function findUser(
  paths: readonly string[],
  live: readonly MachineFile[],
  disk: Disk,
): Promise<string | undefined> {
  const ours = await Promise.all(paths.map(fileIdentity));
  for (const other of live) {
    const { name, hardware } = other.startedWith ?? other.definition;
    for (const theirDisk of hardware.disks) {
      if (disk.shared && theirDisk.shared) continue;
      const theirs = await filesOf(other, theirDisk);
      const [ourTop = ''] = ours;
      const [theirTop = ''] = theirs;
      if (!disk.readOnly && theirs.includes(ourTop)) return name;
      if (!theirDisk.readOnly && ours.includes(theirTop)) return name;
    }
  }
  return undefined;
}
