/** What shows recordings: the terminal and the screen of the consoles themselves, without anybody's hands on them. */
import '@xterm/xterm/css/xterm.css';
import RFB from '@novnc/novnc';
import { Terminal } from '@xterm/xterm';
import { openWithAdoptedStyles } from '../adopted-styles.ts';
import type { Stage } from './playback.ts';
import type { Recorded } from './recorded.ts';

const scrollbackLines = 5000;
/** With it a server of RFB begins (RFC 6143 7.1.1). */
const versionBytes = 12;

export function stageTerminal(place: HTMLElement, { columns, rows }: Recorded): Stage {
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback: scrollbackLines,
    disableStdin: true,
    fontFamily: 'monospace',
    fontSize: 14,
    screenReaderMode: true,
  });
  const styles = openWithAdoptedStyles(() => terminal.open(place));
  return {
    begin: () => terminal.reset(),
    show: (data) => terminal.write(data),
    [Symbol.dispose]() {
      terminal.dispose();
      styles[Symbol.dispose]();
    },
  };
}

/** `onFail` is called when what was recorded is no RFB any more. */
export function stageScreen(place: HTMLElement, onFail: () => void): Stage {
  let shown: { readonly rfb: RFB; readonly channel: RecordedChannel } | undefined;
  const end = (): void => {
    const { rfb } = shown ?? {};
    shown = undefined;
    rfb?.disconnect();
  };
  return {
    begin() {
      end();
      const channel = new RecordedChannel();
      const rfb = new RFB(place, channel, { shared: true });
      rfb.viewOnly = true;
      rfb.scaleViewport = true;
      rfb.background = 'transparent';
      rfb.addEventListener('disconnect', (event) => {
        if (shown?.rfb === rfb && !(event as CustomEvent<{ clean: boolean }>).detail.clean)
          onFail();
      });
      shown = { rfb, channel };
    },
    show(data) {
      if (typeof data !== 'string') shown?.channel.hear(data);
    },
    [Symbol.dispose]: end,
  };
}

/** What noVNC takes in the place of a WebSocket: it hears what was recorded, and nobody hears it. */
class RecordedChannel {
  binaryType = 'arraybuffer';
  protocol = '';
  readyState: number = WebSocket.OPEN;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((message: { readonly data: Uint8Array }) => void) | null = null;
  onclose: ((closed: { readonly code: number; readonly reason: string }) => void) | null = null;

  /** noVNC goes on after a version only when it hears more. */
  #hasVersion = false;

  send(): void {}

  hear(data: Uint8Array): void {
    const pieces = this.#hasVersion
      ? [data]
      : [data.subarray(0, versionBytes), data.subarray(versionBytes)];
    this.#hasVersion = true;
    for (const piece of pieces) this.onmessage?.({ data: piece });
  }

  close(): void {
    this.readyState = WebSocket.CLOSED;
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: '' }));
  }
}
