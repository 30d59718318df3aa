/** A short table that is shown as a whole: nothing is sorted, chosen or read on demand. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import type { Cell } from '../list/csv.ts';
import { writeCsvFile, writeJsonFile, type ExportFormat } from '../list/export.ts';
import { SaveMenu } from '../list/SaveMenu.tsx';

/** Title, which is unique, cell, and what a CSV file has of it: nothing where that is left out. */
export type PlainColumn<T> = readonly [
  title: string,
  show: (row: T) => ReactNode,
  raw?: (row: T) => Cell,
];

/** How a table is saved as a file. */
export interface SavedAs {
  /** Without an ending. */
  readonly fileName: string;
  /** What JSON has, as the API tells it. */
  readonly items: readonly unknown[];
}

interface PlainTableProps<T> {
  readonly label: string;
  readonly columns: readonly PlainColumn<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Over the table, at its beginning. */
  readonly head?: ReactNode;
  /** Whether it can be saved. */
  readonly savedAs?: SavedAs;
}

export function PlainTable<T>(props: PlainTableProps<T>): ReactNode {
  const { label, columns, rows, keyOf, head, savedAs } = props;
  return (
    <>
      {(head !== undefined || savedAs !== undefined) && (
        <div className="table-head">
          <div>{head}</div>
          {savedAs !== undefined && (
            <SaveMenu
              of={label}
              fileName={savedAs.fileName}
              write={(format) => Promise.resolve(writeTable(props, savedAs, format))}
            />
          )}
        </div>
      )}
      <Table aria-label={label} variant="compact" gridBreakPoint="grid-lg">
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
    </>
  );
}

function writeTable<T>(
  { columns, rows }: PlainTableProps<T>,
  { items }: SavedAs,
  format: ExportFormat,
): Blob {
  if (format === 'json') return writeJsonFile(items);
  const titles = columns.flatMap(([title, , raw]) => (raw === undefined ? [] : [title]));
  const cells = columns.flatMap(([, , raw]) => (raw === undefined ? [] : [raw]));
  return writeCsvFile(
    titles,
    rows.map((row) => cells.map((raw) => raw(row))),
  );
}
