/** Connecting to a Unix socket, with patience for a server that is only starting. */
import { connect, type Socket } from 'node:net';
import { abortReason, Fault, systemClock } from '#lib';

const firstPauseMs = 2;
const longestPauseMs = 50;
/** Of the time waited so far, so that a look too late adds an eighth at most. */
const pauseShare = 1 / 8;

/** What the system says while nothing listens: no file yet, or one that a dead server left. */
const notThere: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED']);

/** Errors: `unavailable`; the signal's reason. `wait` tries again until the signal aborts. */
export async function openSocket(
  path: string,
  absent: 'fail' | 'wait',
  signal: AbortSignal,
): Promise<Socket> {
  let waitedMs = 0;
  for (;;) {
    try {
      return await openOnce(path, signal);
    } catch (cause) {
      if (signal.aborted) throw abortReason(signal);
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      if (absent === 'fail' || !notThere.has(code)) {
        throw new Fault('unavailable', `cannot connect to ${path}`, { cause });
      }
      const pauseMs = Math.min(Math.max(firstPauseMs, waitedMs * pauseShare), longestPauseMs);
      await systemClock.sleep(pauseMs, signal);
      waitedMs += pauseMs;
    }
  }
}

function openOnce(path: string, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ path });
  const onAbort = (): void => {
    socket.destroy();
    reject(abortReason(signal));
  };
  const onError = (error: Error): void => {
    signal.removeEventListener('abort', onAbort);
    reject(error);
  };
  socket.once('error', onError);
  socket.once('connect', () => {
    socket.off('error', onError);
    signal.removeEventListener('abort', onAbort);
    resolve(socket);
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return promise;
}
