/** What stands against serving a disk to a vm (VM-70): everything at once, without any side effect on its files. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Disk } from '#api';
import { hostStore, openDisk, type Disk as OpenDisk } from '#disk';
import { describeFault, toFault, type Reason } from '#lib';
import { allows, findBarrier } from '../confine/access.ts';
import type { MachineFile } from '../../../machine/record.ts';
import { filesOf } from '../../../storage/served-layers.ts';
import { FileOwners, refusedFor, withFolder } from '../../../storage/store-apart.ts';
import type { Account } from '../confine/accounts.ts';

export interface ServedQuestion {
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
  readonly account: Account | undefined;
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
  const { format, what, path, below, folders, account, file } = question;
  try {
    const store = hostStore(folders.filter((folder) => existsSync(folder)));
    await using opened = await openDisk({ path, format, store });
    const parents = [...opened.chain()].slice(1 + below.length).map(({ name }) => name);
    const reasons = await judgeApart(question, [...opened.chain()]);
    for (const parent of parents) {
      if (account === undefined || parent.startsWith(`${file.folder}/`)) continue;
      const barrier = await findBarrier(parent, account);
      if (barrier === undefined && allows(await stat(parent), account, 'read')) continue;
      reasons.push({
        code: 'disk-parent-unreadable',
        text: `the account of the vm may not read ${parent}, the parent of ${what}`,
        remedy: barrier === undefined ? `let it: chmod o+r ${parent}` : `chmod o+x ${barrier}`,
      });
    }
    return { reasons, parents, files: filesOf(opened) };
  } catch (error) {
    const remedy = toFault(error).hint ?? 'restore it from a backup or detach it';
    const text = `${what} cannot be used: ${describeFault(error)}`;
    return { reasons: [{ code: 'disk-unreadable', text, remedy }], parents: [], files: [] };
  }
}

/**
 * None is another vm's; what lies beside the disk itself is of one with it. Of a parent that another vm writes those speak
 * who judge the users of the disk.
 */
async function judgeApart(
  { path, file, others }: Pick<ServedQuestion, 'path' | 'file' | 'others'>,
  chain: readonly OpenDisk[],
): Promise<Reason[]> {
  const owners = new FileOwners([file, ...others]);
  const parents = new Set(chain.map(({ name }) => name));
  const beside = await withFolder(path, others);
  const reasons: Reason[] = [];
  for (const one of new Set(chain.flatMap(filesOf))) {
    const inside = await withFolder(one, others);
    const owner = parents.has(one)
      ? inside.find((other) => !beside.includes(other))?.definition.name
      : await owners.otherThan(path, one);
    if (owner !== undefined) reasons.push(...refusedFor(path, one, owner).reasons);
  }
  return reasons;
}
