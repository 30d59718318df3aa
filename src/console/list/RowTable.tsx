/**
 * A table of any length in a box that scrolls: rows have one height and only those that are seen exist. On
 * narrow windows the first two columns stay and the others stand in one line below the first.
 */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Checkbox } from '@patternfly/react-core';
import { memo, useRef, type ReactNode, type RefObject } from 'react';
import { useWords } from '../console.ts';
import { useNarrow } from '../parts/use-narrow.ts';
import type { Column } from './column.ts';
import { openRowMenu, rowMenuClass } from './row-menu.ts';
import { useViewport, type Shown } from './use-viewport.ts';

const rowPx = 44;
const tallRowPx = 64;

export interface RowView {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly heightPx: number;
  readonly shown: Shown;
}

/** Which rows are seen. `beginning` changes when the list begins anew, at its top. */
export function useRowView(rows: 'low' | 'tall', beginning: string): RowView {
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const heightPx = rows === 'tall' || narrow ? tallRowPx : rowPx;
  return { box, heightPx, shown: useViewport(box, heightPx, beginning) };
}

export interface Selection<T> {
  readonly chosen: ReadonlyMap<string, T>;
  readonly toggle: (item: T) => void;
  /** All that match, or none. */
  readonly toggleAll: () => void;
}

export interface Order {
  /** The API's field, with a minus for descending. */
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}

export interface RowTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly view: RowView;
  /** How many rows there are; `open`: and perhaps more. */
  readonly total: number;
  readonly end?: 'open';
  /** Undefined while it is on the way. */
  readonly at: (index: number) => T | undefined;
  readonly keyOf: (item: T) => string;
  readonly order?: Order;
  /** Things that were selected, where they can be. */
  readonly selection?: Selection<T>;
  readonly menu?: (item: T) => ReactNode;
}

/** Inside the box of the view. */
export function RowTable<T>(props: RowTableProps<T>): ReactNode {
  const { label, columns, view, total, at, keyOf, order, selection, menu } = props;
  const { heightPx, shown } = view;
  const words = useWords();
  const narrow = useNarrow();
  const wide = narrow ? columns.slice(0, 2) : columns;
  const last = Math.min(shown.last, total - 1);
  const places = Array.from({ length: Math.max(0, last - shown.first + 1) }, (_, index) => index);
  return (
    <Table
      aria-label={label}
      variant="compact"
      gridBreakPoint=""
      isStickyHeader
      aria-rowcount={props.end === 'open' ? -1 : total + 1}
      className={menu === undefined ? 'list-table' : 'list-table with-menu'}
      style={{ minWidth: narrow ? 0 : `${minWidth(wide)}rem` }}
    >
      <colgroup>
        {selection !== undefined && <col className="list-check" />}
        {wide.map(({ key, width }, index) => (
          <col key={key} style={narrow ? narrowWidths[index] : { width: `${width}rem` }} />
        ))}
        {menu !== undefined && <col className="list-menu" />}
      </colgroup>
      <Thead>
        <Tr>
          {selection !== undefined && (
            <Th>
              <Checkbox
                id={`all ${label}`}
                aria-label={words.text('selectAll')}
                isChecked={selection.chosen.size > 0}
                onChange={selection.toggleAll}
              />
            </Th>
          )}
          {wide.map((column, index) => (
            <HeadCell key={column.key} column={column} index={index} order={order} />
          ))}
          {menu !== undefined && <Th screenReaderText={words.text('actions')} />}
        </Tr>
      </Thead>
      <Tbody>
        <Space rows={shown.first} heightPx={heightPx} />
        {places.map((place) => {
          const index = shown.first + place;
          const item = at(index);
          const key = item === undefined ? `place ${index}` : keyOf(item);
          return (
            <Row
              key={key}
              id={key}
              item={item}
              index={index}
              heightPx={heightPx}
              columns={wide}
              below={narrow ? columns.slice(2) : none}
              chosen={item !== undefined && selection?.chosen.has(key) === true}
              toggle={selection?.toggle}
              menu={menu}
            />
          );
        })}
        <Space rows={total - 1 - last} heightPx={heightPx} />
      </Tbody>
    </Table>
  );
}

const none: readonly never[] = [];
/** What there is of the width is for the first one, which holds the line below it too. */
const narrowWidths = [{ width: 'auto' }, { width: '7rem' }] as const;

function minWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, 5);
}

/** Stands for the rows that do not exist. */
function Space({
  rows,
  heightPx,
}: {
  readonly rows: number;
  readonly heightPx: number;
}): ReactNode {
  return rows > 0 ? <tr aria-hidden style={{ height: rows * heightPx }} /> : null;
}

function HeadCell<T>({
  column: { title, field },
  index,
  order,
}: {
  readonly column: Column<T>;
  readonly index: number;
  readonly order: Order | undefined;
}): ReactNode {
  const words = useWords();
  if (field === undefined || order === undefined)
    return <Th className="list-cell">{words.text(title)}</Th>;
  const { sort, onSort } = order;
  const direction = sort.startsWith('-') ? 'desc' : 'asc';
  return (
    <Th
      className="list-cell"
      sort={{
        columnIndex: index,
        sortBy: sort.replace(/^-/, '') === field ? { index, direction } : {},
        onSort: (_event, _index, wanted) => onSort(wanted.startsWith('desc') ? `-${field}` : field),
      }}
    >
      {words.text(title)}
    </Th>
  );
}

interface RowProps<T> {
  readonly id: string;
  readonly item: T | undefined;
  readonly index: number;
  readonly heightPx: number;
  readonly columns: readonly Column<T>[];
  readonly below: readonly Column<T>[];
  readonly chosen: boolean;
  readonly toggle: ((item: T) => void) | undefined;
  readonly menu: ((item: T) => ReactNode) | undefined;
}

function PlainRow<T>(props: RowProps<T>): ReactNode {
  const { id, item, index, heightPx, columns, below, chosen, toggle, menu } = props;
  const words = useWords();
  return (
    <Tr
      aria-rowindex={index + 2}
      style={{ height: heightPx }}
      isRowSelected={chosen}
      onContextMenu={openRowMenu}
    >
      {toggle !== undefined && (
        <Td>
          {item !== undefined && (
            <Checkbox
              id={`choose ${id}`}
              aria-label={words.text('selectRow', { name: columns[0]?.text(item, words) ?? id })}
              isChecked={chosen}
              onChange={() => toggle(item)}
            />
          )}
        </Td>
      )}
      {columns.map((column, place) => (
        <Td
          key={column.key}
          className="list-cell"
          dataLabel={words.text(column.title)}
          title={item === undefined ? '' : column.text(item, words)}
        >
          {item !== undefined && (column.show?.(item, words) ?? column.text(item, words))}
          {item !== undefined && place === 0 && below.length > 0 && (
            <div className="list-below">
              {below
                .map((one) => one.text(item, words))
                .filter((told) => told !== '' && told !== words.text('notAvailable'))
                .join(' · ')}
            </div>
          )}
        </Td>
      ))}
      {menu !== undefined && (
        <Td isActionCell className={rowMenuClass}>
          {item !== undefined && menu(item)}
        </Td>
      )}
    </Tr>
  );
}

const Row = memo(PlainRow) as typeof PlainRow;
