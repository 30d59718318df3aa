/**
 * The programs' own log: one JSON line per entry on standard error (pino), for people who look after
 * the programs. What users need to know is an event, not a log line. Secrets never reach a log: the
 * names below are blanked wherever they occur.
 */
import { pino, type Logger } from 'pino';

export type Log = Logger;

const secretNames = ['password', 'token', 'secret', 'authorization', 'cookie', 'key'];

/** What waits to be written while nothing can be; entries beyond it are lost. */
const maxUnwrittenBytes = 1024 * 1024;

/**
 * On standard error. Where that leads to a full disk, or to nobody any more, the program goes on without its log:
 * an entry that cannot be written waits for the next one.
 */
function logPlace(): ReturnType<typeof pino.destination> {
  const place = pino.destination({ dest: 2, sync: true, maxLength: maxUnwrittenBytes });
  place.on('error', () => undefined);
  return place;
}

/** `level` is one of pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLog(program: string, level = 'info'): Log {
  return pino(
    {
      name: program,
      level,
      base: { program },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
    },
    logPlace(),
  );
}

/** A log that keeps nothing, for tests and library use. */
export const silentLog: Log = pino({ level: 'silent' });
