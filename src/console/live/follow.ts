/**
 * One stream of the API, followed over broken connections: it resumes behind the last message it was
 * told. A page that is not seen holds no connection (browsers allow six to a server) and catches up
 * when it is seen again.
 */
import { isFault, systemClock } from '#lib';
import type { Client, StreamMessage } from '#api';

const firstPauseMs = 250;
const longestPauseMs = 10_000;

export interface Following {
  readonly client: Client;
  readonly name: 'watch.open' | 'event.watch';
  readonly query: Readonly<Record<string, unknown>>;
  /** Begins behind this message; undefined: now. */
  readonly since: number | undefined;
  readonly onMessage: (message: StreamMessage) => void;
  readonly onConnected?: (connected: boolean) => void;
  /** A connection is over, whyever: what follows is told by another one. */
  readonly onEnd?: () => void;
  readonly onUnauthenticated: () => void;
}

/** Until the signal aborts or the session has ended. */
export async function follow(following: Following, signal: AbortSignal): Promise<void> {
  let { since } = following;
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    await untilSeen(signal);
    const attempt = new AbortController();
    const hide = (): void => {
      if (document.hidden) attempt.abort();
    };
    document.addEventListener('visibilitychange', hide);
    try {
      const { client, name, query } = following;
      const messages = client.stream(
        name,
        { ...query, since },
        AbortSignal.any([signal, attempt.signal]),
      );
      for await (const message of messages) {
        pauseMs = firstPauseMs;
        if (message.id !== undefined) since = Number(message.id);
        following.onMessage(message);
      }
    } catch (error) {
      if (isFault(error, 'unauthenticated')) {
        following.onUnauthenticated();
        return;
      }
    } finally {
      document.removeEventListener('visibilitychange', hide);
      following.onEnd?.();
    }
    if (signal.aborted) return;
    if (!attempt.signal.aborted) {
      following.onConnected?.(false);
      await systemClock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

async function untilSeen(signal: AbortSignal): Promise<void> {
  while (document.hidden && !signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const go = (): void => resolve();
    document.addEventListener('visibilitychange', go, { once: true });
    signal.addEventListener('abort', go, { once: true });
    await promise;
    document.removeEventListener('visibilitychange', go);
    signal.removeEventListener('abort', go);
  }
}
