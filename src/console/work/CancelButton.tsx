/** Cancels an operation that is under way. */
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon';
import type { ReactNode } from 'react';
import { finishedStates, type Operation } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useSession, useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';

export function CancelButton({
  operation,
  look,
}: {
  readonly operation: Operation;
  readonly look: 'word' | 'sign';
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const session = useSession();
  const { id, state, action, target, actor } = operation;
  const isOwn = session.kind === 'in' && session.session.user === actor;
  // One's own are cancelled by whoever began them.
  const lacks = useRights({}, { enabled: !isOwn }).whyNowhere('operation.cancel');
  const whyNot = isOwn ? undefined : lacks;
  const label = `${words.text('cancelOperation')}: ${words.operation(action)} ${target.name}`;
  if (finishedStates.includes(state)) return null;
  const cancel = (): void =>
    void client
      .call('operation.cancel', { params: { operation: id } })
      .catch((error: unknown) => notices.fail(words.text('cancelOperation'), error));
  if (look === 'sign')
    return (
      <JudgedButton
        whyNot={whyNot}
        variant="plain"
        isDisabled={state === 'cancelling'}
        onClick={cancel}
        icon={<TimesIcon />}
        aria-label={label}
      />
    );
  return (
    <JudgedButton
      whyNot={whyNot}
      variant="link"
      isInline
      isDisabled={state === 'cancelling'}
      onClick={cancel}
      aria-label={label}
    >
      {words.text('cancel')}
    </JudgedButton>
  );
}
