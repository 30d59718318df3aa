/** The words of what is wrong, which are asked for with it. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  acknowledge: 'Acknowledge',
  acknowledged: 'Acknowledged by {by}, {at}: {note}',
  acknowledgedOnes: 'Acknowledged ({count})',
  explain: 'It is told again by itself when it is over and comes back.',
  more: 'And {count} more.',
  note: 'Note',
  noteHelp: 'Why nothing is done about it now, or what is.',
  reopen: 'Withdraw',
  taken: 'The warning is acknowledged.',
  warnings: 'What is wrong',
} as const;

export type WarningTextKey = keyof typeof english;

const german: Readonly<Record<WarningTextKey, string>> = {
  acknowledge: 'Zur Kenntnis nehmen',
  acknowledged: 'Zur Kenntnis genommen von {by}, {at}: {note}',
  acknowledgedOnes: 'Zur Kenntnis genommen ({count})',
  explain: 'Wenn es vorbei ist und wiederkommt, wird von selbst wieder gewarnt.',
  more: 'Und {count} weitere.',
  note: 'Notiz',
  noteHelp: 'Warum jetzt nichts dagegen getan wird, oder was.',
  reopen: 'Zurückziehen',
  taken: 'Die Warnung ist zur Kenntnis genommen.',
  warnings: 'Was nicht stimmt',
};

export const warningLanguages = { of: 'warnings', en: english, de: german };

export function useWarningText(): OwnText<WarningTextKey> {
  return useOwnText<WarningTextKey>(warningLanguages);
}
