/** An alert whose kind is told to screen readers in the language of the person: PatternFly tells it in English in every one. */
import { Alert as PlainAlert, type AlertProps } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useAlertText } from './alert-words.ts';

export function Alert({ variant = 'custom', ...rest }: Omit<AlertProps, 'ref'>): ReactNode {
  const text = useAlertText();
  return <PlainAlert variant={variant} variantLabel={text(variant)} {...rest} />;
}
