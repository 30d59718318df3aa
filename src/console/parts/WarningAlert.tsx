/** What may not be wanted, though nothing stops it; each with what would help. Nothing where there is none. */
import type { ReactNode } from 'react';
import type { Reason } from '#lib';
import { useWords } from '../console.ts';
import { Alert } from './Alert.tsx';

export function WarningAlert({ warnings }: { readonly warnings: readonly Reason[] }): ReactNode {
  const words = useWords();
  return warnings.map((warning) => (
    <Alert
      key={warning.text}
      variant="warning"
      isInline
      title={words.reason(warning)}
      component="p"
    />
  ));
}
