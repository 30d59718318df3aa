/**
 * The command palette: every page, every thing by its name, and every action on it as the API's table
 * allows it, without a mouse. First the thing is chosen, then what to do; the escape key goes back.
 */
import { ModalBody, ModalHeader, TextInput } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useState, type KeyboardEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { useWords } from '../../console.ts';
import { AskedDialog } from './AskedDialog.tsx';
import { nameOf, type Asked, type Entry, type Thing } from './entries.ts';
import { useEntries } from './use-entries.ts';
import { Dialog } from '../../parts/Dialog.tsx';

export function Palette({
  open,
  onOpen,
}: {
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
}): ReactNode {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  return (
    <>
      {open && <PaletteDialog onClose={() => onOpen(false)} onAsk={setAsked} />}
      {asked !== undefined && <AskedDialog asked={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

function PaletteDialog({
  onClose,
  onAsk,
}: {
  readonly onClose: () => void;
  readonly onAsk: (asked: Asked) => void;
}): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Thing | undefined>(undefined);
  const [active, setActive] = useState(0);
  /**
   * What was typed after the enter key, while the entries did not yet answer what was typed before it: they are
   * not acted on, and nothing that a fast person types is lost. Undefined where no enter key waits.
   */
  const [ahead, setAhead] = useState<string | undefined>(undefined);
  const { entries, settled } = useEntries(text.trim(), chosen);
  const write = (next: string): void => {
    setText(next);
    setActive(0);
  };
  const take = ({ deed }: Entry, next = ''): void => {
    switch (deed?.kind) {
      case undefined:
        return;
      case 'choose':
        setChosen(deed.thing);
        write(next);
        return;
      case 'go':
        void navigate({ href: deed.to });
        break;
      case 'ask':
        onAsk(deed.asked);
        break;
      case 'act':
        deed.act();
        break;
    }
    onClose();
  };
  const enter = useEffectEvent((typed: string): void => {
    const [next, ...more] = typed.split('\n');
    setAhead(more.length === 0 ? undefined : more.join('\n'));
    const entry = entries[active];
    if (entry !== undefined) take(entry, next);
  });
  useEffect(() => {
    if (ahead === undefined || !settled) return;
    // Whole before the next key comes, which would else be taken for one that still waits.
    queueMicrotask(() => flushSync(() => enter(ahead)));
  }, [ahead, settled]);
  const onKey = (event: KeyboardEvent): void => {
    if (ahead !== undefined) {
      const typed = event.key === 'Enter' ? '\n' : event.key;
      if (typed.length !== 1 || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      setAhead(ahead + typed);
      return;
    }
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by !== 0 && entries.length > 0) {
      event.preventDefault();
      setActive((active + by + entries.length) % entries.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      setAhead('');
    } else if (chosen !== undefined && event.key === 'Backspace' && text === '') {
      setChosen(undefined);
    }
  };
  const back = (event: globalThis.KeyboardEvent): void => {
    if (chosen === undefined) onClose();
    else {
      event.stopPropagation();
      setChosen(undefined);
      write('');
    }
  };
  return (
    <Dialog
      isOpen
      variant="medium"
      position="top"
      aria-labelledby="palette"
      onClose={onClose}
      onEscapePress={back}
    >
      <ModalHeader
        labelId="palette"
        title={chosen === undefined ? words.text('palette') : nameOf(chosen)}
      />
      <ModalBody>
        <TextInput
          autoFocus
          role="combobox"
          aria-label={words.text('palette')}
          aria-expanded={entries.length > 0}
          aria-controls="palette-list"
          aria-autocomplete="list"
          {...(entries.length === 0 ? {} : { 'aria-activedescendant': `palette-${active}` })}
          placeholder={words.text('paletteHint')}
          autoComplete="off"
          value={text}
          onChange={(_event, value) => write(value)}
          onKeyDown={onKey}
        />
        <ul
          className="palette"
          role="listbox"
          id="palette-list"
          aria-label={words.text('suggestions')}
        >
          {entries.map((entry, index) => (
            <li
              key={`${entry.label} ${entry.detail} ${index}`}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === active}
              aria-disabled={entry.deed === undefined}
              onClick={() => take(entry)}
            >
              <span>{entry.label}</span>
              <span className="palette-detail">{entry.detail}</span>
            </li>
          ))}
        </ul>
        {entries.length === 0 && <p>{words.text('nothingFound')}</p>}
      </ModalBody>
    </Dialog>
  );
}
