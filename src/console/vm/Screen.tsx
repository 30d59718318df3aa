/** The screen of a vm: RFB (RFC 6143) over the API's WebSocket, drawn by noVNC. */
import { Button } from '@patternfly/react-core';
import RFB from '@novnc/novnc';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { ConsoleBar } from './ConsoleBar.tsx';
import { KeyMenu } from './KeyMenu.tsx';
import { MediaDialog } from './MediaDialog.tsx';
import { savePicture } from './save-file.ts';
import { socketUrl } from './socket-url.ts';
import { TypeTextDialog } from './TypeTextDialog.tsx';
import { useConnection } from './use-connection.ts';
import { VmActionMenu } from './VmActionMenu.tsx';
import { useVmText } from './words/vm-words.ts';

export function Screen({
  vm,
  available,
}: {
  readonly vm: Vm;
  readonly available: boolean;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useVmText();
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<RFB>(undefined);
  const [look, setLook] = useState<'fit' | 'original'>('fit');
  const [viewOnly, setViewOnly] = useState(false);
  const [dialog, setDialog] = useState<'type' | 'media' | undefined>(undefined);
  const { state, attempt, onOpen, onClose } = useConnection(vm, available);
  useEffect(() => {
    if (place.current === null || attempt === undefined) return undefined;
    const rfb = new RFB(place.current, socketUrl(client, 'vm.screen.open', vm.id), {
      shared: true,
    });
    rfb.background = 'transparent';
    screen.current = rfb;
    const onConnect = (): void => {
      onOpen();
      // Not where somebody types into a dialog meanwhile.
      if (document.activeElement === document.body) rfb.focus();
    };
    rfb.addEventListener('connect', onConnect);
    rfb.addEventListener('disconnect', onClose);
    return () => {
      rfb.removeEventListener('disconnect', onClose);
      rfb.disconnect();
    };
  }, [client, vm.id, attempt, onOpen, onClose]);
  useEffect(() => {
    if (screen.current === undefined) return;
    screen.current.scaleViewport = look === 'fit';
    screen.current.viewOnly = viewOnly;
  }, [look, viewOnly, state]);
  const keep = async (): Promise<void> => {
    try {
      const picture = await client.call('vm.screenshot', { params: { vm: vm.id } });
      savePicture(picture, `${vm.name}.png`);
    } catch (error) {
      notices.fail(text('screenshot'), error);
    }
  };
  return (
    <>
      <ConsoleBar
        vm={vm}
        kind="screen"
        state={state}
        place={place}
        onFocus={() => screen.current?.focus()}
      >
        <VmActionMenu vm={vm} look="bar" />
        <KeyMenu vm={vm} onDone={() => screen.current?.focus()} />
        <Button variant="secondary" onClick={() => setDialog('type')}>
          {text('typeText')}
        </Button>
        <Button variant="secondary" onClick={() => setDialog('media')}>
          {text('media')}
        </Button>
        <Button variant="secondary" onClick={() => void keep()}>
          {text('screenshot')}
        </Button>
        <Button variant="secondary" onClick={() => setLook(look === 'fit' ? 'original' : 'fit')}>
          {text(look === 'fit' ? 'trueSize' : 'fit')}
        </Button>
        <Button variant="secondary" aria-pressed={viewOnly} onClick={() => setViewOnly(!viewOnly)}>
          {text('viewOnly')}
        </Button>
      </ConsoleBar>
      <div ref={place} className="screen" role="group" aria-label={words.text('screen')} />
      {dialog === 'type' && <TypeTextDialog vm={vm} onClose={() => setDialog(undefined)} />}
      {dialog === 'media' && <MediaDialog vm={vm} onClose={() => setDialog(undefined)} />}
    </>
  );
}
