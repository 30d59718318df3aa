/** A list with all that belongs to one: filter, saved views, columns, export, and the window over its rows. */
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import type { Lists } from '../parts/ask.ts';
import { parseTexts, useRemembered } from '../parts/remembered.ts';
import { allOf } from './all-of.ts';
import type { Column } from './column.ts';
import { ColumnChooser } from './ColumnChooser.tsx';
import { ExportMenu } from './ExportMenu.tsx';
import type { FilteredList } from './fields.ts';
import { FilterInput } from './FilterInput.tsx';
import type { ListPlace } from './place.ts';
import { ViewMenu } from './ViewMenu.tsx';
import { WindowTable, type WindowTableProps } from './WindowTable.tsx';

type FilteredName = keyof Lists & FilteredList;
type Passed<N extends FilteredName> = Pick<
  WindowTableProps<N>,
  'name' | 'label' | 'selection' | 'menu' | 'rows' | 'fields'
>;

export interface ThingListProps<N extends FilteredName> extends Passed<N> {
  readonly columns: readonly Column<Lists[N]>[];
  /** Of what it remembers; default: its name. */
  readonly rememberAs?: string;
  /** Of a list that no order was chosen for. */
  readonly defaultSort: string;
  readonly place: ListPlace;
  readonly onPlace: (place: ListPlace) => void;
  readonly empty: { readonly all: string; readonly filtered: string };
  readonly example: string;
  /** Values of fields that the schema leaves open. */
  readonly known?: Readonly<Record<string, readonly string[]>>;
  /** Holds always, whatever a person filters by. */
  readonly within?: string;
  /** Beside the filter. */
  readonly extra?: ReactNode;
  /** Between the filter and the list. */
  readonly children?: ReactNode;
}

const nothing: Readonly<Record<string, readonly string[]>> = {};

export function ThingList<N extends FilteredName>(props: ThingListProps<N>): ReactNode {
  const { name, columns, place, onPlace, within, known = nothing, children } = props;
  const words = useWords();
  const { rememberAs = name } = props;
  const [stored, remember] = useRemembered(`columns.${rememberAs}`, parseTexts);
  const chosen = columns.filter(
    ({ key, first, always }) => always === true || (stored?.includes(key) ?? first),
  );
  const seen = chosen.length === 0 ? columns.slice(0, 1) : chosen;
  const sort = place.sort ?? props.defaultSort;
  const filter = allOf(within, place.filter);
  const go = (to: { readonly filter?: string; readonly sort?: string }): void => {
    const next = { ...place, ...to };
    onPlace({
      ...(next.filter === undefined || next.filter === '' ? {} : { filter: next.filter }),
      ...(next.sort === undefined || next.sort === props.defaultSort ? {} : { sort: next.sort }),
    });
  };
  return (
    <PageSection isFilled className="thing-list">
      <Toolbar inset={{ default: 'insetNone' }}>
        <ToolbarContent alignItems="center">
          <ToolbarItem className="filter-item">
            <FilterInput
              key={place.filter}
              filter={place.filter ?? ''}
              list={name}
              known={known}
              example={props.example}
              onFilter={(text) => go({ filter: text })}
            />
          </ToolbarItem>
          {props.extra !== undefined && <ToolbarItem>{props.extra}</ToolbarItem>}
          <ToolbarItem>
            <ViewMenu
              storedAs={`views.${rememberAs}`}
              view={{ filter: place.filter ?? '', sort, columns: seen.map(({ key }) => key) }}
              onView={(view) => {
                remember(view.columns);
                go({ filter: view.filter, sort: view.sort });
              }}
            />
          </ToolbarItem>
          <ToolbarItem>
            <ColumnChooser
              columns={columns
                .filter(({ always }) => always !== true)
                .map(({ key, title }) => ({ key, label: words.text(title) }))}
              chosen={seen.map(({ key }) => key)}
              onChoose={remember}
            />
          </ToolbarItem>
          <ToolbarItem>
            <ExportMenu
              name={name}
              columns={seen}
              query={{ sort, ...(filter === undefined ? {} : { filter }) }}
            />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {children}
      <WindowTable
        name={name}
        label={props.label}
        empty={place.filter === undefined ? props.empty.all : props.empty.filtered}
        columns={seen}
        sort={sort}
        filter={filter}
        onSort={(to) => go({ sort: to })}
        {...(props.selection === undefined ? {} : { selection: props.selection })}
        {...(props.menu === undefined ? {} : { menu: props.menu })}
        {...(props.fields === undefined ? {} : { fields: props.fields })}
        {...(props.rows === undefined ? {} : { rows: props.rows })}
      />
    </PageSection>
  );
}
