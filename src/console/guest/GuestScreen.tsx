/**
 * The screen of one vm for somebody without an account, alone on the page: `/watch#SECRET`. The secret stays in the
 * fragment, which no browser sends; for each connection it is given in a body for a ticket.
 */
import { Label, Title } from '@patternfly/react-core';
import RFB from '@novnc/novnc';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { isFault } from '#lib';
import { consoleCloseCodes, type ConsoleLinkOpened } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { TlsNotice } from '../parts/TlsNotice.tsx';
import { dialConsole } from '../vm/presence/console-socket.ts';
import { useVmText } from '../vm/words/vm-words.ts';
import '../vm/vm.css';
import { Alert } from '../parts/Alert.tsx';

const pauseMs = 3000;
const forGood: readonly number[] = Object.values(consoleCloseCodes);

export function GuestScreen(): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const picture = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ConsoleLinkOpened | undefined>(undefined);
  const [connected, setConnected] = useState(false);
  const [failure, setFailure] = useState<unknown>(undefined);
  const [ended, setEnded] = useState<string | undefined>(undefined);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const target = picture.current;
    if (target === null) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    const later = (): void => {
      setConnected(false);
      const timer = setTimeout(() => setAttempt((before) => before + 1), pauseMs);
      signal.addEventListener('abort', () => clearTimeout(timer));
    };
    const show = async (): Promise<void> => {
      const secret = location.hash.slice(1);
      const found = await client.call('console.link.open', { body: { secret } }, signal);
      signal.throwIfAborted();
      setFailure(undefined);
      setOpened(found);
      const socket = dialConsole(client, 'screen', found.vm, {}, found.ticket);
      socket.addEventListener('close', ({ code, reason }) => {
        if (signal.aborted) return;
        if (forGood.includes(code)) setEnded(reason);
        else later();
      });
      const rfb = new RFB(target, socket, { shared: true });
      rfb.viewOnly = true;
      rfb.scaleViewport = true;
      rfb.background = 'transparent';
      rfb.addEventListener('connect', () => setConnected(true));
      signal.addEventListener('abort', () => rfb.disconnect());
    };
    show().catch((error: unknown) => {
      if (signal.aborted) return;
      setFailure(error);
      if (isFault(error, 'unavailable')) later();
    });
    return () => ending.abort();
  }, [client, attempt]);
  const name = opened?.name;
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · Gantry`;
  }, [name]);
  const goesOn = failure === undefined && ended === undefined;
  return (
    <main id="main" className="console-alone">
      <Title headingLevel="h1" size="md">
        {name ?? words.text('screen')}
      </Title>
      {failure !== undefined && <FailureAlert error={failure} />}
      {ended !== undefined && (
        <Alert
          variant="warning"
          isInline
          component="p"
          title={text('connectionEnded', { reason: ended })}
        />
      )}
      {goesOn && opened !== undefined && (
        <p role="status">
          <Label color={connected ? 'green' : 'blue'}>
            {words.text(connected ? 'connected' : 'connecting')}
          </Label>{' '}
          {text('guestUntil', { time: words.time(opened.expiresAt) })}
        </p>
      )}
      <div className="screen" role="group" aria-label={words.text('screen')}>
        <div ref={picture} className="picture" />
      </div>
      <TlsNotice />
    </main>
  );
}
