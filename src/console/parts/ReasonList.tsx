/** The reasons of a failure, where there are several or one that says more; each with what would help behind it. */
import type { ReactNode } from 'react';
import type { Reason } from '#lib';
import { useWords } from '../console.ts';

export function ReasonList({ reasons }: { readonly reasons: readonly Reason[] }): ReactNode {
  const words = useWords();
  if (reasons.length === 0) return null;
  return (
    <ul>
      {reasons.map((reason) => (
        <li key={reason.text}>{words.reason(reason)}</li>
      ))}
    </ul>
  );
}
