/** The newest operations that match, a hundred unless fewer are wanted, with progress as it goes, and a way to cancel. */
import { EmptyState } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { ColumnTable } from '../list/ColumnTable.tsx';
import { Answer } from '../parts/Answer.tsx';
import { useList } from '../parts/ask.ts';
import { CancelButton } from './CancelButton.tsx';
import { operationColumns } from './operation-columns.tsx';

export function OperationTable({
  filter,
  most = 100,
}: {
  readonly filter: string | undefined;
  readonly most?: number;
}): ReactNode {
  const words = useWords();
  const question = useList('operation.list', {
    sort: '-createdAt',
    limit: most,
    ...(filter === undefined ? {} : { filter }),
  });
  return (
    <Answer question={question}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState titleText={words.text('noOperations')} headingLevel="h2" />
        ) : (
          <ColumnTable
            label={words.text('operations')}
            columns={operationColumns}
            items={items}
            keyOf={({ id }) => id}
            menu={(operation) => <CancelButton operation={operation} look="word" />}
          />
        )
      }
    </Answer>
  );
}
