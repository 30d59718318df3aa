/** What is under way, with its progress as it goes; nothing where there is nothing. */
import { Content } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import type { Narrowed } from '../frame/narrowed.ts';
import { useList } from '../parts/ask.ts';
import { OperationTable } from './OperationTable.tsx';
import { unfinishedOn } from './unfinished.ts';

const most = 20;

export function UnderWay({ narrowed }: { readonly narrowed: Narrowed | undefined }): ReactNode {
  const words = useWords();
  // The drawer asks the same, so that it is asked once.
  const question = unfinishedOn(narrowed);
  const { data } = useList('operation.list', question);
  const total = data?.total ?? 0;
  if (total === 0) return null;
  return (
    <section className="under-way" aria-label={words.text('operations')}>
      <Content component="h2">{words.text('under', { count: words.count(total) })}</Content>
      <OperationTable filter={question.filter} most={most} />
    </section>
  );
}
