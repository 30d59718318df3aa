/** Findings: what was checked, what came out, and what puts it right. */
import { Alert } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Finding } from '#api';
import { useWords } from '../console.ts';

export const findingVariants = {
  ok: 'success',
  information: 'info',
  warning: 'warning',
  error: 'danger',
} as const;

export function FindingList({ findings }: { readonly findings: readonly Finding[] }): ReactNode {
  const words = useWords();
  return (
    <div className="findings">
      {findings.map(({ check, result, evidence, remedy }) => (
        <Alert
          key={`${check} ${evidence}`}
          variant={findingVariants[result]}
          isInline
          component="p"
          title={`${words.check(check)}: ${evidence}`}
        >
          {remedy !== null && words.text('remedy', { remedy: words.check(remedy) })}
        </Alert>
      ))}
    </div>
  );
}
