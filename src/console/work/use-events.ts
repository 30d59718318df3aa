/** Events as a list that grows at the front while they happen; at most a thousand that came live are kept. */
import { useInfiniteQuery, type UseQueryResult } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { Event } from '#api';
import { useConsole, useSession } from '../console.ts';
import { follow } from '../live/follow.ts';
import { isWorking } from '../session/session.ts';

const maxLive = 1000;

export interface Events {
  readonly question: UseQueryResult;
  readonly events: readonly Event[];
  /** Undefined where there are none, and while they are on the way. */
  readonly readOlder: (() => void) | undefined;
}

/** `pageSize`: how many are read at once. */
export function useEvents(filter: string | undefined, pageSize: number): Events {
  const { client, session } = useConsole();
  const working = isWorking(useSession());
  const [live, setLive] = useState<readonly Event[]>([]);
  const query = filter === undefined ? {} : { filter };
  const question = useInfiniteQuery({
    queryKey: ['event.list', filter, pageSize],
    staleTime: 0,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.call(
        'event.list',
        {
          query: {
            ...query,
            limit: pageSize,
            ...(pageParam === undefined ? {} : { cursor: pageParam }),
          },
        },
        signal,
      ),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const read = question.data?.pages.flatMap((page) => page.items) ?? [];
  const newest = read[0]?.seq;
  const ready = question.isSuccess;
  useEffect(() => {
    if (!ready || !working) return undefined;
    const ends = new AbortController();
    const following = {
      client,
      name: 'event.watch',
      query: filter === undefined ? {} : { filter },
      since: newest,
      onMessage: ({ data }: { readonly data: unknown }) =>
        setLive((before) => [data as Event, ...before].slice(0, maxLive)),
      onUnauthenticated: () => session.lose(),
    } as const;
    void follow(following, ends.signal);
    return () => ends.abort();
    // It begins behind what was read and goes on by itself; what is read later is older.
  }, [client, session, filter, ready, working]);
  const { fetchNextPage } = question;
  const readOlder = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const known = new Set(read.map((event) => event.seq));
  const seen = new Set<number>();
  const fresh = live.filter(({ seq }) => {
    if (known.has(seq) || seen.has(seq)) return false;
    seen.add(seq);
    return true;
  });
  return {
    question,
    events: [...fresh, ...read],
    readOlder: question.hasNextPage && !question.isFetchingNextPage ? readOlder : undefined,
  };
}
