/** A store, an inventory and a clock that the tests hold, with a host h1 and the recorder and history over them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#lib';
import { silentLog } from '#log';
import { topFolderId, type HostLoad, type MachineSample, type SampleMetric } from '#api';
import { createInventory, type MemoryInventory } from '../../inventory/memory-inventory.ts';
import {
  folderData,
  hostData,
  idOf,
  report,
  sample,
  vmData,
  Writer,
} from '../../inventory/testing/documents.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { SampleHistory } from '../history.ts';
import { minuteMs, type ThingLevel } from '../levels.ts';
import { columnOf, type Aggregate } from '../metrics.ts';
import { lookEveryMs, SampleRecorder } from '../record.ts';

export const day = Date.UTC(2026, 0, 1);
export const connected = { connected: true, reason: null, lastSeenAt: null };
export const away = { connected: false, reason: 'the link broke', lastSeenAt: null };

export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly clock: Clock & { ms: number };
  readonly inventory: MemoryInventory;
  readonly documents: Writer;
  store: Store;
  recorder: SampleRecorder;
  history: SampleHistory;

  private constructor(folder: string, clock: Clock & { ms: number }, store: Store) {
    this.folder = folder;
    this.clock = clock;
    this.store = store;
    this.inventory = createInventory({ clock });
    this.documents = new Writer(this.inventory);
    this.documents.put('folder', topFolderId, folderData('/', null));
    this.documents.put('host', idOf('h1'), hostData('h1'));
    this.inventory.setConnection(idOf('h1'), connected);
    this.recorder = this.#makeRecorder();
    this.history = this.#makeHistory();
  }

  static async open(): Promise<Place> {
    const folder = await mkdtemp(join(tmpdir(), 'smp-'));
    const clock = {
      ms: day,
      now: () => clock.ms,
      sleep: () => Promise.reject(new Error('the clock is held')),
    };
    return new Place(folder, clock, await Place.#openStore(folder, clock));
  }

  static #openStore(folder: string, clock: Clock): Promise<Store> {
    return openSqliteStore({ file: join(folder, 'store.db'), clock, log: silentLog });
  }

  #makeRecorder(): SampleRecorder {
    const { store, inventory, clock } = this;
    return new SampleRecorder({ store, inventory, clock });
  }

  #makeHistory(): SampleHistory {
    const { store, clock } = this;
    const gathering = (id: string) => this.recorder.gathering(id);
    return new SampleHistory({ store, clock, log: silentLog, gathering });
  }

  /** As after signal 9: what is in the store is there, the rest is not. */
  async kill(): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    this.store = await Place.#openStore(this.folder, this.clock);
    this.recorder = this.#makeRecorder();
    this.history = this.#makeHistory();
  }

  addVm(name: string): string {
    this.documents.put('vm', idOf(name), vmData(name));
    this.documents.put('status', idOf(name), { report: report(name) });
    return idOf(name);
  }

  tell(name: string, figures: Partial<MachineSample>): void {
    this.inventory.setSample({ ...sample(name, 0), ...figures });
  }

  tellLoad(load: Partial<HostLoad>): void {
    this.inventory.setHostLoad(idOf('h1'), {
      memoryFreeBytes: 0,
      cpuPercent: null,
      cpuReservedPercent: 0,
      volumes: [],
      running: 0,
      ...load,
    });
  }

  /** Lets so many minutes pass, with the looks that fall into them. The last one is written by the next look. */
  async pass(minutes: number): Promise<void> {
    const end = this.clock.ms + minutes * minuteMs;
    while (this.clock.ms < end) {
      await this.recorder.look();
      this.clock.ms += lookEveryMs;
    }
  }

  async close(): Promise<void> {
    await this.history.close(this.recorder.writtenTo, new AbortController().signal);
  }

  /** Points of the thing; null is a gap. */
  async read(
    id: string,
    metric: SampleMetric,
    level: ThingLevel,
    fromMs: number,
    toMs: number,
    aggregate: Aggregate = 'average',
  ): Promise<readonly (number | null)[]> {
    const grid = await this.history.read(id, level, fromMs, toMs);
    const values = grid.columns.get(columnOf(metric, aggregate));
    return Array.from({ length: grid.points }, (_, at) => {
      const value = values?.[at] ?? Number.NaN;
      return Number.isNaN(value) ? null : value;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}
