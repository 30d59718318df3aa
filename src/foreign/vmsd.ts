/**
 * VMSD, what VMware's products write of the snapshots of a vm: lines as in a VMX. Each snapshot names the files that
 * were written until it was taken, which keep what it holds.
 */
import { Sheet } from './sheet.ts';
import { readLines } from './vmx.ts';
import { foreignBuses, type ForeignPlace } from './machine.ts';

export const maxForeignSnapshots = 128;
const maxDisks = 64;

/** 100-nanosecond steps are not told: milliseconds are, and the high half counts 2^32 microseconds. */
const highStep = 2 ** 32;

export interface ForeignSnapshots {
  /** Id of the one that the present goes on from; null: none. */
  readonly current: string | null;
  /** Parents before what was taken on them. */
  readonly list: readonly {
    readonly uid: string;
    /** Null: the first, or one whose parent is not there. */
    readonly parent: string | null;
    readonly name: string;
    readonly description: string;
    /** Milliseconds since 1970; null: not said. */
    readonly takenMs: number | null;
    readonly disks: readonly (ForeignPlace & { readonly file: string })[];
  }[];
}

type Snapshot = ForeignSnapshots['list'][number];

/** Faults: `invalid` naming the line. */
export function parseVmsd(text: string): ForeignSnapshots {
  const sheet = new Sheet(readLines(text));
  const numbers = sheet
    .find(/^snapshot(\d{1,4})\.uid$/)
    .map(([, number = '']) => number)
    .slice(0, maxForeignSnapshots);
  const all = numbers.map((number) => readSnapshot(sheet, `snapshot${number}`));
  const known = new Map(all.map((one) => [one.uid, one]));
  const list: Snapshot[] = [];
  const placed = new Set<string>();
  const place = (one: Snapshot, above: readonly string[]): void => {
    if (placed.has(one.uid)) return;
    // A circle of parents is cut where it closes.
    const parent = above.includes(one.parent ?? '') ? undefined : known.get(one.parent ?? '');
    if (parent !== undefined) place(parent, [...above, one.uid]);
    placed.add(one.uid);
    list.push({ ...one, parent: parent?.uid ?? null });
  };
  for (const one of all) place(one, []);
  const current = sheet.take('snapshot.current') ?? '';
  return { current: known.has(current) ? current : null, list };
}

function readSnapshot(sheet: Sheet, at: string): Snapshot {
  const take = (name: string): string => sheet.take(`${at}.${name}`) ?? '';
  const high = sheet.takeNumber(`${at}.createTimeHigh`, 0, 2 ** 31 - 1);
  const low = sheet.takeNumber(`${at}.createTimeLow`, -(2 ** 31), 2 ** 32 - 1);
  const disks: (ForeignPlace & { readonly file: string })[] = [];
  const count = sheet.takeNumber(`${at}.numDisks`, 0, maxDisks) ?? maxDisks;
  for (let index = 0; index < count; index += 1) {
    const file = take(`disk${index}.fileName`);
    const [, bus = '', controller = '', position = ''] =
      /^(ide|sata|scsi|nvme)(\d{1,3}):(\d{1,3})$/i.exec(take(`disk${index}.node`)) ?? [];
    const known = foreignBuses.find((one) => one === bus.toLowerCase());
    if (file !== '' && known !== undefined)
      disks.push({ bus: known, controller: Number(controller), position: Number(position), file });
  }
  const uid = take('uid');
  return {
    uid,
    parent: take('parent') || null,
    name: take('displayName') || `snapshot ${uid}`,
    description: take('description').slice(0, 4096),
    takenMs: high === undefined || low === undefined ? null : toMs(high, low),
    disks,
  };
}

/** Microseconds since 1970 in two halves, the lower one written as a signed number. */
function toMs(high: number, low: number): number {
  return Math.floor((high * highStep + (low < 0 ? low + highStep : low)) / 1000);
}
