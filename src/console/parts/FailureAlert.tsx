/** A failure where it happened: what, and what helps. */
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { describeFailure } from './failure.ts';
import { FailureHelp } from './FailureHelp.tsx';
import { Alert } from './Alert.tsx';

export function FailureAlert({
  error,
  action,
}: {
  readonly error: unknown;
  readonly action?: ReactNode;
}): ReactNode {
  const words = useWords();
  const failure = describeFailure(error);
  return (
    <Alert
      variant="danger"
      isInline
      title={words.fault(failure)}
      actionLinks={action}
      component="p"
      role="alert"
    >
      <FailureHelp failure={failure} />
    </Alert>
  );
}
