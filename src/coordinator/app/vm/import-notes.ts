/** What becomes of each part of a vm of another product, in the order in which it was noticed (CMP-01). */
import { unrepresentedDevices, type ForeignMachine, type TransferFinding } from '#api';
import type { Reason } from '#lib';

const setItAfterwards = 'change it after the import: gantry vm set';
const doWithout = 'do without it in the guest, or leave what needs it there';
const notNeeded = 'set it up anew after the import where the guest needs it';

export class ImportNotes {
  readonly list: TransferFinding[] = [];

  carried(what: string, value: string): void {
    const text = value === '' ? what : `${what} ${clean(value)}`;
    this.list.push({ effect: 'carried', code: 'carried', text, remedy: null });
  }

  changed(setting: string, value: string, how: string, remedy = setItAfterwards): void {
    const text = `${setting} ${clean(value)}: ${how}`;
    this.list.push({ effect: 'adapted', code: 'changed', text, remedy });
  }

  /** A reason of its own code. */
  warn({ code, text, remedy = setItAfterwards }: Reason): void {
    this.list.push({ effect: 'adapted', code, text, remedy });
  }

  dropped(what: string, why: string, remedy: string): void {
    const text = `${clean(what)}: ${why}`;
    this.list.push({ effect: 'dropped', code: 'not-represented', text, remedy });
  }

  lost({ setting, value, why, device }: ForeignMachine['lost'][number]): void {
    const known = unrepresentedDevices.find(({ id }) => id === device);
    const what = value === '' ? setting : `${setting} ${clean(value)}`;
    if (known === undefined) return this.dropped(what, why, notNeeded);
    this.list.push({
      effect: 'dropped',
      code: `unrepresented-${known.id}`,
      text: `${clean(what)}: ${known.device} is not offered: ${known.reason}`,
      remedy: known.unless === null ? doWithout : `${doWithout}, until ${known.unless}`,
    });
  }

  block({ code, text, remedy }: ForeignMachine['blocking'][number]): void {
    this.list.push({ effect: 'blocking', code, text: clean(text, 2000), remedy });
  }
}

/** Words of a file that anybody may have written. */
export function clean(value: string, length = 200): string {
  return value.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, length);
}

/** What changes nothing and stands in nothing's way is not warned of. */
export function warningsOf(findings: readonly TransferFinding[]): readonly Reason[] {
  return findings
    .filter(({ effect }) => effect === 'adapted' || effect === 'dropped')
    .map(({ code, text, remedy }) => (remedy === null ? { code, text } : { code, text, remedy }));
}

export function blockersOf(findings: readonly TransferFinding[]): readonly Reason[] {
  return findings
    .filter(({ effect }) => effect === 'blocking')
    .map(({ code, text, remedy }) => (remedy === null ? { code, text } : { code, text, remedy }));
}
