/** The screen of a vm: RFB (RFC 6143) over the API's WebSocket, drawn by noVNC, scaled to the page. */
import { Button } from '@patternfly/react-core';
import RFB from '@novnc/novnc';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { ConsoleBar, type ConsoleState } from './ConsoleBar.tsx';
import { socketUrl } from './socket-url.ts';

export function Screen({ vm }: { readonly vm: Vm }): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<RFB>(undefined);
  const [state, setState] = useState<ConsoleState>('connecting');
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (place.current === null) return undefined;
    const rfb = new RFB(place.current, socketUrl(client, 'vm.screen.open', vm.id), {
      shared: true,
    });
    rfb.scaleViewport = true;
    rfb.background = 'transparent';
    screen.current = rfb;
    rfb.addEventListener('connect', () => {
      setState('connected');
      rfb.focus();
    });
    const onEnd = (): void => setState('disconnected');
    rfb.addEventListener('disconnect', onEnd);
    return () => {
      rfb.removeEventListener('disconnect', onEnd);
      rfb.disconnect();
    };
  }, [client, vm.id, attempt]);
  return (
    <>
      <ConsoleBar
        state={state}
        onReconnect={() => {
          setState('connecting');
          setAttempt(attempt + 1);
        }}
        onFullScreen={() =>
          void place.current
            ?.requestFullscreen()
            .then(() => screen.current?.focus())
            .catch((error: unknown) => notices.fail(words.text('fullScreen'), error))
        }
      >
        <Button
          variant="secondary"
          isDisabled={state !== 'connected'}
          onClick={() => screen.current?.sendCtrlAltDel()}
        >
          {words.text('ctrlAltDel')}
        </Button>
      </ConsoleBar>
      <div ref={place} className="screen" role="group" aria-label={words.text('screen')} />
    </>
  );
}
