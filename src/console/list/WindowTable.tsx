/** A list of the API at any length: only the windows that are looked at are read and kept live. */
import { EmptyState } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Answer } from '../parts/Answer.tsx';
import type { ListName, ListQuestion, Lists } from '../parts/ask.ts';
import type { Column } from './column.ts';
import { RowTable, useRowView, type Selection } from './RowTable.tsx';
import { useWindows } from './use-windows.ts';

export interface WindowTableProps<N extends ListName> {
  readonly name: N;
  readonly label: string;
  readonly empty: string;
  readonly columns: readonly Column<Lists[N]>[];
  readonly sort: string;
  readonly filter: string | undefined;
  readonly onSort: (sort: string) => void;
  readonly selection?: Selection<Lists[N]>;
  readonly menu?: (item: Lists[N]) => ReactNode;
  readonly rows?: 'low' | 'tall';
  /** Fields to read; default: all. */
  readonly fields?: string;
}

export function WindowTable<N extends ListName>(props: WindowTableProps<N>): ReactNode {
  const { name, label, empty, columns, sort, filter, fields, onSort, selection, menu } = props;
  const view = useRowView(props.rows ?? 'low', `${filter ?? ''} ${sort}`);
  const query = {
    sort,
    ...(filter === undefined ? {} : { filter }),
    ...(fields === undefined ? {} : { fields }),
  } as unknown as ListQuestion<N>;
  const { total, at, question } = useWindows(name, query, view.shown);
  const failed = question !== undefined && question.error !== null;
  return (
    <div className="list-window" ref={view.box}>
      {question !== undefined && (total === undefined || failed) && (
        <Answer question={question}>{() => null}</Answer>
      )}
      {total === 0 && <EmptyState titleText={empty} headingLevel="h2" />}
      {total !== undefined && total > 0 && (
        <RowTable
          label={label}
          columns={columns}
          view={view}
          total={total}
          at={at}
          keyOf={idOf}
          order={{ sort, onSort }}
          {...(selection === undefined ? {} : { selection })}
          {...(menu === undefined ? {} : { menu })}
        />
      )}
    </div>
  );
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}
