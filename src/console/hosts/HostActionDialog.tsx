/** What an action on all vms of a host would do, asked of the server first. */
import {
  Button,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Spinner,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { PlanLines } from '../parts/PlanLines.tsx';
import type { AskedHostAction } from './host-actions.ts';
import { useActOnHost } from './use-act-on-host.ts';

export function HostActionDialog({
  host,
  action,
  onClose,
}: {
  readonly host: Host;
  readonly action: AskedHostAction;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const act = useActOnHost();
  const plan = useQuery({
    queryKey: ['host.bulk', host.id, action],
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) =>
      client.dryRun('host.bulk', { params: { host: host.id, action }, body: {} }, signal),
  });
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="host-action">
      <ModalHeader
        labelId="host-action"
        titleIconVariant="warning"
        title={`${words.hostAction(action)}: ${host.name}`}
      />
      <ModalBody>
        {plan.error !== null && <FailureAlert error={plan.error} />}
        {plan.isPending && <Spinner aria-label={words.text('loading')} />}
        {plan.data !== undefined && <PlanLines plan={plan.data} />}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={action === 'turn-off-all' || action === 'stop' ? 'danger' : 'primary'}
          isDisabled={plan.data === undefined}
          onClick={() => {
            onClose();
            void act(host, action);
          }}
        >
          {words.hostAction(action)}
        </Button>
        <Button variant="link" autoFocus onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
