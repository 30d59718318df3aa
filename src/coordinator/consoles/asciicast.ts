/**
 * A terminal session as asciicast v2 (docs.asciinema.org/manual/asciicast/v2): a line of JSON for the header, then
 * one for each piece of output with its seconds since the beginning. A serial port does not say how large its
 * terminal is; 80 by 24 is what one is without further ado.
 */
import type { Film } from './film.ts';

export function filmTerminal(title: string, startedMs: number): Film {
  const timestamp = Math.floor(startedMs / 1000);
  // A character that is cut in two waits for its rest; what is no UTF-8 is U+FFFD.
  const decoder = new TextDecoder('utf-8');
  return {
    header: line({ version: 2, width: 80, height: 24, timestamp, title }),
    add(bytes, afterMs) {
      const text = decoder.decode(bytes, { stream: true });
      return text === '' ? Buffer.alloc(0) : line([afterMs / 1000, 'o', text]);
    },
    end: (afterMs) => line([afterMs / 1000, 'o', '']),
  };
}

function line(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
