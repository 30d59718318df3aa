/** A column of a list: one description for its header, its cells, its order and its export. */
import type { ReactNode } from 'react';
import type { TextKey } from '../i18n/en.ts';
import type { Words } from '../i18n/words.ts';

/** For programs: a number as a number, a time as RFC 3339. */
export type Raw = string | number | boolean | null;

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
  raw(item: T): Raw;
}

interface Described<T, R extends Raw> {
  readonly key: string;
  /** Where the key is not the title's. */
  readonly title?: TextKey;
  readonly field?: string;
  readonly width: number;
  /** Not shown until a person chooses it. */
  readonly hidden?: true;
  readonly raw: (item: T) => R;
  /** The value for people; default: as it is. */
  readonly say?: (value: NonNullable<R>, words: Words, item: T) => string;
  readonly show?: (item: T, words: Words) => ReactNode;
}

/** Columns of one kind of thing, each described by its value and what is said of it; no value is "n/a". */
export function columnOf<T>(): {
  <R extends Raw>(described: Described<T, R> & { readonly key: TextKey }): Column<T>;
  <R extends Raw>(described: Described<T, R> & { readonly title: TextKey }): Column<T>;
} {
  return <R extends Raw>(described: Described<T, R>): Column<T> => {
    const { key, title = key as TextKey, field, width, hidden, raw, show } = described;
    const { say = (value: NonNullable<R>) => String(value) } = described;
    return {
      key,
      title,
      width,
      first: hidden !== true,
      raw,
      text: (item, words) => {
        const value = raw(item);
        return value === null || value === undefined
          ? words.text('notAvailable')
          : say(value, words, item);
      },
      ...(field === undefined ? {} : { field }),
      ...(show === undefined ? {} : { show }),
    };
  };
}
