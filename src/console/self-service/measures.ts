/** What quotas limit, as it is called and said. */
import type { QuotaMeasure } from '#api';
import type { Words } from '../i18n/words.ts';
import type { SelfServiceTextKey } from './words.ts';

export const measureNames: Readonly<Record<QuotaMeasure, SelfServiceTextKey>> = {
  vms: 'vms',
  processors: 'processors',
  memoryBytes: 'memory',
  diskBytes: 'disk',
};

export const measureList = Object.keys(measureNames) as readonly QuotaMeasure[];

export function sayAmount(words: Words, measure: QuotaMeasure, amount: number): string {
  return measure.endsWith('Bytes') ? words.bytes(amount) : words.count(amount);
}
