/** A failure where it happened: what, and what helps. */
import { Alert } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { describeFailure } from './failure.ts';

export function FailureAlert({
  error,
  action,
}: {
  readonly error: unknown;
  readonly action?: ReactNode;
}): ReactNode {
  const { message, hint } = describeFailure(error);
  return (
    <Alert
      variant="danger"
      isInline
      title={message}
      actionLinks={action}
      component="p"
      role="alert"
    >
      {hint}
    </Alert>
  );
}
