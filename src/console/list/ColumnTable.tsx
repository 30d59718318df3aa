/** A few things as a table from the columns of their list; on narrow windows each row becomes a card. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import type { Column } from './column.ts';

export function ColumnTable<T>({
  label,
  columns,
  items,
  keyOf,
  menu,
}: {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  readonly menu?: (item: T) => ReactNode;
}): ReactNode {
  const words = useWords();
  return (
    <Table aria-label={label} variant="compact" gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          {columns.map(({ key, title }) => (
            <Th key={key}>{words.text(title)}</Th>
          ))}
          {menu !== undefined && <Th screenReaderText={words.text('actions')} />}
        </Tr>
      </Thead>
      <Tbody>
        {items.map((item) => (
          <Tr key={keyOf(item)}>
            {columns.map((column) => (
              <Td key={column.key} dataLabel={words.text(column.title)} modifier="breakWord">
                {column.show?.(item, words) ?? column.text(item, words)}
              </Td>
            ))}
            {menu !== undefined && <Td isActionCell>{menu(item)}</Td>}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
