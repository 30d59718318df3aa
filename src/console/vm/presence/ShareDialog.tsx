/** Links by which people without an account look at the screen: made, shown once, listed, revoked. */
import {
  ActionGroup,
  Button,
  ClipboardCopy,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  ModalBody,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { ConsoleLinkMade, Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FailureAlert } from '../../parts/FailureAlert.tsx';
import { QrPicture } from '../../parts/QrPicture.tsx';
import { useVmText } from '../words/vm-words.ts';
import { useActedList } from './use-acted-list.ts';
import { Dialog } from '../../parts/Dialog.tsx';

/** In minutes. */
const lifetimes = [
  { key: 'lifetime.hour', minutes: 60 },
  { key: 'lifetime.day', minutes: 24 * 60 },
  { key: 'lifetime.week', minutes: 7 * 24 * 60 },
] as const;

export function ShareDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const [label, setLabel] = useState('');
  const [minutes, setMinutes] = useState(60);
  const [made, setMade] = useState<ConsoleLinkMade | undefined>(undefined);
  const params = { vm: vm.id };
  const { items, act, problem } = useActedList(['vm.console.link.list', vm.id], (signal) =>
    client.call('vm.console.link.list', { params }, signal),
  );
  const make = (event: FormEvent): void => {
    event.preventDefault();
    void act(async () => {
      const body = { label: label.trim(), minutes };
      setMade(await client.call('vm.console.link.create', { params, body }));
      setLabel('');
    });
  };
  const revoke = (link: string): Promise<void> =>
    act(async () => {
      await client.call('vm.console.link.delete', { params: { ...params, link } });
      if (made?.id === link) setMade(undefined);
    });
  return (
    <Dialog isOpen variant="medium" onClose={onClose} aria-labelledby="share">
      <ModalHeader labelId="share" title={text('share')} description={text('shareHint')} />
      <ModalBody>
        {problem !== undefined && <FailureAlert error={problem} />}
        <Form onSubmit={make}>
          <FormGroup label={text('shareFor')} fieldId="share-label" isRequired>
            <TextInput
              id="share-label"
              autoComplete="off"
              isRequired
              maxLength={60}
              value={label}
              onChange={(_event, to) => setLabel(to)}
            />
          </FormGroup>
          <FormGroup label={text('lifetime')} fieldId="share-minutes">
            <FormSelect
              id="share-minutes"
              value={minutes}
              onChange={(_event, to) => setMinutes(Number(to))}
            >
              {lifetimes.map((lifetime) => (
                <FormSelectOption
                  key={lifetime.key}
                  value={lifetime.minutes}
                  label={text(lifetime.key)}
                />
              ))}
            </FormSelect>
          </FormGroup>
          <ActionGroup>
            <Button type="submit" isDisabled={label.trim() === ''}>
              {text('makeLink')}
            </Button>
          </ActionGroup>
        </Form>
        {made !== undefined && (
          <ClipboardCopy
            className="share-made"
            isReadOnly
            hoverTip={words.text('copy')}
            clickTip={words.text('copied')}
            textAriaLabel={text('share')}
          >
            {`${location.origin}${made.path}`}
          </ClipboardCopy>
        )}
        {made !== undefined && (
          <QrPicture text={`${location.origin}${made.path}`} label={text('shareCode')} />
        )}
        <LinkList links={items} revoke={revoke} />
      </ModalBody>
    </Dialog>
  );
}

function LinkList({
  links,
  revoke,
}: {
  readonly links: readonly Omit<ConsoleLinkMade, 'path'>[];
  readonly revoke: (link: string) => Promise<void>;
}): ReactNode {
  const words = useWords();
  const text = useVmText();
  return (
    <ul className="share-links" aria-label={text('shareLinks')}>
      {links.map(({ id, label, creator, expiresAt }) => (
        <li key={id}>
          <strong>{label}</strong>
          <span>{text('shareUntil', { by: creator, time: words.time(expiresAt) })}</span>
          <Button
            variant="link"
            isInline
            aria-label={`${text('revoke')}: ${label}`}
            onClick={() => void revoke(id)}
          >
            {text('revoke')}
          </Button>
        </li>
      ))}
    </ul>
  );
}
