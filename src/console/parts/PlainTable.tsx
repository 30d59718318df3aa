/** A short table that is shown as a whole: nothing is sorted, chosen or read on demand. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';

/** Title, which is unique, and cell. */
export type PlainColumn<T> = readonly [title: string, show: (row: T) => ReactNode];

export function PlainTable<T>({
  label,
  columns,
  rows,
  keyOf,
}: {
  readonly label: string;
  readonly columns: readonly PlainColumn<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
}): ReactNode {
  return (
    <Table aria-label={label} variant="compact" gridBreakPoint="grid-xl">
      <Thead>
        <Tr>
          {columns.map(([title]) => (
            <Th key={title} modifier="wrap">
              {title}
            </Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row) => (
          <Tr key={keyOf(row)}>
            {columns.map(([title, show]) => (
              <Td key={title} dataLabel={title}>
                {show(row)}
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
