/** An alert whose kind is told to screen readers in the language of the person: PatternFly tells it in English in every one. */
import { Alert as PlainAlert, type AlertProps } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useOwnText } from '../i18n/own-text.ts';

const english = {
  custom: 'Notice:',
  danger: 'Failure:',
  warning: 'Warning:',
  info: 'Information:',
  success: 'Done:',
} as const;
type Key = keyof typeof english;

const german: Readonly<Record<Key, string>> = {
  custom: 'Hinweis:',
  danger: 'Fehler:',
  warning: 'Warnung:',
  info: 'Information:',
  success: 'Erledigt:',
};

export const alertLanguages = { of: 'alert', en: english, de: german };

export function Alert({ variant = 'custom', ...rest }: Omit<AlertProps, 'ref'>): ReactNode {
  const text = useOwnText<Key>(alertLanguages);
  return <PlainAlert variant={variant} variantLabel={text(variant)} {...rest} />;
}
