/**
 * The stream of changes, with the figures of what is shown. When something else is shown, a stream that asks
 * for that is opened beside the one before and takes its place when it is ready: nothing is missed in
 * between, and nothing is read again.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { WatchMessage } from '#api';
import { follow, type Following } from './follow.ts';
import { shownThings } from './shown.ts';

const kinds = 'vm,host,folder,operation,image,team,network';
/** Somebody who scrolls or goes from page to page shows many things for a moment. */
const settleMs = 300;

export interface ShownWatch extends Pick<
  Following,
  'client' | 'onConnected' | 'onUnauthenticated'
> {
  readonly queries: QueryClient;
  readonly onMessage: (message: WatchMessage) => void;
}

interface Stream {
  readonly shown: string | undefined;
  readonly ends: AbortController;
  readonly followed: Promise<void>;
  /** Whether it has told all up to now. */
  isWhole: boolean;
  /** The one before, until this one is ready. */
  before: Stream | undefined;
}

/** Until the signal aborts or the session has ended. */
export async function watchShown(watch: ShownWatch, signal: AbortSignal): Promise<void> {
  const { queries, onMessage, ...following } = watch;
  const open = (shown: string | undefined, before: Stream | undefined): Stream => {
    const ends = new AbortController();
    const take = (message: WatchMessage): void => {
      if (message.event !== 'ready') return onMessage(message);
      const seamless = stream.before?.isWhole === true;
      stream.isWhole = true;
      stream.before?.ends.abort();
      stream.before = undefined;
      if (!seamless) onMessage(message);
    };
    const followed = follow(
      {
        ...following,
        name: 'watch.open',
        query: {
          kinds,
          samples: true,
          opens: true,
          ...(shown === undefined ? {} : { samplesOf: shown }),
        },
        since: undefined,
        onMessage: ({ event, data }) => take({ event, data } as WatchMessage),
        onEnd: () => {
          stream.isWhole = false;
        },
      },
      AbortSignal.any([signal, ends.signal]),
    );
    const stream: Stream = { shown, ends, followed, isWhole: false, before };
    return stream;
  };
  let newest = open(shownThings(queries), undefined);
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      const shown = shownThings(queries);
      if (signal.aborted || shown === newest.shown) return;
      // One that is not ready yet has to be first.
      if (newest.before === undefined) newest = open(shown, newest);
      else look();
    }, settleMs);
  };
  const stop = queries.getQueryCache().subscribe(look);
  try {
    for (let last = newest; ; last = newest) {
      await last.followed;
      if (last === newest) return;
    }
  } finally {
    stop();
    clearTimeout(timer);
  }
}
