/**
 * What the services of this host have leased, read again whenever their files have changed: as soon as the kernel tells
 * of it (inotify(7)), since guests may wait for rules that know their address; by a look now and then where it does not.
 */
import { watch, type FSWatcher } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HostLease, NetworkSpec } from '#api';
import { parseLeases } from './leases.ts';

const lookMs = 10_000;
/** A service writes its file in several pieces. */
const settleMs = 20;

export class LeaseWatch {
  readonly #pathOf: (network: string) => string;
  readonly #onChange: () => void;
  readonly #seen = new Map<string, string>();
  #served: readonly NetworkSpec[] = [];
  #ticker: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  /** One after the other: each goes on from the tables of the one before. */
  #looks: Promise<void> = Promise.resolve();
  readonly #watchers = new Map<string, FSWatcher>();
  #tables: ReadonlyMap<string, readonly HostLease[]> = new Map();

  constructor(pathOf: (network: string) => string, onChange: () => void) {
    this.#pathOf = pathOf;
    this.#onChange = onChange;
  }

  /** By network; each table the same array until something of it changes. */
  get tables(): ReadonlyMap<string, readonly HostLease[]> {
    return this.#tables;
  }

  /** The networks whose services run here. */
  keep(served: readonly NetworkSpec[]): void {
    this.#served = served;
    this.#ticker ??= setInterval(() => this.#lookSoon(), lookMs).unref();
    this.#watchFolders();
    this.#lookSoon();
  }

  cease(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#soon);
    this.#ticker = undefined;
    this.#soon = undefined;
    this.#served = [];
    this.#watchFolders();
    this.#tables = new Map();
    this.#seen.clear();
  }

  /** Not the files, which a service may begin anew. */
  #watchFolders(): void {
    const ids = new Set(this.#served.map(({ id }) => id));
    for (const [id, watcher] of this.#watchers) if (!ids.has(id)) this.#unwatch(id, watcher);
    for (const id of ids) {
      if (this.#watchers.has(id)) continue;
      try {
        const watcher = watch(dirname(this.#pathOf(id)), { persistent: false }, (event) => {
          // It may be the folder itself that went, and another one is in its place.
          if (event === 'rename') this.#unwatch(id, watcher);
          this.#lookSoon();
        });
        watcher.on('error', () => this.#unwatch(id, watcher));
        this.#watchers.set(id, watcher);
      } catch {
        // There is no such folder, or there are too many watches: it is looked at now and then.
      }
    }
  }

  #unwatch(id: string, watcher: FSWatcher): void {
    watcher.close();
    this.#watchers.delete(id);
  }

  #lookSoon(): void {
    if (this.#ticker === undefined) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#looks = this.#looks.then(() => this.#look());
    }, settleMs).unref();
  }

  /** A service that has not begun its file yet has no table. */
  async #look(): Promise<void> {
    this.#watchFolders();
    const served = this.#served;
    const ids = new Set(served.map(({ id }) => id));
    const tables = new Map([...this.#tables].filter(([id]) => ids.has(id)));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
    let changed = tables.size !== this.#tables.size;
    for (const network of served) {
      const path = this.#pathOf(network.id);
      const before = await markOf(path);
      if (before === undefined || before === this.#seen.get(network.id)) continue;
      const leases = parseLeases(await readFile(path, 'utf8').catch(() => ''), network);
      // One that is being written is read at the next look.
      if ((await markOf(path)) !== before) {
        this.#lookSoon();
        continue;
      }
      this.#seen.set(network.id, before);
      tables.set(network.id, leases);
      changed = true;
    }
    if (!changed || this.#ticker === undefined) return;
    this.#tables = tables;
    this.#onChange();
  }
}

async function markOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}
