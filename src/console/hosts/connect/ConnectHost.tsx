/** A hypervisor that others run is connected, or reached in another way; the server says what stands against it. */
import { Checkbox, Content, ExpandableSection, FormGroup, TextInput } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { Hint } from '../../parts/Hint.tsx';
import { addBody, connectBody, noAnswers, type ConnectAnswers } from './connect-body.ts';
import { useConnectText, type ConnectTextKey } from './connect-words.ts';

export function ConnectHost({
  host,
  onClose,
}: {
  /** Whose connection is changed; absent: a new one is connected. */
  readonly host?: Host;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useConnectText();
  const navigate = useNavigate();
  const [answers, setAnswers] = useState<ConnectAnswers>({
    ...noAnswers,
    address: host?.connection?.address ?? '',
    user: host?.connection?.user ?? '',
  });
  const change = (part: Partial<ConnectAnswers>): void => setAnswers({ ...answers, ...part });
  const send = async (): Promise<void> => {
    if (host !== undefined) {
      await client.call('host.connect', {
        params: { host: host.id },
        body: connectBody(answers),
      });
      return;
    }
    const { id } = await client.call('host.add', { body: addBody(answers) });
    await navigate({ to: '/hosts/$host', params: { host: id } });
  };
  const field = (
    key: 'address' | 'name' | 'user' | 'password' | 'managerUrl',
    more: { readonly hint?: ConnectTextKey; readonly placeholder?: ConnectTextKey } = {},
  ): ReactNode => (
    <FormGroup label={text(key)} fieldId={`connect-${key}`} isRequired={key === 'address'}>
      <TextInput
        id={`connect-${key}`}
        type={key === 'password' ? 'password' : 'text'}
        autoComplete={key === 'password' ? 'new-password' : 'off'}
        maxLength={4096}
        isRequired={key === 'address'}
        value={answers[key]}
        {...(more.placeholder === undefined ? {} : { placeholder: text(more.placeholder) })}
        {...(more.hint === undefined ? {} : { 'aria-describedby': `connect-${key}-hint` })}
        onChange={(_event, value) => change({ [key]: value })}
      />
      {more.hint !== undefined && <Hint id={`connect-${key}-hint`}>{text(more.hint)}</Hint>}
    </FormGroup>
  );
  return (
    <FormDialog
      title={host === undefined ? text('connect') : `${text('change')}: ${host.name}`}
      verb={text('verb')}
      look="primary"
      size="medium"
      canSend={answers.address.trim() !== ''}
      send={send}
      onClose={onClose}
    >
      <Content component="p">{text(host === undefined ? 'hint' : 'changeHint')}</Content>
      {field('address', { hint: 'addressHint' })}
      {host === undefined && field('name', { placeholder: 'usualName' })}
      <ExpandableSection toggleText={text('signIn')}>
        {field('user', { hint: 'userHint' })}
        {field('password', { hint: 'passwordHint' })}
        <Checkbox
          id="connect-unverified"
          label={text('unverified')}
          isChecked={answers.allowUnverified}
          onChange={(_event, allowUnverified) => change({ allowUnverified })}
        />
      </ExpandableSection>
      {host === undefined && (
        <ExpandableSection toggleText={text('more')}>{field('managerUrl')}</ExpandableSection>
      )}
    </FormDialog>
  );
}
