/**
 * Which records an answer of statistics is made of, kept for clients that ask for a whole fleet every few seconds: only those of
 * vms that have changed since are looked at again, and of the others nothing but their figures.
 */
import type { Vm } from '#api';
import { present } from '#lib';
import { encodeStats, layStats, type Encoded, type ReturnOf, type StatsLayout } from '#libvirt';
import type { Inventory } from '../inventory/inventory.ts';
import type { Counters } from './counters.ts';
import { countInto, type CountedRecord } from './stats-records.ts';
import type { StopReasons } from './stop-reasons.ts';

/** The longest not asked for goes first; it is made again in some ten milliseconds. */
const maxSheets = 6;

/** Of one question: what it shows of each vm; undefined: nothing. */
export type RecordOf = (vm: Vm) => CountedRecord | undefined;

interface Sheet {
  version: number;
  reasons: number;
  /** By place: the vm's stamp when it was looked at. */
  readonly stamps: number[];
  readonly records: (CountedRecord | undefined)[];
  /** Those that are shown. */
  places: readonly number[];
  /** Undefined: other records than last time are shown. */
  layout: StatsLayout | undefined;
}

export interface SheetParts {
  readonly inventory: Pick<Inventory, 'vmTable'>;
  readonly counters: Counters;
  readonly stopReasons: Pick<StopReasons, 'version'>;
  readonly now: () => number;
}

export class StatsSheets {
  readonly #parts: SheetParts;
  readonly #sheets = new Map<string, Sheet>();

  constructor(parts: SheetParts) {
    this.#parts = parts;
  }

  /**
   * `key`: all that `recordOf` goes by, beside the vm and why it is off; undefined: it is asked of every vm. Errors: those of
   * `check`, which is given how many there are.
   */
  answer(
    key: string | undefined,
    recordOf: RecordOf,
    check: (count: number) => void,
  ): Encoded<ReturnOf<'CONNECT_GET_ALL_DOMAIN_STATS'>> {
    const sheet = (key === undefined ? undefined : this.#sheets.get(key)) ?? emptySheet();
    this.#update(sheet, recordOf);
    if (key !== undefined) this.#keep(key, sheet);
    const { places, records } = sheet;
    check(places.length);
    sheet.layout ??= layStats(
      places.map((place) => present(records[place], `record of place ${place}`).record),
    );
    const { counters, now } = this.#parts;
    const nowMs = now();
    return encodeStats(sheet.layout, (index, into) => {
      const place = places[index] ?? 0;
      const record = records[place];
      if (record === undefined) return;
      const start = counters.startOf(place);
      countInto(into, record, counters, start, counters.secondsSince(start, nowMs));
    });
  }

  #update(sheet: Sheet, recordOf: RecordOf): void {
    const { vmTable } = this.#parts.inventory;
    const { version: reasons } = this.#parts.stopReasons;
    const look = (place: number): void => {
      const vm = vmTable.viewAt(place);
      const record = vm && recordOf(vm);
      if (record === sheet.records[place]) return;
      sheet.records[place] = record;
      sheet.layout = undefined;
    };
    if (sheet.version === vmTable.version && sheet.reasons === reasons) {
      for (const place of sheet.places)
        if (this.#isOutdated(sheet.records[place], place)) look(place);
      return;
    }
    const all = sheet.reasons !== reasons;
    for (let place = 0; place < vmTable.places; place += 1) {
      const stamp = vmTable.stampAt(place);
      const isSame = !all && sheet.stamps[place] === stamp;
      if (isSame && !this.#isOutdated(sheet.records[place], place)) continue;
      sheet.stamps[place] = stamp;
      look(place);
    }
    sheet.places = placesOf(sheet.records);
    sheet.version = vmTable.version;
    sheet.reasons = reasons;
  }

  /** Whether it may be another one although the vm has not changed: what it takes up is told now and was not, or no more. */
  #isOutdated(record: CountedRecord | undefined, place: number): boolean {
    if (record === undefined) return false;
    if (record.hasImage) return true;
    if (!record.isActive) return false;
    const { counters } = this.#parts;
    return Number.isNaN(counters.memoryBytes(counters.startOf(place))) === record.hasMemory;
  }

  #keep(key: string, sheet: Sheet): void {
    this.#sheets.delete(key);
    this.#sheets.set(key, sheet);
    const [oldest] = this.#sheets.keys();
    if (this.#sheets.size > maxSheets && oldest !== undefined) this.#sheets.delete(oldest);
  }
}

function emptySheet(): Sheet {
  return { version: -1, reasons: -1, stamps: [], records: [], places: [], layout: undefined };
}

function placesOf(records: readonly (CountedRecord | undefined)[]): number[] {
  const places: number[] = [];
  for (let place = 0; place < records.length; place += 1)
    if (records[place] !== undefined) places.push(place);
  return places;
}
