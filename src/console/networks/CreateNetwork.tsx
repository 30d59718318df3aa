/** A new network in one step: all but its name has a sensible value. */
import {
  Checkbox,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Radio,
  TextInput,
} from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { NetworkType } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { NameField } from '../parts/NameField.tsx';
import { nameSetting } from '../vm/words/setting-words.ts';
import { useNetworkText } from './words.ts';

/** The usual one first. */
const types: readonly NetworkType[] = ['nat', 'host-only', 'internal', 'bridged'];

export function CreateNetwork({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useNetworkText();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [type, setType] = useState<NetworkType>('nat');
  const [subnet, setSubnet] = useState('');
  const [adapter, setAdapter] = useState('');
  const [spans, setSpans] = useState(false);
  const isBridged = type === 'bridged';
  const canSpan = type === 'internal' || type === 'nat';
  const send = async (): Promise<void> => {
    const { id } = await client.call('network.create', {
      body: {
        name,
        type,
        ...(isBridged ? { adapter } : {}),
        ...(isBridged || subnet === '' ? {} : { ipv4: { subnet } }),
        ...(canSpan && spans ? { span: {} } : {}),
      },
    });
    await navigate({ to: '/networks/$network', params: { network: id } });
  };
  return (
    <FormDialog
      title={text('create')}
      verb={words.text('create')}
      look="primary"
      canSend={name !== '' && (!isBridged || adapter !== '')}
      send={send}
      onClose={onClose}
    >
      <NameField id="network-name" value={name} onValue={setName} />
      <FormGroup role="radiogroup" label={words.text('type')} isStack>
        {types.map((one) => (
          <Radio
            key={one}
            id={`network-${one}`}
            name="network-type"
            label={text(`type.${one}`)}
            isChecked={type === one}
            onChange={() => setType(one)}
          />
        ))}
      </FormGroup>
      {isBridged ? (
        <FormGroup label={nameSetting(words, 'adapter')} fieldId="network-adapter" isRequired>
          <TextInput
            id="network-adapter"
            isRequired
            autoComplete="off"
            value={adapter}
            aria-describedby="network-adapter-hint"
            onChange={(_event, to) => setAdapter(to)}
          />
          <FormHelperText>
            <HelperText id="network-adapter-hint">
              <HelperTextItem>{text('adapterHint')}</HelperTextItem>
            </HelperText>
          </FormHelperText>
        </FormGroup>
      ) : (
        <FormGroup label={nameSetting(words, 'subnet')} fieldId="network-subnet">
          <TextInput
            id="network-subnet"
            autoComplete="off"
            placeholder={text(type === 'internal' ? 'subnetOptional' : 'automatic')}
            value={subnet}
            onChange={(_event, to) => setSubnet(to)}
          />
        </FormGroup>
      )}
      {canSpan && (
        <Checkbox
          id="network-spans"
          label={text('spans')}
          isChecked={spans}
          onChange={(_event, checked) => setSpans(checked)}
        />
      )}
    </FormDialog>
  );
}
