/** A failure where it happened: what, and what helps. */
import { Alert } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { describeFailure } from './failure.ts';
import { FailureHelp } from './FailureHelp.tsx';

export function FailureAlert({
  error,
  action,
}: {
  readonly error: unknown;
  readonly action?: ReactNode;
}): ReactNode {
  const words = useWords();
  const failure = describeFailure(error);
  const { message, code } = failure;
  const told = words.fault(code);
  return (
    <Alert
      variant="danger"
      isInline
      title={told === undefined ? message : `${told}: ${message}`}
      actionLinks={action}
      component="p"
      role="alert"
    >
      <FailureHelp failure={failure} />
    </Alert>
  );
}
