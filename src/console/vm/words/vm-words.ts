/** The words of a vm's page, which are asked for with it and not with the first page. */
import { useMemo } from 'react';
import { useWords } from '../../console.ts';
import { fillPlaces, type Words } from '../../i18n/words.ts';
import { germanVmTexts } from './de.ts';
import { vmTexts, type VmTextKey } from './en.ts';

/** By the code of the language; a third one is one more file and one more entry here. */
export const vmLanguages: Readonly<Record<string, Readonly<Record<VmTextKey, string>>>> = {
  en: vmTexts,
  de: germanVmTexts,
};

export type VmText = (key: VmTextKey, values?: Readonly<Record<string, string | number>>) => string;

export function createVmText(words: Words): VmText {
  const texts = vmLanguages[words.language.code] ?? vmTexts;
  return (key, values = {}) => fillPlaces(texts[key], values);
}

export function useVmText(): VmText {
  const words = useWords();
  return useMemo(() => createVmText(words), [words]);
}
