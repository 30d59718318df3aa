/** The screen of a vm: RFB (RFC 6143) over the API's WebSocket, drawn by noVNC. */
import RFB from '@novnc/novnc';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { ConsoleBar } from './ConsoleBar.tsx';
import { KeyMenu } from './KeyMenu.tsx';
import { MediaDialog } from './MediaDialog.tsx';
import type { PointerKind } from './pointer/rfb-pointer.ts';
import { ScreenChannel } from './pointer/screen-channel.ts';
import { captureKeys, usePointerCapture } from './pointer/use-pointer-capture.ts';
import { openConsoleSocket } from './presence/console-socket.ts';
import { Participants } from './presence/Participants.tsx';
import { PresenceAlert } from './presence/PresenceAlert.tsx';
import { useOwnAccess } from './presence/use-own-access.ts';
import { usePresence } from './presence/use-presence.ts';
import { savePicture } from './save-file.ts';
import { TypeTextDialog } from './TypeTextDialog.tsx';
import { useConnection } from './use-connection.ts';
import { ViewerDialog } from './ViewerDialog.tsx';
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
  const picture = useRef<HTMLDivElement>(null);
  const screen = useRef<RFB>(undefined);
  const channel = useRef<ScreenChannel>(undefined);
  const [look, setLook] = useState<'fit' | 'original'>('fit');
  const [dialog, setDialog] = useState<'type' | 'media' | 'viewer' | undefined>(undefined);
  const [pointer, setPointer] = useState<PointerKind>('relative');
  const presence = usePresence();
  const { join, follow, ended } = presence;
  const own = useOwnAccess(vm, presence);
  const viewOnly = own.access === 'view-only';
  const { state, attempt, onOpen, onClose } = useConnection(vm, available && ended === undefined);
  const takesMovement = pointer === 'relative' && state === 'connected' && !viewOnly;
  const capture = usePointerCapture(place, channel, takesMovement);
  useEffect(() => {
    if (capture === 'captured') screen.current?.focus();
  }, [capture]);
  useEffect(() => {
    if (picture.current === null || attempt === undefined) return undefined;
    setPointer('relative');
    const target = picture.current;
    const ending = new AbortController();
    const show = (socket: WebSocket): void => {
      follow(socket);
      channel.current = new ScreenChannel(socket, setPointer);
      const rfb = new RFB(target, socket, { shared: true });
      channel.current.follow(rfb);
      rfb.background = 'transparent';
      screen.current = rfb;
      rfb.addEventListener('connect', () => {
        onOpen();
        // Not where somebody types into a dialog meanwhile.
        if (document.activeElement === document.body) rfb.focus();
      });
      rfb.addEventListener('disconnect', onClose);
      ending.signal.addEventListener('abort', () => {
        rfb.removeEventListener('disconnect', onClose);
        rfb.disconnect();
      });
    };
    openConsoleSocket(client, 'screen', vm.id, { ...join, readOnly: own.isWished() }, ending.signal)
      .then(show)
      .catch(() => {
        if (!ending.signal.aborted) onClose();
      });
    return () => ending.abort();
  }, [client, vm.id, attempt, onOpen, onClose, join, follow, own.isWished]);
  useEffect(() => {
    if (screen.current === undefined) return;
    screen.current.scaleViewport = look === 'fit';
    screen.current.viewOnly = viewOnly;
  }, [look, viewOnly, state]);
  const keep = async (): Promise<void> => {
    try {
      const taken = await client.call('vm.screenshot', { params: { vm: vm.id } });
      savePicture(taken, `${vm.name}.png`);
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
        people={<Participants vm={vm} presence={presence} />}
        tools={[
          { title: text('typeText'), act: () => setDialog('type') },
          { title: text('media'), act: () => setDialog('media') },
          { title: text('screenshot'), act: () => void keep() },
          {
            title: text(look === 'fit' ? 'trueSize' : 'fit'),
            act: () => setLook(look === 'fit' ? 'original' : 'fit'),
          },
          { title: text('viewOnly'), pressed: viewOnly, act: () => void own.toggle() },
          { title: text('viewer'), act: () => setDialog('viewer') },
        ]}
      >
        <VmActionMenu vm={vm} look="bar" />
        <KeyMenu vm={vm} onDone={() => screen.current?.focus()} />
      </ConsoleBar>
      <PresenceAlert vm={vm} presence={presence} />
      <div ref={place} className="screen" role="group" aria-label={words.text('screen')}>
        {takesMovement && (
          <p className="pointer-hint" role="status">
            {text(capture === 'captured' ? 'pointerCaptured' : 'pointerFree', {
              keys: captureKeys,
            })}
          </p>
        )}
        <div ref={picture} className={takesMovement ? 'picture picture-captures' : 'picture'} />
      </div>
      {dialog === 'type' && <TypeTextDialog vm={vm} onClose={() => setDialog(undefined)} />}
      {dialog === 'viewer' && <ViewerDialog vm={vm} onClose={() => setDialog(undefined)} />}
      {dialog === 'media' && <MediaDialog vm={vm} onClose={() => setDialog(undefined)} />}
    </>
  );
}
