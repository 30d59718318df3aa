/** Findings: what was checked, what came out, and what puts it right. */
import type { ReactNode } from 'react';
import type { Finding } from '#api';
import { useWords } from '../console.ts';
import { Alert } from './Alert.tsx';

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
      {findings.map((finding) => {
        const { what, remedy } = words.finding(finding);
        return (
          <Alert
            key={`${finding.check} ${finding.evidence}`}
            variant={findingVariants[finding.result]}
            isInline
            component="p"
            title={what}
          >
            {remedy !== null && words.text('remedy', { remedy })}
          </Alert>
        );
      })}
    </div>
  );
}
