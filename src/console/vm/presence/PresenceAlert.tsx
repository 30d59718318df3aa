/** Above a console that is not the person's now: who has it and what to do, or that the connection was ended. */
import { AlertActionLink } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { useWords } from '../../console.ts';
import { useVmText } from '../words/vm-words.ts';
import { sharedJoin, type Presence } from './use-presence.ts';
import { useWhyNotSupervise } from './use-why-not-supervise.ts';
import { Alert } from '../../parts/Alert.tsx';

export function PresenceAlert({
  vm,
  presence,
}: {
  readonly vm: Vm;
  readonly presence: Presence;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  const whyNotSupervise = useWhyNotSupervise(vm);
  const { message, waits, ended, join, setJoin } = presence;
  if (ended !== undefined)
    return (
      <Alert
        variant="warning"
        isInline
        component="p"
        title={text('connectionEnded', { reason: words.told(ended) })}
        actionLinks={
          <AlertActionLink onClick={() => setJoin({ ...sharedJoin })}>
            {text('connectAgain')}
          </AlertActionLink>
        }
      />
    );
  if (!waits || message === undefined) return null;
  const holders = [...new Set(message.session.participants.map(({ person }) => person))];
  return (
    <Alert
      variant="info"
      isInline
      component="p"
      title={text('heldBy', { people: holders.join(', ') })}
      actionLinks={
        <JudgedButton
          variant="link"
          isInline
          whyNot={whyNotSupervise}
          onClick={() => setJoin({ ...join, whenHeld: 'take-over' })}
        >
          {text('takeOver')}
        </JudgedButton>
      }
    >
      {text('yourTurn')}
    </Alert>
  );
}
