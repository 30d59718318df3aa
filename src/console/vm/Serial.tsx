/**
 * The serial console of a vm: bytes both ways over the API's WebSocket, shown by xterm.js. The terminal
 * lives as long as the page: a connection that is made again goes on below what was there.
 */
import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { openWithAdoptedStyles } from './adopted-styles.ts';
import { ConsoleBar } from './ConsoleBar.tsx';
import { socketUrl } from './socket-url.ts';
import { useConnection } from './use-connection.ts';

const scrollbackLines = 5000;

export function Serial({
  vm,
  available,
}: {
  readonly vm: Vm;
  readonly available: boolean;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const place = useRef<HTMLDivElement>(null);
  const [terminal, setTerminal] = useState<Terminal | undefined>(undefined);
  const { state, attempt, onOpen, onClose } = useConnection(vm, available);
  useEffect(() => {
    if (place.current === null) return undefined;
    const shown = showTerminal(place.current);
    setTerminal(shown.terminal);
    return () => shown[Symbol.dispose]();
  }, []);
  useEffect(() => {
    if (terminal === undefined || attempt === undefined) return undefined;
    return connect(terminal, socketUrl(client, 'vm.serial.open', vm.id), onOpen, onClose);
  }, [client, vm.id, terminal, attempt, onOpen, onClose]);
  return (
    <>
      <ConsoleBar
        vm={vm}
        kind="serial"
        state={state}
        place={place}
        onFocus={() => terminal?.focus()}
      />
      <div ref={place} className="terminal-place" role="group" aria-label={words.text('serial')} />
    </>
  );
}

function showTerminal(place: HTMLElement): Disposable & { readonly terminal: Terminal } {
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
  return {
    terminal,
    [Symbol.dispose]() {
      resized.disconnect();
      terminal.dispose();
      styles[Symbol.dispose]();
    },
  };
}

/** The terminal on a socket, until the function that is answered is called. */
function connect(
  terminal: Terminal,
  url: string,
  onOpen: () => void,
  onClose: () => void,
): () => void {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    onOpen();
    terminal.focus();
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) terminal.write(new Uint8Array(data));
  };
  socket.onclose = onClose;
  const encoder = new TextEncoder();
  const send = (bytes: Uint8Array<ArrayBuffer>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
  };
  const typed = terminal.onData((text) => send(encoder.encode(text)));
  const pressed = terminal.onBinary((text) =>
    send(Uint8Array.from(text, (letter) => letter.charCodeAt(0))),
  );
  return () => {
    socket.onclose = null;
    socket.close();
    typed.dispose();
    pressed.dispose();
  };
}
