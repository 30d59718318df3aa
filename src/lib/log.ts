/**
 * The programs' own log: one JSON line per entry on standard error (pino), for people who look after
 * the programs. What users need to know is an event, not a log line. Secrets never reach a log: the
 * names below are blanked wherever they occur.
 */
import { pino, type Logger } from 'pino';

export type Log = Logger;

const secretNames = ['password', 'token', 'secret', 'authorization', 'cookie', 'key'];

/** `level` is one of pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLog(program: string, level = 'info'): Log {
  return pino(
    {
      name: program,
      level,
      base: { program },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A log that keeps nothing, for tests and library use. */
export const silentLog: Log = pino({ level: 'silent' });
