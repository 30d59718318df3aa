/** Words that are asked for with the pages they are on, and not with the first page: a table for each language. */
import { useMemo } from 'react';
import { useWords } from '../console.ts';
import { fillPlaces } from './words.ts';

type Table<K extends string> = Readonly<Record<K, string>>;

/** English and others by their codes; a third language is one more table and one more entry. */
export type OwnTables<K extends string> = { readonly en: Table<K> } & Readonly<
  Record<string, Table<K>>
>;

export type OwnText<K extends string> = (
  key: K,
  values?: Readonly<Record<string, string | number>>,
) => string;

export function useOwnText<K extends string>(tables: OwnTables<K>): OwnText<K> {
  const { language } = useWords();
  return useMemo(() => {
    const texts = tables[language.code] ?? tables.en;
    return (key, values = {}) => fillPlaces(texts[key], values);
  }, [language, tables]);
}
