/** A column of a list: what it shows, what it exports, and the API's field it is sorted by. */
import type { ReactNode } from 'react';
import type { TextKey } from '../i18n/en.ts';
import type { Words } from '../i18n/words.ts';

export interface Column<T> {
  readonly key: string;
  readonly title: TextKey;
  /** The API's field it is sorted by; without: it cannot be sorted. */
  readonly field?: string;
  /** Width in rem. */
  readonly width: number;
  /** Shown until a person chooses otherwise. */
  readonly first: boolean;
  /** Not chosen among the columns: something else says whether it is there. */
  readonly always?: true;
  /** For people, in one line. */
  text(item: T, words: Words): string;
  /** Where more than the text is shown. */
  show?(item: T, words: Words): ReactNode;
  /** For programs: a number as a number, a time as RFC 3339. */
  raw(item: T): string | number | boolean | null;
}
