/**
 * What work on disks would leave behind when this process is killed: unfinished files beside the ones that are to be. Which
 * those may be is written down before the work begins, so that the next agent removes them whether or not it is asked again.
 * A copy that can go on where it was is left for whoever asks again, though not for ever.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dropUnfinished, unfinishedPaths } from '#disk';
import { writeFileAtomic } from '../atomic-file.ts';

const maxRecords = 1000;
/** An operation that nobody has asked to go on with in a week has ended elsewhere. */
const maxIdleMs = 7 * 24 * 60 * 60 * 1000;

/** The name for something of this work that is to be called `path` in the end; the disk room's own have the same form. */
export function restOf(path: string, id: string): string {
  return join(dirname(path), `.${basename(path)}.${id.slice(0, 8)}.part`);
}

/** Removes what was not finished of files with that name. */
async function removeRests(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder).catch(() => [])) {
    const isRest = name.startsWith(`.${basename(path)}.`) && /\.[0-9a-f]{8}\.part$/.test(name);
    if (isRest) await rm(join(folder, name), { recursive: true, force: true });
  }
}

export class WorkRecords {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Work by that id may leave unfinished files beside the paths. */
  async begin(id: string, paths: readonly string[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const options = { mode: 0o600, durability: 'flushed' } as const;
    await writeFileAtomic(this.#path(id), JSON.stringify(paths), options);
  }

  /** Nothing unfinished is left of it. */
  async end(id: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await removeRests(path);
      await dropUnfinished(path);
    }
    await rm(this.#path(id), { force: true });
  }

  /** As `end`, for work of an agent before this one that is not asked for again. */
  async forget(id: string): Promise<void> {
    await this.end(id, await readPaths(this.#path(id)));
  }

  /** Removes what works of an agent before this one have left, but copies that can go on. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.slice(0, maxRecords)) {
      if (!/^[0-9a-f-]{36}\.json$/.test(name)) continue;
      const record = join(this.#folder, name);
      const paths = await readPaths(record);
      const { mtimeMs } = await stat(record);
      const isRecent = Date.now() - mtimeMs < maxIdleMs;
      if (!isRecent || !paths.some((path) => isUnfinished(path)))
        await this.end(name.slice(0, -'.json'.length), paths);
      else for (const path of paths) await removeRests(path);
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

/** A folder that is to appear at once has its journal inside it. */
function isUnfinished(path: string): boolean {
  return Object.values(unfinishedPaths(path)).some((one) => existsSync(one));
}

async function readPaths(path: string): Promise<string[]> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return []; // cut off while it was written: nothing was begun
  }
}
