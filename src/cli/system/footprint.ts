/**
 * What an installation leaves on the disk. Of a folder that somebody names, only what Gantry began in it belongs
 * to Gantry: `up` begins nothing where one of its names is taken, and `uninstall` deletes nothing but what the
 * programs made, and only where it finds that they did.
 */
import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault } from '#lib';
import type { Installation } from '../installation.ts';
import { startFile } from './settings.ts';

const dataFolders = ['agent', 'coordinator', 'log'] as const;
const maxNamed = 3;
/** The root and what lies right below it (Filesystem Hierarchy Standard 3.0, 3), where nothing may be in them yet. */
const systemFolders =
  /^\/(?:bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)?$/;
const chooseAnother = 'choose an empty folder, or one that does not exist yet, with --data DIR';

/** Whether `up` was here: its own file, or what one of the programs keeps after `uninstall --keep-data`. */
export function isInstalled(installation: Installation): boolean {
  return [
    startFile(installation),
    join(installation.data, 'coordinator', 'store.db'),
    join(installation.data, 'agent', 'host.json'),
  ].some((file) => existsSync(file));
}

/**
 * Errors: `refused` for a folder of the system or where a name that the programs need is another's, `invalid` for
 * what is no folder. A folder of settings may be there before the first `up`, with a certificate of one's own.
 */
export function checkDataFolder(installation: Installation): void {
  const { data, runtime } = installation;
  const stats = lstatSync(data, { throwIfNoEntry: false });
  if (stats === undefined || isInstalled(installation)) return;
  if (stats.isFile()) throw new Fault('invalid', `${data} is a file, not a folder`);
  if (systemFolders.test(data))
    throw new Fault('refused', `${data} is a folder of the system`, { hint: chooseAnother });
  const needed = [...dataFolders.map((name) => join(data, name)), runtime];
  // A runtime folder elsewhere has a name that nobody else makes.
  const taken = needed.find((path) => path.startsWith(data) && holdsSomething(path));
  if (taken !== undefined)
    throw new Fault('refused', `${taken} is there already, and no installation of Gantry`, {
      hint: chooseAnother,
    });
}

/** What of an installation is there. */
export function foldersMade(
  installation: Installation,
  data: 'with-data' | 'without-data',
): readonly string[] {
  return [
    installation.runtime,
    installation.config,
    ...(data === 'with-data' ? dataFolders.map((name) => join(installation.data, name)) : []),
  ].filter((folder) => existsSync(folder));
}

/**
 * Deletes the folders, and the data folder once it is empty, with those above it in the user's home that then hold
 * nothing; the names of what is left in the data folder.
 */
export function removeFolders(
  installation: Installation,
  folders: readonly string[],
  home: string,
): readonly string[] {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  const { data } = installation;
  const left = existsSync(data) ? readdirSync(data) : [];
  for (const folder of [data, ...foldersAbove(installation, home)]) removeEmpty(folder);
  return left;
}

/** What `up` makes on the way to the folders of its own, where it is missing; lower ones first. */
function foldersAbove(
  { data, config, runtime, named: chosen }: Installation,
  home: string,
): readonly string[] {
  const above: string[] = [];
  // In /tmp, for all installations of a user.
  if (/^gantry-\d+$/.test(basename(dirname(runtime)))) above.push(dirname(runtime));
  if (chosen !== undefined) return above;
  for (const folder of [data, config])
    for (let at = dirname(folder); at.startsWith(`${home}/`); at = dirname(at)) above.push(at);
  return above;
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EACCES') throw error;
  }
}

export function named(names: readonly string[]): string {
  const more = names.length > maxNamed ? `, and ${names.length - maxNamed} more` : '';
  return `${names.slice(0, maxNamed).join(', ')}${more}`;
}

function holdsSomething(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (!stats.isDirectory() || readdirSync(path).length > 0);
}
