/** Cancels an operation that is under way. */
import { Button } from '@patternfly/react-core';
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon';
import type { ReactNode } from 'react';
import { finishedStates, type Operation } from '#api';
import { useConsole, useWords } from '../console.ts';

export function CancelButton({
  operation,
  look,
}: {
  readonly operation: Operation;
  readonly look: 'word' | 'sign';
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const { id, state, action, target } = operation;
  const label = `${words.text('cancelOperation')}: ${words.operation(action)} ${target.name}`;
  if (finishedStates.includes(state)) return null;
  const cancel = (): void =>
    void client
      .call('operation.cancel', { params: { operation: id } })
      .catch((error: unknown) => notices.fail(words.text('cancelOperation'), error));
  if (look === 'sign')
    return (
      <Button
        variant="plain"
        isDisabled={state === 'cancelling'}
        onClick={cancel}
        icon={<TimesIcon />}
        aria-label={label}
      />
    );
  return (
    <Button
      variant="link"
      isInline
      isDisabled={state === 'cancelling'}
      onClick={cancel}
      aria-label={label}
    >
      {words.text('cancel')}
    </Button>
  );
}
