/** The tree of folders, hosts, vms and images, by mouse and by keyboard; what is unfolded is remembered. */
import { SearchInput } from '@patternfly/react-core';
import { Link, useLocation } from '@tanstack/react-router';
import { useDeferredValue, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useWords } from '../../console.ts';
import { parseTexts, useRemembered } from '../../parts/remembered.ts';
import { KindIcon } from '../../parts/KindIcon.tsx';
import { moveInTree, type TreeLine } from './node.ts';
import { useTree } from './use-tree.ts';

const atFirst: readonly string[] = ['hosts'];

export function Tree(): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  const [stored, remember] = useRemembered('tree', (text) => parseTexts(text) ?? atFirst);
  const [search, setSearch] = useState('');
  const sought = useDeferredValue(search.trim());
  const open = new Set(stored);
  const lines = useTree(open, sought);
  const [at, setAt] = useState<string | undefined>(undefined);
  const list = useRef<HTMLUListElement>(null);
  const current = Math.max(
    0,
    lines.findIndex(({ key }) => key === at),
  );
  const toggle = (key: string): void => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    remember([...next].slice(-200));
  };
  const onKey = (event: KeyboardEvent): void => {
    const move = moveInTree(lines, current, event.key);
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === 'toggle') toggle(move.key);
    else {
      setAt(lines[move.index]?.key);
      list.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[move.index]?.focus();
    }
  };
  return (
    <div className="tree">
      <SearchInput
        aria-label={words.text('searchTree')}
        placeholder={words.text('searchTree')}
        resetButtonLabel={words.text('clear')}
        value={search}
        onChange={(_event, value) => setSearch(value)}
        onClear={() => setSearch('')}
      />
      {lines.length === 0 ? (
        <p className="tree-empty">{words.text('nothingFound')}</p>
      ) : (
        <ul role="tree" aria-label={words.text('tree')} ref={list} onKeyDown={onKey}>
          {lines.map((line, index) => (
            <Line
              key={line.key}
              line={line}
              here={line.depth > 0 && pathname === line.to && line.search === undefined}
              focusable={index === current}
              onFocus={() => setAt(line.key)}
              onToggle={() => toggle(line.key)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function Line({
  line: { key, label, thing, depth, open, sign, to, search, count },
  here,
  focusable,
  onFocus,
  onToggle,
}: {
  readonly line: TreeLine;
  readonly here: boolean;
  readonly focusable: boolean;
  readonly onFocus: () => void;
  readonly onToggle: () => void;
}): ReactNode {
  const words = useWords();
  const told = [sign?.word, thing && words.text(thing)].filter((part) => part !== undefined);
  return (
    <li role="none" className={`tree-line depth-${Math.min(depth, 8)}`} data-key={key}>
      {open === undefined ? (
        <span className="tree-fold" />
      ) : (
        <span className="tree-fold" aria-hidden onClick={onToggle}>
          {open ? '▾' : '▸'}
        </span>
      )}
      <Link
        role="treeitem"
        to={to}
        search={search ?? {}}
        tabIndex={focusable ? 0 : -1}
        aria-level={depth + 1}
        {...(open === undefined ? {} : { 'aria-expanded': open })}
        aria-selected={here}
        onFocus={onFocus}
        onClick={() => {
          if (open === false) onToggle();
        }}
      >
        {thing !== undefined && (
          <span className={`sign ${sign?.tone ?? ''}`} title={told.join(', ')} aria-hidden>
            <KindIcon kind={thing} />
            {sign?.glyph}
          </span>
        )}
        {label}
        {told.length > 0 && <span className="pf-v6-screen-reader">{` – ${told.join(', ')}`}</span>}
        {count !== undefined && <span className="tree-count">{words.count(count)}</span>}
      </Link>
    </li>
  );
}
