/** Whether the kernel of this host has a module: loaded or built in, or at hand to be loaded (modules.dep(5)). */
import { stat, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';

export interface ModulePlaces {
  readonly loaded: string;
  readonly installed: string;
}

const places: ModulePlaces = {
  loaded: '/sys/module',
  installed: join('/lib/modules', release()),
};

export async function hasModule(
  name: string,
  { loaded, installed }: ModulePlaces = places,
): Promise<boolean> {
  if (await stat(join(loaded, name)).catch(() => undefined)) return true;
  // Files may be compressed, and names of files have either sign.
  const file = new RegExp(`(^|/)${name.replaceAll('_', '[-_]')}\\.ko(\\.\\w+)?(:|$)`, 'm');
  for (const list of ['modules.builtin', 'modules.dep']) {
    const text = await readFile(join(installed, list), 'utf8').catch(() => '');
    if (file.test(text)) return true;
  }
  return false;
}
