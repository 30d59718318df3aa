/**
 * The command palette: every page, every thing by its name, and every action on it as the API's table
 * allows it, without a mouse. First the thing is chosen, then what to do; the escape key goes back.
 */
import { Modal, ModalBody, ModalHeader, TextInput } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Host, Image, Vm } from '#api';
import { useWords } from '../../console.ts';
import { HostActionDialog } from '../../hosts/HostActionDialog.tsx';
import { asksFirst, type AskedHostAction } from '../../hosts/host-actions.ts';
import { useActOnHost } from '../../hosts/use-act-on-host.ts';
import { DeleteImage } from '../../images/DeleteImage.tsx';
import { isOffered, useAct, type OfferedAction } from '../../vm/act.ts';
import { ConfirmAction } from '../../vm/ConfirmAction.tsx';
import type { Chosen, Entry } from './entries.ts';
import { detailOf, labelOf, useEntries } from './use-entries.ts';

type Asked =
  | { readonly kind: 'vm'; readonly vm: Vm; readonly action: OfferedAction; readonly loss: string }
  | { readonly kind: 'host'; readonly host: Host; readonly action: AskedHostAction }
  | { readonly kind: 'image'; readonly image: Image };

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

function AskedDialog({
  asked,
  onClose,
}: {
  readonly asked: Asked;
  readonly onClose: () => void;
}): ReactNode {
  switch (asked.kind) {
    case 'vm':
      return (
        <ConfirmAction vm={asked.vm} action={asked.action} loss={asked.loss} onClose={onClose} />
      );
    case 'host':
      return <HostActionDialog host={asked.host} action={asked.action} onClose={onClose} />;
    case 'image':
      return <DeleteImage image={asked.image} onClose={onClose} />;
  }
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
  const act = useAct();
  const actOnHost = useActOnHost();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
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
  const go = (to: string): void => void navigate({ href: to });
  const take = (entry: Entry, next = ''): void => {
    switch (entry.kind) {
      case 'vm':
      case 'host':
      case 'image':
        setChosen(entry);
        write(next);
        return;
      case 'page':
        go(entry.to);
        break;
      case 'vm-action': {
        const { action, allowed, confirm } = entry.allowed;
        if (!allowed) return;
        if (action === 'screen' || action === 'serial') go(`/vms/${entry.vm.id}?tab=${action}`);
        else if (isOffered(action)) {
          if (confirm === undefined) void act(entry.vm, action);
          else onAsk({ kind: 'vm', vm: entry.vm, action, loss: words.loss(action, confirm) });
        }
        break;
      }
      case 'host-action':
        if (asksFirst(entry.action))
          onAsk({ kind: 'host', host: entry.host, action: entry.action });
        else void actOnHost(entry.host, entry.action);
        break;
      case 'image-action':
        onAsk({ kind: 'image', image: entry.image });
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
    if (ahead !== undefined && settled) enter(ahead);
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
    <Modal
      isOpen
      variant="medium"
      position="top"
      aria-labelledby="palette"
      onClose={onClose}
      onEscapePress={back}
    >
      <ModalHeader
        labelId="palette"
        title={chosen === undefined ? words.text('palette') : labelOf(chosen, words)}
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
              key={`${entry.kind} ${labelOf(entry, words)} ${index}`}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === active}
              aria-disabled={entry.kind === 'vm-action' && !entry.allowed.allowed}
              onClick={() => take(entry)}
            >
              <span>{labelOf(entry, words)}</span>
              <span className="palette-detail">{detailOf(entry, words)}</span>
            </li>
          ))}
        </ul>
        {entries.length === 0 && <p>{words.text('nothingFound')}</p>}
      </ModalBody>
    </Modal>
  );
}
