/** The words of a page in the language chosen, where they are asked for with it. */
import { useMemo } from 'react';
import { useWords } from '../console.ts';
import { createOwnText, type OwnTables, type OwnText } from './own-tables.ts';

export type { OwnText };

export function useOwnText<K extends string>(tables: OwnTables<K>): OwnText<K> {
  const { language } = useWords();
  return useMemo(() => createOwnText(tables, language), [language, tables]);
}
