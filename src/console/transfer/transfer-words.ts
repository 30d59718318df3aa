/** What becomes of the parts of a vm that comes from another product, or goes to one. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  blocking: 'In the way',
  dropped: 'Left out',
  adapted: 'Adapted',
  carried: 'Carried over',
  counted: '{what} ({count})',
  warnings: 'What is to be known before',
  checking: 'The host reads it…',
} as const;
export type TransferTextKey = keyof typeof english;

const german: Readonly<Record<TransferTextKey, string>> = {
  blocking: 'Im Weg',
  dropped: 'Weggelassen',
  adapted: 'Angepasst',
  carried: 'Übernommen',
  counted: '{what} ({count})',
  warnings: 'Vorher zu wissen',
  checking: 'Der Host liest sie …',
};

export const transferLanguages = { of: 'transfer', en: english, de: german };

export function useTransferText(): OwnText<TransferTextKey> {
  return useOwnText<TransferTextKey>(transferLanguages);
}
