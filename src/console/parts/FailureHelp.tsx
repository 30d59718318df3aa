/** What stands below a failure: its reasons, what helps, and the way to the log of what has failed (EVT-08). */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import type { Failure } from './failure.ts';
import { ReasonList } from './ReasonList.tsx';

export function FailureHelp({
  failure: { reasons, hint, logFilter },
}: {
  readonly failure: Failure;
}): ReactNode {
  const words = useWords();
  return (
    <>
      <ReasonList reasons={reasons} />
      {hint !== undefined && <p>{words.told(hint)}</p>}
      {logFilter !== undefined && <LogLink filter={logFilter} />}
    </>
  );
}

export function LogLink({ filter }: { readonly filter: string }): ReactNode {
  const words = useWords();
  return (
    <Link to="/events" search={{ filter }}>
      {words.text('showEvents')}
    </Link>
  );
}
