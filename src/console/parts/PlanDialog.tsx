/** Asks before something is done to many: what it would do is asked of the server first. */
import { Button, ModalBody, ModalFooter, ModalHeader, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { DryRun } from '#api';
import { useWords } from '../console.ts';
import { FailureAlert } from './FailureAlert.tsx';
import { PlanLines } from './PlanLines.tsx';
import { Dialog } from './Dialog.tsx';

export function PlanDialog({
  action,
  name,
  look,
  planKey,
  plan,
  onConfirm,
  onClose,
}: {
  readonly action: string;
  /** Of the thing that it is done to. */
  readonly name: string;
  readonly look: 'primary' | 'danger';
  readonly planKey: readonly string[];
  readonly plan: (signal: AbortSignal) => Promise<DryRun>;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords();
  const question = useQuery({
    queryKey: planKey,
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) => plan(signal),
  });
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="plan">
      <ModalHeader labelId="plan" titleIconVariant="warning" title={`${action}: ${name}`} />
      <ModalBody>
        {question.error !== null && <FailureAlert error={question.error} />}
        {question.isPending && <Spinner aria-label={words.text('loading')} />}
        {question.data !== undefined && <PlanLines plan={question.data} />}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={look}
          isDisabled={question.data === undefined}
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {action}
        </Button>
        <Button variant="link" autoFocus onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}
