/**
 * A filter in the API's language; while it is typed, what may come next is listed (WAI-ARIA combobox).
 * The list's fields are asked for by whoever is about to write.
 */
import { SearchInput } from '@patternfly/react-core';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { fetchPart } from '../parts/lazy-part.ts';
import type { FilteredList } from './fields.ts';
import { suggest, type FilterField } from './suggest.ts';

export function FilterInput({
  list,
  filter,
  known,
  example,
  onFilter,
}: {
  readonly list: FilteredList;
  readonly filter: string;
  readonly known: Readonly<Record<string, readonly string[]>>;
  readonly example: string;
  readonly onFilter: (filter: string) => void;
}): ReactNode {
  const words = useWords();
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const [fields, setFields] = useState<readonly FilterField[]>([]);
  const [text, setText] = useState(filter);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const suggestions = open ? suggest(text, fields, known) : [];
  const shown = suggestions.length > 0;
  useEffect(() => {
    const element = input.current;
    if (element === null) return;
    element.setAttribute('role', 'combobox');
    element.setAttribute('aria-autocomplete', 'list');
    element.setAttribute('aria-expanded', String(shown));
    if (shown) element.setAttribute('aria-controls', listId);
    else element.removeAttribute('aria-controls');
    if (shown && active >= 0) element.setAttribute('aria-activedescendant', `${listId}-${active}`);
    else element.removeAttribute('aria-activedescendant');
  }, [shown, active, listId]);
  const learn = async (): Promise<void> => {
    const { fieldsOf } = await fetchPart(() => import('./fields.ts'));
    setFields(fieldsOf(list));
  };
  const write = (next: string): void => {
    setText(next);
    setOpen(true);
    setActive(-1);
  };
  const send = (next: string): void => {
    setOpen(false);
    setActive(-1);
    onFilter(next.trim());
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      const by = event.key === 'ArrowDown' ? 1 : -1;
      if (shown) setActive((active + by + suggestions.length) % suggestions.length);
    } else if (event.key === 'Escape' && shown) {
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === 'Tab' && shown && active >= 0) {
      event.preventDefault();
      write(suggestions[active]?.text ?? text);
    }
  };
  return (
    <div
      className="filter"
      onFocus={() => {
        if (fields.length === 0) void learn();
      }}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <SearchInput
        ref={input}
        aria-label={words.text('filter')}
        placeholder={example}
        submitSearchButtonLabel={words.text('filter')}
        resetButtonLabel={words.text('clear')}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={(_event, value) => write(value)}
        onKeyDown={onKey}
        onSearch={(event) => {
          const chosen = shown && event.type === 'keydown' ? suggestions[active] : undefined;
          if (chosen === undefined) send(text);
          else write(chosen.text);
        }}
        onClear={() => {
          setText('');
          send('');
        }}
      />
      {shown && (
        <ul
          className="suggestions"
          role="listbox"
          id={listId}
          aria-label={words.text('suggestions')}
        >
          {suggestions.map(({ text: next, label }, index) => (
            <li
              key={label}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              onMouseDown={(event) => {
                event.preventDefault();
                write(next);
                input.current?.focus();
              }}
            >
              {label}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
