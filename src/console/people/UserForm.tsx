/** A user who is made or changed: full name, groups, password. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { User } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { usePeopleText } from './words.ts';

/** As the contract says. */
const leastPassword = 12;

export function UserForm({
  user,
  onDone,
  onClose,
}: {
  /** The one that is changed; absent: one is made. */
  readonly user: User | undefined;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = usePeopleText();
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState(user?.displayName ?? '');
  const [groups, setGroups] = useState(user?.groups.join(', ') ?? '');
  const [password, setPassword] = useState('');
  const send = async (): Promise<void> => {
    const body = {
      displayName: displayName.trim(),
      groups: readNames(groups),
      ...(password === '' ? {} : { password }),
    };
    if (user === undefined) {
      await client.call('user.create', { body: { name: name.trim(), ...body } });
      notices.tell(text('created', { name: name.trim() }));
    } else {
      await client.call('user.update', {
        params: { user: user.id },
        body,
        ifMatch: user.version,
      });
    }
    await onDone();
  };
  const isShort = password !== '' && password.length < leastPassword;
  return (
    <FormDialog
      title={user === undefined ? text('create') : text('change', { name: user.name })}
      verb={user === undefined ? text('create') : words.text('save')}
      look="primary"
      canSend={(user !== undefined || name.trim() !== '') && !isShort}
      send={send}
      onClose={onClose}
    >
      {user === undefined && (
        <FormGroup label={words.text('name')} fieldId="user-name" isRequired>
          <TextInput
            id="user-name"
            autoFocus
            isRequired
            autoComplete="off"
            maxLength={100}
            value={name}
            onChange={(_event, to) => setName(to)}
          />
        </FormGroup>
      )}
      <FormGroup label={text('displayName')} fieldId="user-display-name">
        <TextInput
          id="user-display-name"
          autoFocus={user !== undefined}
          autoComplete="off"
          maxLength={200}
          value={displayName}
          onChange={(_event, to) => setDisplayName(to)}
        />
      </FormGroup>
      <FormGroup label={text('groups')} fieldId="user-groups">
        <TextInput
          id="user-groups"
          autoComplete="off"
          aria-describedby="user-groups-hint"
          value={groups}
          onChange={(_event, to) => setGroups(to)}
        />
        <Hint id="user-groups-hint">{text('groupsHint')}</Hint>
      </FormGroup>
      <FormGroup label={text('passwordField')} fieldId="user-password">
        <TextInput
          id="user-password"
          type="password"
          autoComplete="new-password"
          maxLength={1024}
          validated={isShort ? 'error' : 'default'}
          aria-describedby="user-password-hint"
          value={password}
          onChange={(_event, to) => setPassword(to)}
        />
        <Hint id="user-password-hint" isError={isShort}>
          {text(user === undefined ? 'passwordCreate' : 'passwordChange')}
        </Hint>
      </FormGroup>
    </FormDialog>
  );
}

function Hint({
  id,
  isError = false,
  children,
}: {
  readonly id: string;
  readonly isError?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <FormHelperText>
      <HelperText id={id} isLiveRegion>
        <HelperTextItem variant={isError ? 'error' : 'default'}>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}

/** Names between commas, each once. */
export function readNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}
