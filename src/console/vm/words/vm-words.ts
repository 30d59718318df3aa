/** The words of a vm's page, which are asked for with it and not with the first page. */
import { createOwnText, type OwnText } from '../../i18n/own-tables.ts';
import { useOwnText } from '../../i18n/own-text.ts';
import type { Words } from '../../i18n/words.ts';
import { germanVmTexts } from './de.ts';
import { vmTexts, type VmTextKey } from './en.ts';

export const vmLanguages = { of: 'vm', en: vmTexts, de: germanVmTexts };

export type VmText = OwnText<VmTextKey>;

export function createVmText(words: Words): VmText {
  return createOwnText<VmTextKey>(vmLanguages, words.language);
}

export function useVmText(): VmText {
  return useOwnText<VmTextKey>(vmLanguages);
}
