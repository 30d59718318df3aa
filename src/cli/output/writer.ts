/** Where a command writes: results to standard output, everything for people's eyes only to standard error. */
import type { Writable } from 'node:stream';

export const outputFormats = ['table', 'wide', 'json', 'yaml', 'csv'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly stream: Writable;
}

export interface Writer {
  /** A line of the result. */
  line(text: string): void;
  /** A thing of the result as YAML. */
  yaml(thing: unknown): void;
  /** A line for people: notes, progress off a terminal. */
  note(text: string): void;
  /** The next step. */
  hint(text: string): void;
  /** The text with its commands as this person types them. */
  typed(text: string): string;
  /** Rewrites the present line on a terminal; nothing off it. */
  status(text: string): void;
  /** The result anew: on a terminal instead of what it shows, as far as it has lines; off it, after it. */
  page(lines: readonly string[]): void;
  /** Raw bytes of the result. */
  bytes(data: Uint8Array): void;
  readonly colour: boolean;
  readonly interactive: boolean;
  readonly width: number;
}

// Control characters from names and guests must not reach a terminal.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The text without anything a terminal would act on. */
export function plain(text: string): string {
  return text.replaceAll(control, '\ufffd');
}

export function createWriter(
  out: NodeJS.WriteStream,
  err: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
  typed: (text: string) => string,
  yamlOf: (thing: unknown) => string,
): Writer {
  const colour =
    err.isTTY &&
    out.isTTY &&
    environment['NO_COLOR'] === undefined &&
    environment['TERM'] !== 'dumb';
  let statusShown = false;
  const clear = (): void => {
    if (statusShown) err.write('\r\u001b[2K');
    statusShown = false;
  };
  return {
    line(text) {
      clear();
      out.write(`${text}\n`);
    },
    yaml(thing) {
      clear();
      out.write(`${yamlOf(thing).trimEnd()}\n`);
    },
    note(text) {
      clear();
      err.write(`${text}\n`);
    },
    hint(text) {
      clear();
      err.write(`hint: ${typed(text)}\n`);
    },
    typed,
    status(text) {
      if (!err.isTTY) return;
      err.write(`\r\u001b[2K${plain(text).slice(0, (err.columns ?? 80) - 1)}`);
      statusShown = true;
    },
    page(lines) {
      clear();
      const shown = out.isTTY ? lines.slice(0, Math.max(1, out.rows - 1)) : lines;
      out.write(`${out.isTTY ? '\u001b[H\u001b[J' : ''}${shown.join('\n')}\n`);
    },
    bytes(data) {
      clear();
      out.write(data);
    },
    colour,
    interactive: err.isTTY && process.stdin.isTTY,
    width: out.isTTY ? out.columns : 0,
  };
}
