/** The serial console of a vm: bytes both ways over the API's WebSocket, shown by xterm.js. */
import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { openWithAdoptedStyles } from './adopted-styles.ts';
import { ConsoleBar, type ConsoleState } from './ConsoleBar.tsx';
import { socketUrl } from './socket-url.ts';

const scrollbackLines = 5000;

export function Serial({ vm }: { readonly vm: Vm }): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<ConsoleState>('connecting');
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (place.current === null) return undefined;
    return attach(place.current, socketUrl(client, 'vm.serial.open', vm.id), setState);
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
            .catch((error: unknown) => notices.fail(words.text('fullScreen'), error))
        }
      />
      <div ref={place} className="terminal-place" role="group" aria-label={words.text('serial')} />
    </>
  );
}

/** A terminal on a socket, until the function that is answered is called. */
function attach(
  place: HTMLElement,
  url: string,
  onState: (state: ConsoleState) => void,
): () => void {
  const terminal = new Terminal({
    scrollback: scrollbackLines,
    cursorBlink: true,
    fontFamily: 'monospace',
    fontSize: 14,
    screenReaderMode: true,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  const styles = openWithAdoptedStyles(() => terminal.open(place));
  fit.fit();
  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(place);
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    onState('connected');
    terminal.focus();
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) terminal.write(new Uint8Array(data));
  };
  socket.onclose = () => onState('disconnected');
  const encoder = new TextEncoder();
  const send = (bytes: Uint8Array<ArrayBuffer>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
  };
  terminal.onData((text) => send(encoder.encode(text)));
  terminal.onBinary((text) => send(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  return () => {
    socket.onclose = null;
    socket.close();
    resized.disconnect();
    terminal.dispose();
    styles[Symbol.dispose]();
  };
}
