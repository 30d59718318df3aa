/** What one action would do to many vms, asked of the server first: on which it acts, which it leaves out and why. */
import { Button, ModalBody, ModalFooter, ModalHeader, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { vmActionFacts, type PowerAction, type Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { PlanLines, planLines } from '../parts/PlanLines.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Alert } from '../parts/Alert.tsx';

export function BulkDialog({
  action,
  vms,
  onClose,
  onBegun,
}: {
  readonly action: PowerAction;
  readonly vms: readonly Vm[];
  readonly onClose: () => void;
  readonly onBegun: () => void;
}): ReactNode {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(undefined);
  const body = { action, vms: vms.map(({ id }) => id) };
  const plan = useQuery({
    queryKey: ['vm.bulk', body],
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) => client.dryRun('vm.bulk', { body }, signal),
  });
  const fitting = planLines(plan.data, 'acts-on');
  const loss = vmActionFacts(action).confirm;
  const begin = async (): Promise<void> => {
    setBusy(true);
    try {
      const operation = await client.call('vm.bulk', { body });
      const values = {
        action: words.action(action),
        name: words.text('vmCount', { count: words.count(fitting.length) }),
      };
      live.onEnd(operation, (ended) => {
        const failed = (ended.result?.['failed'] ?? []) as unknown as readonly {
          vm: string;
          why: string;
        }[];
        if (ended.fault !== null) notices.fail(words.text('whatGoesWrong', values), ended.fault);
        else if (failed.length > 0)
          notices.fail(
            words.text('whatGoesWrong', values),
            new Error(failed.map(({ vm, why }) => `${vm}: ${why}`).join('; ')),
          );
        else notices.tell(words.text('actionTaken', values));
      });
      onBegun();
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="bulk">
      <ModalHeader
        labelId="bulk"
        title={words.text('bulkTitle', { action: words.action(action) })}
      />
      <ModalBody>
        {failure !== undefined && <FailureAlert error={failure} />}
        {plan.error !== null && <FailureAlert error={plan.error} />}
        {plan.isPending && <Spinner aria-label={words.text('loading')} />}
        {plan.data !== undefined && (
          <>
            {loss !== undefined && (
              <Alert variant="warning" isInline component="p" title={words.loss(action, loss)} />
            )}
            <PlanLines plan={plan.data} />
          </>
        )}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={loss === undefined ? 'primary' : 'danger'}
          isDisabled={fitting.length === 0}
          isLoading={busy}
          onClick={() => void begin()}
        >
          {words.action(action)}
        </Button>
        <Button variant="link" autoFocus onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Dialog>
  );
}
