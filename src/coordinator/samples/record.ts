/**
 * Writes down what passes: looks at it every ten seconds and stores the averages of each minute. Agents tell
 * only what has changed, so it is the inventory that is looked at, not what they tell.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '#lib';
import { installationId } from '#api';
import type { Inventory } from '../inventory/inventory.ts';
import type { Store } from '../store/store.ts';
import { floorTo, minuteMs } from './levels.ts';
import { rowOf, rowOfDiskSpace, rowOfHost, rowOfVm, type Row } from './metrics.ts';
import { Minute } from './minute.ts';
import { Total } from './total.ts';

export const lookEveryMs = 10_000;
/** Things, or shards, after which others get their turn. */
const atOnce = { things: 1_000, shards: 8 };

/** A minute of a thing. */
export interface Gathered {
  readonly start: number;
  readonly row: Row;
}

export interface RecorderOptions {
  readonly store: Pick<Store, 'putSamples'>;
  readonly inventory: Pick<Inventory, 'liveSamples' | 'diskSpaces' | 'loads'>;
  readonly clock: Clock;
}

export class SampleRecorder implements AsyncDisposable {
  readonly #options: RecorderOptions;
  #minute: Minute;
  /** All minutes before are in the store, as far as there was something of them. */
  #writtenTo: number;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#writtenTo = floorTo(options.clock.now(), minuteMs);
    this.#minute = new Minute(this.#writtenTo);
  }

  get writtenTo(): number {
    return this.#writtenTo;
  }

  /** What is known of the minute that has not ended. */
  gathering(id: string): Gathered | undefined {
    const row = this.#minute.averagesOf(id);
    return row && { start: this.#minute.start, row };
  }

  /** One look; stores the minute before when a new one has begun. One call at a time. */
  async look(): Promise<void> {
    const start = floorTo(this.#options.clock.now(), minuteMs);
    if (start !== this.#minute.start) {
      const ended = this.#minute;
      this.#minute = new Minute(start);
      await this.#write(ended);
      this.#writtenTo = start;
    }
    await this.#note(this.#minute);
  }

  /** What there is of the present minute is kept too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#write(this.#minute);
  }

  async #note(minute: Minute): Promise<void> {
    const { inventory } = this.#options;
    const ofHost = new Map<string, Row[]>();
    const total = new Total();
    let seen = 0;
    for (const { sample, hostId, processors } of inventory.liveSamples()) {
      const row = rowOfVm(sample);
      minute.note(sample.id, row);
      total.addVm(row, processors);
      const others = ofHost.get(hostId);
      if (others === undefined) ofHost.set(hostId, [row]);
      else others.push(row);
      seen += 1;
      if (seen % atOnce.things === 0) await setImmediate();
    }
    for (const { vmId, usedBytes } of inventory.diskSpaces()) {
      minute.note(vmId, rowOfDiskSpace(usedBytes));
      total.addDiskSpace(usedBytes);
      seen += 1;
      if (seen % atOnce.things === 0) await setImmediate();
    }
    for (const { hostId, load } of inventory.loads()) {
      minute.note(hostId, rowOfHost(load, ofHost.get(hostId) ?? []));
      total.addRunning(load.running);
    }
    minute.note(installationId, rowOf(total.figures));
  }

  async #write(minute: Minute): Promise<void> {
    if (minute.isEmpty) return;
    const blocks = [];
    for (const block of minute.blocks()) {
      blocks.push(block);
      if (blocks.length % atOnce.shards === 0) await setImmediate();
    }
    await this.#options.store.putSamples(blocks);
  }
}
