/**
 * Which folders of the host a vm may share with its guest (GA-28): those that the administrator listed in the
 * host's search path, and folders below them; never Gantry's own.
 *
 * Invariant: no guest can change what the path of another share leads to: a folder above or below one that a
 * guest may write is not shared as well.
 */
import { access, constants, realpath, stat } from 'node:fs/promises';
import type { HostSettings, SharedFolder } from '#api';
import type { Reason } from '#lib';
import type { MachineFile } from '../../../machine/record.ts';
import { liesBelow, realPath } from '../../../storage/allowed.ts';
import { findBarrier } from '../confine/access.ts';
import type { Account } from '../confine/accounts.ts';
import { spawnProcess } from '../process/spawn.ts';

export interface SharingHost {
  readonly settings: HostSettings;
  /** Gantry's own: data, runtime, vms. */
  readonly ownFolders: readonly string[];
  /** Undefined: the process runs as the agent. */
  readonly account: Account | undefined;
  readonly setpriv: string | undefined;
  readonly folderSharing: 'offered' | 'none';
}

/** What stands against sharing this folder with this vm's guest. */
export async function judgeShare(
  file: MachineFile,
  share: SharedFolder,
  others: readonly MachineFile[],
  host: SharingHost,
): Promise<Reason[]> {
  const what = `the shared folder ${share.name} (${share.hostPath})`;
  if (host.folderSharing === 'none') {
    const text = 'this QEMU shares no folders: it was built without virtio 9P';
    const remedy = 'remove the shared folders, or install a QEMU with virtfs';
    return [{ code: 'share-unsupported', text, remedy }];
  }
  const path = await realpath(share.hostPath).catch(() => undefined);
  const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || stats?.isDirectory() !== true) {
    const remedy = 'make the folder on the host, or remove it from the vm';
    return [{ code: 'share-missing', text: `${what} is no folder of the host`, remedy }];
  }
  if (!(await isListed(path, host.settings.searchPath))) {
    const text = `${what} is outside of the folders that vms may use`;
    const remedy = `add it to the search path of the host`;
    return [{ code: 'share-outside', text, remedy }];
  }
  for (const own of await Promise.all(host.ownFolders.map(realPath))) {
    if (path !== own && !liesBelow(path, own) && !liesBelow(own, path)) continue;
    const text = `${what} has files of Gantry itself in it`;
    return [{ code: 'share-private', text, remedy: 'share another folder' }];
  }
  const rival = await findRival(file, share, path, others);
  if (rival !== undefined) return [rival];
  return await judgeReach(what, share, path, host);
}

async function isListed(path: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const base = await realPath(folder);
    if (path === base || liesBelow(path, base)) return true;
  }
  return false;
}

/** A share above or below, where a guest may write in one of the two. */
async function findRival(
  file: MachineFile,
  share: SharedFolder,
  path: string,
  others: readonly MachineFile[],
): Promise<Reason | undefined> {
  for (const other of [file, ...others]) {
    const { id, name, hardware } = other.definition;
    for (const theirs of hardware.sharedFolders) {
      if (id === file.definition.id && theirs.name === share.name) continue;
      if (share.readOnly && theirs.readOnly) continue;
      const taken = await realPath(theirs.hostPath);
      if (!liesBelow(path, taken) && !liesBelow(taken, path)) continue;
      const text = `${share.hostPath} and ${theirs.hostPath}, which ${name} shares, are in one another and a guest may write there`;
      const remedy = 'share only one of them, or both read-only';
      return { code: 'share-nested', text, remedy };
    }
  }
  return undefined;
}

async function judgeReach(
  what: string,
  { readOnly }: SharedFolder,
  path: string,
  host: SharingHost,
): Promise<Reason[]> {
  const wishes = readOnly ? (['r', 'x'] as const) : (['r', 'x', 'w'] as const);
  for (const wish of wishes) {
    if (await mayUse(path, wish, host)) continue;
    const who = host.account ? `the account of the vm (${host.account.uid})` : 'the agent';
    const text = `${who} may not ${verbs[wish]} ${what}`;
    return [{ code: 'share-unreachable', text, remedy: await adviseReach(path, readOnly, host) }];
  }
  return [];
}

const modes = { r: constants.R_OK, w: constants.W_OK, x: constants.X_OK } as const;
const verbs = { r: 'list', w: 'write into', x: 'enter' } as const;

async function mayUse(
  path: string,
  wish: keyof typeof modes,
  { account, setpriv }: SharingHost,
): Promise<boolean> {
  if (account === undefined) {
    return access(path, modes[wish]).then(
      () => true,
      () => false,
    );
  }
  // The kernel is asked as that account: it knows of access lists and read-only mounts.
  const { exited } = await spawnProcess({
    program: 'test',
    args: [`-${wish}`, path],
    logPath: '/dev/null',
    account,
    setpriv,
  });
  return (await exited) === 'exit status 0';
}

async function adviseReach(path: string, readOnly: boolean, host: SharingHost): Promise<string> {
  const { account } = host;
  if (account === undefined) return 'let the account of the agent use it';
  const barrier = await findBarrier(path, account);
  if (barrier !== undefined) return `let others pass: chmod o+x ${barrier}`;
  const rights = readOnly ? 'rx' : 'rwx';
  return `let it: setfacl -m u:${account.uid}:${rights} ${path}; or run the vm as the owner (settings.runAs)`;
}
