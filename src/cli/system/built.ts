/**
 * What is built out of sources of this tree into files that run, once per state of the sources, each into a folder
 * of its own named after that. `current` leads to the newest; who runs what is in an older one goes on there, and finds
 * the parts that were not loaded yet.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { mayBuild, runBuild, stampOf } from './build.ts';
import { root } from './processes.ts';

const nameLength = 16;
/** Folders that stay, for programs that started long ago. */
const kept = 8;

export class Built {
  readonly #folder: string;
  readonly #builder: string;
  readonly #sources: readonly string[];

  /** `folder` and `builder`, the script that is given the folder to fill, by their paths in the tree. */
  constructor(folder: string, builder: string, sources: readonly string[]) {
    this.#folder = join(root, folder);
    this.#builder = builder;
    this.#sources = [...sources, builder, 'package.json', 'package-lock.json'];
  }

  /** The path of a file of what is built, built now if it is not yet; undefined where it cannot be. */
  async file(name: string, signal: AbortSignal): Promise<string | undefined> {
    const state = this.#state();
    const folder = join(this.#folder, state);
    const ready = existsSync(folder) || (mayBuild() && (await this.#buildInto(folder, signal)));
    if (!ready) return undefined;
    return join(this.#pointAt(state) ? this.#current : folder, name);
  }

  /** Whether the sources were changed since something was built last. */
  isOutdated(): boolean {
    const current = this.#readCurrent();
    return current !== undefined && current !== this.#state();
  }

  get #current(): string {
    return join(this.#folder, 'current');
  }

  #state(): string {
    return stampOf(this.#sources).slice(0, nameLength);
  }

  async #buildInto(folder: string, signal: AbortSignal): Promise<boolean> {
    const draft = `${folder}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    try {
      const failure = await runBuild(this.#builder, draft, signal).catch(String);
      if (failure !== undefined) return false;
      renameSync(draft, folder);
      return true;
    } catch (error) {
      // Somebody who built at the same time has built the same.
      if (existsSync(folder)) return true;
      throw error;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }

  /** Whether `current` leads there. */
  #pointAt(name: string): boolean {
    if (this.#readCurrent() === name) return true;
    if (!mayBuild()) return false;
    const draft = `${this.#current}.${process.pid}`;
    rmSync(draft, { force: true });
    symlinkSync(name, draft);
    renameSync(draft, this.#current);
    this.#prune(name);
    return true;
  }

  #readCurrent(): string | undefined {
    try {
      return readlinkSync(this.#current);
    } catch {
      return undefined;
    }
  }

  #prune(newest: string): void {
    const old = readdirSync(this.#folder)
      .filter((name) => name.length === nameLength && name !== newest)
      .map((name) => ({
        name,
        builtAt: statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
      }))
      .toSorted((a, b) => b.builtAt - a.builtAt)
      .slice(kept - 1);
    for (const { name } of old) rmSync(join(this.#folder, name), { recursive: true, force: true });
  }
}
