/**
 * A terminal session as asciicast v2 (docs.asciinema.org/manual/asciicast/v2): a line of JSON for the header, then
 * one for each piece of output with its seconds since the beginning. A serial port does not say how large its
 * terminal is; 80 by 24 is what one is without further ado.
 */
export function castHeader(title: string, startedMs: number): string {
  const header = {
    version: 2,
    width: 80,
    height: 24,
    timestamp: Math.floor(startedMs / 1000),
    title,
  };
  return `${JSON.stringify(header)}\n`;
}

/** Bytes to lines. A character that is cut in two waits for its rest; what is no UTF-8 is U+FFFD. */
export class CastLines {
  readonly #decoder = new TextDecoder('utf-8');

  /** Empty while there is no whole character. */
  write(bytes: Uint8Array, afterMs: number): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    return text === '' ? '' : `${JSON.stringify([afterMs / 1000, 'o', text])}\n`;
  }
}
