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
import { openConsoleSocket } from './presence/console-socket.ts';
import { Participants } from './presence/Participants.tsx';
import { PresenceAlert } from './presence/PresenceAlert.tsx';
import { useOwnAccess } from './presence/use-own-access.ts';
import { usePresence } from './presence/use-presence.ts';
import { useConnection } from './use-connection.ts';
import { useVmText } from './words/vm-words.ts';

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
  const text = useVmText();
  const presence = usePresence();
  const { join, follow, ended } = presence;
  const own = useOwnAccess(vm, presence);
  const viewOnly = own.access === 'view-only';
  const { state, attempt, onOpen, onClose } = useConnection(vm, available && ended === undefined);
  useEffect(() => {
    if (place.current === null) return undefined;
    const shown = showTerminal(place.current);
    setTerminal(shown.terminal);
    return () => shown[Symbol.dispose]();
  }, []);
  useEffect(() => {
    if (terminal === undefined || attempt === undefined) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    openConsoleSocket(client, 'serial', vm.id, { ...join, readOnly: own.isWished() }, signal)
      .then((socket) => {
        follow(socket);
        const end = connect(terminal, socket, onOpen, onClose);
        signal.addEventListener('abort', end);
      })
      .catch(() => {
        if (!signal.aborted) onClose();
      });
    return () => ending.abort();
  }, [client, vm.id, terminal, attempt, onOpen, onClose, join, follow, own.isWished]);
  return (
    <>
      <ConsoleBar
        vm={vm}
        kind="serial"
        state={state}
        place={place}
        onFocus={() => terminal?.focus()}
        tools={[{ title: text('viewOnly'), pressed: viewOnly, act: () => void own.toggle() }]}
        people={<Participants vm={vm} presence={presence} />}
      />
      <PresenceAlert vm={vm} presence={presence} />
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
  socket: WebSocket,
  onOpen: () => void,
  onClose: () => void,
): () => void {
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
