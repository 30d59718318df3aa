/**
 * Which vms somebody looks at now, told to their hosts: a host samples those more often, and only while they are
 * looked at. What a host was told ends with its link, and is told again when it is back.
 */
import { isFault } from '#lib';
import type { Log } from '#log';
import { maxWatchedMachines } from '#api';
import type { VmDocument } from '../documents.ts';
import type { Links } from '../context.ts';
import type { Inventory } from '../inventory/inventory.ts';

export interface CloseWatchOptions {
  readonly inventory: Pick<Inventory, 'document'>;
  readonly links: Pick<Links, 'connected' | 'call'>;
  readonly log: Log;
}

export class CloseWatch {
  readonly #options: CloseWatchOptions;
  /** Of each who looks, the vms. */
  readonly #watchers = new Set<ReadonlySet<string>>();
  /** By host: what it was told last; absent where it watches none. */
  readonly #told = new Map<string, string>();
  #due = false;

  constructor(options: CloseWatchOptions) {
    this.#options = options;
  }

  /** Somebody looks at these, until what is returned is called. */
  begin(vmIds: ReadonlySet<string>): () => void {
    // Two who look at the same are two.
    const watcher = new Set(vmIds);
    this.#watchers.add(watcher);
    this.#tellSoon();
    return () => {
      this.#watchers.delete(watcher);
      this.#tellSoon();
    };
  }

  /** The host has a new link, or is gone. */
  forget(hostId: string): void {
    this.#told.delete(hostId);
    this.#tellSoon();
  }

  /** A page that shows something else begins anew and ends what was before at once. */
  #tellSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#tell();
    });
  }

  #tell(): void {
    const wanted = this.#byHost();
    for (const hostId of new Set([...this.#told.keys(), ...wanted.keys()])) {
      const machines = [...(wanted.get(hostId) ?? [])].sort().slice(0, maxWatchedMachines);
      const text = machines.join();
      if (text === (this.#told.get(hostId) ?? '')) continue;
      if (!this.#options.links.connected(hostId)) {
        this.#told.delete(hostId);
        continue;
      }
      if (text === '') this.#told.delete(hostId);
      else this.#told.set(hostId, text);
      void this.#call(hostId, machines);
    }
  }

  #byHost(): ReadonlyMap<string, ReadonlySet<string>> {
    const byHost = new Map<string, Set<string>>();
    for (const watcher of this.#watchers)
      for (const id of watcher) {
        const hostId = this.#options.inventory.document<VmDocument>('vm', id)?.data.hostId;
        if (hostId === undefined) continue;
        const machines = byHost.get(hostId);
        if (machines === undefined) byHost.set(hostId, new Set([id]));
        else machines.add(id);
      }
    return byHost;
  }

  /** An agent of before knows no watching, and one whose link broke is told again. */
  async #call(hostId: string, machines: readonly string[]): Promise<void> {
    const { links, log } = this.#options;
    try {
      await links.call(hostId, 'host.watch', { machines: [...machines] });
    } catch (error) {
      if (!isFault(error)) log.error({ hostId, error }, 'cannot tell a host what is looked at');
    }
  }
}
