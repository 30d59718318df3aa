/** The reasons of a failure, where there are several or one that says more. */
import type { ReactNode } from 'react';

export function ReasonList({ reasons }: { readonly reasons: readonly string[] }): ReactNode {
  if (reasons.length === 0) return null;
  return (
    <ul>
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}
