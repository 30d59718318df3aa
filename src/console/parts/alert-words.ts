/** What kind of alert it is, for screen readers. */
import { useOwnText, type OwnText } from '../i18n/own-text.ts';

const english = {
  custom: 'Notice:',
  danger: 'Failure:',
  warning: 'Warning:',
  info: 'Information:',
  success: 'Done:',
} as const;
export type AlertTextKey = keyof typeof english;

const german: Readonly<Record<AlertTextKey, string>> = {
  custom: 'Hinweis:',
  danger: 'Fehler:',
  warning: 'Warnung:',
  info: 'Information:',
  success: 'Erledigt:',
};

export const alertLanguages = { of: 'alert', en: english, de: german };

export function useAlertText(): OwnText<AlertTextKey> {
  return useOwnText<AlertTextKey>(alertLanguages);
}
