/**
 * A table of any length: rows have one height, only those that are seen exist, and their data is read by
 * windows. On narrow windows the first two columns stay and the others stand in one line below the first.
 */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Checkbox, EmptyState } from '@patternfly/react-core';
import { memo, useRef, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import type { ListName, ListQuestion, Lists } from '../parts/ask.ts';
import { useNarrow } from '../parts/use-narrow.ts';
import type { Column } from './column.ts';
import { useViewport } from './use-viewport.ts';
import { useWindows } from './use-windows.ts';

const rowPx = 44;
const tallRowPx = 64;

export interface WindowTableProps<N extends ListName> {
  readonly name: N;
  readonly label: string;
  readonly empty: string;
  readonly columns: readonly Column<Lists[N]>[];
  readonly sort: string;
  readonly filter: string | undefined;
  readonly onSort: (sort: string) => void;
  /** Things that were selected, where they can be. */
  readonly selection?: Selection<Lists[N]>;
  readonly menu?: (item: Lists[N]) => ReactNode;
  readonly rows?: 'low' | 'tall';
  /** Fields to read; default: all. */
  readonly fields?: string;
}

export interface Selection<T> {
  readonly chosen: ReadonlyMap<string, T>;
  readonly toggle: (item: T) => void;
  /** All that match, or none. */
  readonly toggleAll: () => void;
}

export function WindowTable<N extends ListName>(props: WindowTableProps<N>): ReactNode {
  const { name, label, empty, columns, sort, filter, fields, onSort, selection, menu } = props;
  const words = useWords();
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const height = props.rows === 'tall' || narrow ? tallRowPx : rowPx;
  const shown = useViewport(box, height, `${filter ?? ''} ${sort}`);
  const query = {
    sort,
    ...(filter === undefined ? {} : { filter }),
    ...(fields === undefined ? {} : { fields }),
  } as unknown as ListQuestion<N>;
  const { total, at, question } = useWindows(name, query, shown);
  const wide = narrow ? columns.slice(0, 2) : columns;
  const last = Math.min(shown.last, (total ?? 0) - 1);
  const places = Array.from({ length: Math.max(0, last - shown.first + 1) }, (_, index) => index);
  const failed = question !== undefined && question.error !== null;
  return (
    <div className="list-window" ref={box}>
      {question !== undefined && (total === undefined || failed) && (
        <Answer question={question}>{() => null}</Answer>
      )}
      {total === 0 && <EmptyState titleText={empty} headingLevel="h2" />}
      {total !== undefined && total > 0 && (
        <Table
          aria-label={label}
          variant="compact"
          gridBreakPoint=""
          isStickyHeader
          aria-rowcount={total + 1}
          className={menu === undefined ? 'list-table' : 'list-table with-menu'}
          style={{ minWidth: narrow ? 0 : `${minWidth(wide)}rem` }}
        >
          <colgroup>
            {selection !== undefined && <col className="list-check" />}
            {wide.map(({ key, width }) => (
              <col key={key} {...(narrow ? {} : { style: { width: `${width}rem` } })} />
            ))}
            {menu !== undefined && <col className="list-menu" />}
          </colgroup>
          <Thead>
            <Tr>
              {selection !== undefined && (
                <Th>
                  <Checkbox
                    id={`all ${name}`}
                    aria-label={words.text('selectAll')}
                    isChecked={selection.chosen.size > 0}
                    onChange={selection.toggleAll}
                  />
                </Th>
              )}
              {wide.map((column, index) => (
                <HeadCell
                  key={column.key}
                  column={column}
                  index={index}
                  sort={sort}
                  onSort={onSort}
                />
              ))}
              {menu !== undefined && <Th screenReaderText={words.text('actions')} />}
            </Tr>
          </Thead>
          <Tbody>
            <Space rows={shown.first} height={height} />
            {places.map((place) => {
              const index = shown.first + place;
              const item = at(index);
              return (
                <Row
                  key={item?.id ?? `place ${index}`}
                  item={item}
                  index={index}
                  height={height}
                  columns={wide}
                  below={narrow ? columns.slice(2) : none}
                  chosen={item !== undefined && selection?.chosen.has(item.id) === true}
                  toggle={selection?.toggle}
                  menu={menu}
                />
              );
            })}
            <Space rows={total - 1 - last} height={height} />
          </Tbody>
        </Table>
      )}
    </div>
  );
}

const none: readonly never[] = [];

function minWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, 5);
}

/** Stands for the rows that do not exist. */
function Space({ rows, height }: { readonly rows: number; readonly height: number }): ReactNode {
  return rows > 0 ? <tr aria-hidden style={{ height: rows * height }} /> : null;
}

function HeadCell<T>({
  column: { key, title, field },
  index,
  sort,
  onSort,
}: {
  readonly column: Column<T>;
  readonly index: number;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}): ReactNode {
  const words = useWords();
  const sorted = sort.replace(/^-/, '') === field;
  return (
    <Th
      key={key}
      modifier="truncate"
      {...(field === undefined
        ? {}
        : {
            sort: {
              columnIndex: index,
              sortBy: sorted
                ? { index, direction: sort.startsWith('-') ? ('desc' as const) : ('asc' as const) }
                : {},
              onSort: (_event, _index, direction) =>
                onSort(direction.startsWith('desc') ? `-${field}` : field),
            },
          })}
    >
      {words.text(title)}
    </Th>
  );
}

interface RowProps<T> {
  readonly item: T | undefined;
  readonly index: number;
  readonly height: number;
  readonly columns: readonly Column<T>[];
  readonly below: readonly Column<T>[];
  readonly chosen: boolean;
  readonly toggle: ((item: T) => void) | undefined;
  readonly menu: ((item: T) => ReactNode) | undefined;
}

function PlainRow<T extends { readonly id: string; readonly name?: string }>({
  item,
  index,
  height,
  columns,
  below,
  chosen,
  toggle,
  menu,
}: RowProps<T>): ReactNode {
  const words = useWords();
  return (
    <Tr aria-rowindex={index + 2} style={{ height }} isRowSelected={chosen}>
      {toggle !== undefined && (
        <Td>
          {item !== undefined && (
            <Checkbox
              id={`choose ${item.id}`}
              aria-label={words.text('selectRow', { name: item.name ?? item.id })}
              isChecked={chosen}
              onChange={() => toggle(item)}
            />
          )}
        </Td>
      )}
      {columns.map((column, place) => (
        <Td key={column.key} modifier="truncate" dataLabel={words.text(column.title)}>
          {item !== undefined && (column.show?.(item, words) ?? column.text(item, words))}
          {item !== undefined && place === 0 && below.length > 0 && (
            <div className="list-below">
              {below.map((one) => one.text(item, words)).join(' · ')}
            </div>
          )}
        </Td>
      ))}
      {menu !== undefined && <Td isActionCell>{item !== undefined && menu(item)}</Td>}
    </Tr>
  );
}

const Row = memo(PlainRow) as typeof PlainRow;
