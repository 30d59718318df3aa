/** What the services of this host have leased, read again whenever their files have changed. */
import { readFile, stat } from 'node:fs/promises';
import type { HostLease, NetworkSpec } from '#api';
import { parseLeases } from './leases.ts';

const lookMs = 1_000;

export class LeaseWatch {
  readonly #pathOf: (network: string) => string;
  readonly #onChange: () => void;
  readonly #seen = new Map<string, string>();
  #served: readonly NetworkSpec[] = [];
  #ticker: NodeJS.Timeout | undefined;
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
    this.#ticker ??= setInterval(() => void this.#look(), lookMs).unref();
  }

  cease(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#tables = new Map();
    this.#seen.clear();
  }

  /** A service that has not begun its file yet has no table. */
  async #look(): Promise<void> {
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
      if ((await markOf(path)) !== before) continue;
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
