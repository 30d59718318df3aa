/** A list in a dialog, what is done about its entries, and what went wrong: with the last deed, or with reading it. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

export interface ActedList<T> {
  readonly items: readonly T[];
  /** Reads the list again after it. Never fails: what goes wrong is the problem, until something succeeds. */
  readonly act: (work: () => Promise<unknown>) => Promise<void>;
  readonly problem: unknown;
}

export function useActedList<T>(
  queryKey: readonly string[],
  read: (signal: AbortSignal) => Promise<{ readonly items: readonly T[] }>,
): ActedList<T> {
  const [failure, setFailure] = useState<unknown>(undefined);
  const list = useQuery({ queryKey, staleTime: 0, queryFn: ({ signal }) => read(signal) });
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      setFailure(undefined);
      await list.refetch();
    } catch (error) {
      setFailure(error);
    }
  };
  return { items: list.data?.items ?? [], act, problem: failure ?? list.error ?? undefined };
}
