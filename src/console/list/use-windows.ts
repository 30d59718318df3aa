/**
 * A list of any length as windows over the API's pages: only the windows that are looked at are read and
 * kept live, whatever the length. The total is known from the first answer.
 */
import { useQueries, type UseQueryResult } from '@tanstack/react-query';
import { useRef } from 'react';
import { useConsole } from '../console.ts';
import { pageQuestion, type ListName, type ListQuestion, type Lists } from '../parts/ask.ts';

export const windowSize = 100;

export interface Windows<T> {
  /** Undefined before the first answer. */
  readonly total: number | undefined;
  /** Undefined while its window is on the way. */
  readonly at: (index: number) => T | undefined;
  /** The window whose failure is shown: the first that failed, else the first. */
  readonly question: UseQueryResult | undefined;
}

/** `first` and `last`: places of the things that are seen. */
export function useWindows<N extends ListName>(
  name: N,
  query: ListQuestion<N>,
  { first, last }: { readonly first: number; readonly last: number },
): Windows<Lists[N]> {
  const { client } = useConsole();
  const from = Math.floor(Math.max(0, first) / windowSize);
  const to = Math.max(from, Math.floor(Math.max(0, last) / windowSize));
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const questions = useQueries({
    queries: numbers.map((number) =>
      pageQuestion(client, name, {
        ...query,
        limit: windowSize,
        ...(number === 0 ? {} : { skip: number * windowSize }),
      } as ListQuestion<N>),
    ),
  });
  const asked = JSON.stringify(query);
  const known = useRef<{ readonly asked: string; readonly total: number | undefined }>({
    asked,
    total: undefined,
  });
  const total =
    questions.find(({ data }) => data !== undefined)?.data?.total ??
    (known.current.asked === asked ? known.current.total : undefined);
  known.current = { asked, total };
  return {
    total,
    at: (index) => {
      const number = Math.floor(index / windowSize);
      return questions[number - from]?.data?.items[index - number * windowSize];
    },
    question: questions.find(({ error }) => error !== null) ?? questions[0],
  };
}
