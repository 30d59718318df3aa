/** The people at a console, unfolded by a button: who they are, and what may be given to them or taken. */
import { Button, Label } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { ConsoleParticipant, ConsoleSession, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { JudgedButton } from '../../parts/JudgedButton.tsx';
import { useVmText } from '../words/vm-words.ts';
import { RecordButton } from './RecordButton.tsx';
import { RecordingDialog } from './RecordingDialog.tsx';
import { ShareDialog } from './ShareDialog.tsx';
import { sharedJoin, type Presence } from './use-presence.ts';
import { useWhyNotSupervise } from './use-why-not-supervise.ts';

export function Participants({
  vm,
  presence,
}: {
  readonly vm: Vm;
  readonly presence: Presence;
}): ReactNode {
  const text = useVmText();
  const [open, setOpen] = useState(false);
  const [dialog, setDialog] = useState<'share' | 'recordings' | undefined>(undefined);
  const whyNotSupervise = useWhyNotSupervise(vm);
  const { message, join, setJoin } = presence;
  if (message === undefined) return null;
  const { recordedBy } = message.session;
  const count = message.session.participants.length;
  const supervised =
    message.session.console === 'screen'
      ? (['share', 'recordings'] as const)
      : (['recordings'] as const);
  return (
    <>
      {recordedBy !== null && (
        <Label color="red">{text('recordedBy', { person: recordedBy })}</Label>
      )}
      <RecordButton
        vm={vm}
        session={message.session}
        whyNot={whyNotSupervise}
        onEnded={() => setDialog('recordings')}
      />
      <Button variant="secondary" aria-expanded={open} onClick={() => setOpen(!open)}>
        {text('people', { count })}
      </Button>
      {open && (
        <section className="people" aria-label={text('peopleHere')}>
          <ul>
            {message.session.participants.map((one) => (
              <Participant
                key={one.id}
                vm={vm}
                presence={presence}
                one={one}
                whyNotSupervise={whyNotSupervise}
              />
            ))}
            {message.session.waiting.map(({ id, person }) => (
              <li key={id}>{text('waitsHere', { person })}</li>
            ))}
          </ul>
          <Button
            variant="secondary"
            size="sm"
            aria-pressed={join.exclusive}
            onClick={() => setJoin({ ...sharedJoin, exclusive: !join.exclusive })}
          >
            {text('exclusive')}
          </Button>
          {supervised.map((one) => (
            <JudgedButton
              key={one}
              variant="secondary"
              size="sm"
              whyNot={whyNotSupervise}
              onClick={() => setDialog(one)}
            >
              {text(one)}
            </JudgedButton>
          ))}
        </section>
      )}
      {dialog === 'share' && <ShareDialog vm={vm} onClose={() => setDialog(undefined)} />}
      {dialog === 'recordings' && <RecordingDialog vm={vm} onClose={() => setDialog(undefined)} />}
    </>
  );
}

function Participant({
  vm,
  presence: { message, me },
  one,
  whyNotSupervise,
}: {
  readonly vm: Vm;
  readonly presence: Presence;
  readonly one: ConsoleParticipant;
  readonly whyNotSupervise: string | undefined;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const session: ConsoleSession | undefined = message?.session;
  if (session === undefined) return null;
  const isMe = one.id === message?.you;
  const params = { vm: vm.id, console: session.console, participant: one.id };
  const act = async (title: string, ask: () => Promise<unknown>): Promise<void> => {
    try {
      await ask();
    } catch (error) {
      notices.fail(title, error);
    }
  };
  const button = (
    title: string,
    ask: () => Promise<unknown>,
    whyNot: string | undefined,
  ): ReactNode => (
    <JudgedButton
      variant="link"
      size="sm"
      isInline
      whyNot={whyNot}
      aria-label={`${title}: ${one.person}`}
      onClick={() => void act(title, ask)}
    >
      {title}
    </JudgedButton>
  );
  const controls = me?.access === 'control';
  const other = one.access === 'control' ? 'view-only' : 'control';
  return (
    <li>
      <strong>{isMe ? text('you', { person: one.person }) : one.person}</strong>
      <Label color={one.access === 'control' ? 'green' : 'grey'} isCompact>
        {text(`access.${one.access}`)}
      </Label>
      <span className="people-since">
        {one.address} · {words.clock(Date.parse(one.since))}
      </span>
      {!isMe && (
        <>
          {controls &&
            button(
              text('handOver'),
              () => client.call('vm.console.hand-over', { params }),
              undefined,
            )}
          {one.lentBy !== null && one.lentBy === me?.id
            ? button(
                text('takeBack'),
                () =>
                  client.call('vm.console.take-back', {
                    params: { vm: vm.id, console: session.console },
                  }),
                undefined,
              )
            : button(
                text(`give.${other}`),
                () => client.call('vm.console.change', { params, body: { access: other } }),
                controls ? undefined : whyNotSupervise,
              )}
          {button(
            text('endConnection'),
            () => client.call('vm.console.end', { params, query: {} }),
            one.person === me?.person ? undefined : whyNotSupervise,
          )}
        </>
      )}
    </li>
  );
}
