/** What stands against serving a disk to a vm (VM-70): everything at once, without any side effect on its files. */
import { existsSync } from 'node:fs';
import type { Disk } from '#api';
import { hostStore, openDisk, type Disk as OpenDisk } from '#disk';
import { describeFault, toFault, type Reason } from '#lib';
import { borrowedOf, servedChainOf } from '../../../machine/layers/served-chain.ts';
import type { MachineFile } from '../../../machine/record.ts';
import { fileIdentity } from '../../../storage/file-identity.ts';
import { reasonOfOther } from '../../../storage/other-chain.ts';
import { findOtherChain } from '../../../storage/served-chains.ts';
import { filesOf } from '../../../storage/served-layers.ts';
import { FileOwners, refusedFor, withFolder } from '../../../storage/store-apart.ts';
import { resolveFile } from '../places.ts';

export interface ServedQuestion {
  readonly disk: Disk;
  /** Of the file on top. */
  readonly format: Disk['format'];
  /** `disk ide0:0 (/vms/web-1/web-1.vhd)`. */
  readonly what: string;
  readonly path: string;
  /** Files that the vm keeps of it, below the one on top. */
  readonly below: readonly string[];
  /** The vm: what lies in its own folder is given to its account at the start. */
  readonly file: MachineFile;
  readonly folders: readonly string[];
  /** The other machines of the host. */
  readonly others: readonly MachineFile[];
}

export interface ServedJudgement {
  readonly reasons: Reason[];
  /** Files of its parents beside those, the nearest first. */
  readonly parents: readonly string[];
  /** Of the one on top alone, its further parts among them. */
  readonly files: readonly string[];
}

export async function judgeServed(question: ServedQuestion): Promise<ServedJudgement> {
  const { format, what, path, below, folders } = question;
  try {
    const store = hostStore(folders.filter((folder) => existsSync(folder)));
    await using opened = await openDisk({ path, format, store });
    const chain = [...opened.chain()];
    const parents = chain.slice(1 + below.length).flatMap(filesOf);
    const reasons = await judgeApart(question, chain);
    const [own] = chain.slice(below.length);
    if (own !== undefined) reasons.push(...(await judgeRecorded(question, own, reasons)));
    return { reasons, parents, files: filesOf(opened) };
  } catch (error) {
    const remedy = toFault(error).hint ?? 'restore it from a backup or detach it';
    const text = `${what} cannot be used: ${describeFault(error)}`;
    return { reasons: [{ code: 'disk-unreadable', text, remedy }], parents: [], files: [] };
  }
}

/** It is made of what it was made of when the vm got it. */
async function judgeRecorded(
  { disk, what, file }: Pick<ServedQuestion, 'disk' | 'what' | 'file'>,
  own: OpenDisk,
  known: readonly Reason[],
): Promise<Reason[]> {
  // What it leads to by now it may not have.
  if (known.length > 0) return [];
  const recorded = servedChainOf(file.layers, disk);
  if (recorded === undefined) {
    const text = `what ${what} is made from could not be told`;
    return [{ code: 'disk-parent', text, remedy: 'detach it and attach it again' }];
  }
  const other = await findOtherChain(own, file.folder, recorded);
  return other === undefined ? [] : [reasonOfOther(what, other)];
}

/** Identities of what it has by right: nobody writes that, and others may read it, too. */
async function borrowedBy({ folder, layers }: MachineFile, disk: Disk): Promise<Set<string>> {
  const chain = servedChainOf(layers, disk);
  const files = chain === undefined ? [] : borrowedOf(chain);
  const paths = files.map(({ file }) => resolveFile(folder, file));
  return new Set(await Promise.all(paths.map(fileIdentity)));
}

/**
 * None is another vm's; what lies beside the disk itself is of one with it. Of a parent that another vm writes those speak
 * who judge the users of the disk.
 */
async function judgeApart(
  { disk, path, file, others }: Pick<ServedQuestion, 'disk' | 'path' | 'file' | 'others'>,
  chain: readonly OpenDisk[],
): Promise<Reason[]> {
  const known = await borrowedBy(file, disk);
  const owners = new FileOwners([file, ...others]);
  const parents = new Set(chain.map(({ name }) => name));
  const beside = await withFolder(path, others);
  const reasons: Reason[] = [];
  for (const one of new Set(chain.flatMap(filesOf))) {
    if (known.has(await fileIdentity(one))) continue;
    const inside = await withFolder(one, others);
    const owner = parents.has(one)
      ? inside.find((other) => !beside.includes(other))?.definition.name
      : await owners.otherThan(path, one);
    if (owner !== undefined) reasons.push(...refusedFor(path, one, owner).reasons);
  }
  return reasons;
}
