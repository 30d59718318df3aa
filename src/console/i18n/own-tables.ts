/** Words that are asked for with the pages they are on, and not with the first page: a table for each language. */
import type { Language } from './en.ts';
import { fillPlaces } from './words.ts';

type Table<K extends string> = Readonly<Record<K, string>>;

/** The two languages that come with the console. A third one brings its words in `Language.own`, by `of`. */
export interface OwnTables<K extends string> {
  /** Which pages or parts have them; no two tables share it. */
  readonly of: string;
  readonly en: Table<K>;
  readonly de: Table<K>;
}

export type OwnText<K extends string> = (
  key: K,
  values?: Readonly<Record<string, string | number>>,
) => string;

/** What the language has no word for is said in English. */
export function createOwnText<K extends string>(
  tables: OwnTables<K>,
  language: Language,
): OwnText<K> {
  const texts: Table<K> =
    language.code === 'de' ? tables.de : { ...tables.en, ...language.own?.[tables.of] };
  return (key, values = {}) => fillPlaces(texts[key], values);
}
