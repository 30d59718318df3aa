/**
 * What is wrong with a machine though nobody starts it: parents of its disks that do not fit any more or that anybody may
 * change (DISK-25, DISK-26), and an account that cannot be used (SEC-54). Without any side effect.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  isNative,
  placeName,
  tellFinding,
  type Disk,
  type HostTrouble,
  type ToldFinding,
} from '#api';
import { hostStore, openDisk, type FileStore } from '#disk';
import { describeFault } from '#lib';
import type { Storage } from '../drivers/storage.ts';
import { judgeAccount } from '../drivers/qemu/confine/account-of.ts';
import { diskPaths } from '../drivers/qemu/places.ts';
import { judgeLayers } from '../machine/layers/check-layers.ts';
import type { MachineFile } from '../machine/record.ts';

type Trouble = Omit<HostTrouble, 'vmId'>;

/** `folders`: whose files the machine may use. */
export async function findTroubles(
  file: MachineFile,
  storage: Storage,
  folders: readonly string[],
): Promise<Trouble[]> {
  const troubles: Trouble[] = [];
  for (const { code, text, remedy, about } of await judgeLayers(storage, file)) {
    const values = { file: about.hostPath, disk: about.device };
    troubles.push({ kind: 'invalid-parent', code, values, text, remedy });
  }
  // While layers are changed, what they lie on is written by us.
  const isChanging = file.state === 'merging-disks' || file.layers.unfinished.length > 0;
  const store = hostStore(folders.filter((folder) => existsSync(folder)));
  for (const disk of file.definition.hardware.disks.filter(({ kind }) => kind !== 'linked')) {
    const [path, ...below] = diskPaths(file, disk);
    const served = isNative(disk) ? [] : await parentsOf(disk, below.at(-1) ?? path, store);
    if ('kind' in served) troubles.push(served);
    else if (!isChanging)
      for (const parent of [...below, ...served])
        troubles.push(...(await judgeProtection(parent, placeName(disk))));
  }
  const account = await judgeAccount(file);
  const { runAs } = file.definition.settings;
  for (const { code } of account.reasons)
    if (runAs !== null && (code === 'account-missing' || code === 'account-locked'))
      troubles.push(trouble('run-account', tellFinding(code, { account: runAs })));
  return troubles;
}

/** Files of the parents of a disk that is served, or why these cannot be used while the disk itself can. */
async function parentsOf(
  disk: Disk,
  path: string,
  store: FileStore,
): Promise<readonly string[] | Trouble> {
  const { format } = disk;
  try {
    await using opened = await openDisk({ path, format, store });
    return [...opened.chain()].slice(1).map(({ name }) => name);
  } catch (error) {
    if (!(await hasParent(disk, path, store))) return [];
    const values = { disk: placeName(disk), file: path, why: describeFault(error) };
    return trouble('invalid-parent', tellFinding('parent-unusable', values));
  }
}

async function hasParent(
  { format }: Pick<Disk, 'format'>,
  path: string,
  store: FileStore,
): Promise<boolean> {
  try {
    await using alone = await openDisk({ path, format, store, parent: 'none' });
    return alone.layer.parentReference !== undefined;
  } catch {
    return false;
  }
}

async function judgeProtection(path: string, place: string): Promise<Trouble[]> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || (stats.mode & 0o222) === 0) return [];
  const told = tellFinding('parent-unprotected', { file: path, disk: place });
  return [trouble('unprotected-parent', told)];
}

function trouble(kind: HostTrouble['kind'], { evidence, ...told }: ToldFinding): Trouble {
  return { kind, text: evidence, ...told };
}
