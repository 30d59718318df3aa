/** Above a console that is not the person's now: who has it and what to do, or that the connection was ended. */
import { Alert, AlertActionLink } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useVmText } from '../words/vm-words.ts';
import { sharedJoin, type Presence } from './use-presence.ts';

export function PresenceAlert({ presence }: { readonly presence: Presence }): ReactNode {
  const text = useVmText();
  const { message, waits, ended, join, setJoin } = presence;
  if (ended !== undefined)
    return (
      <Alert
        variant="warning"
        isInline
        component="p"
        title={text('connectionEnded', { reason: ended })}
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
        <AlertActionLink onClick={() => setJoin({ ...join, whenHeld: 'take-over' })}>
          {text('takeOver')}
        </AlertActionLink>
      }
    >
      {text('yourTurn')}
    </Alert>
  );
}
