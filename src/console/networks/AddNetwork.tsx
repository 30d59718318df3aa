/** A network out of its definition in a file: JSON with what a network is made of, as the command line shows one that is there. */
import { FormGroup, HelperText, HelperTextItem } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { networkCreateSchema, type CallInput } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useNetworkText } from './words.ts';

const maxBytes = 64 * 1024;

/** What a network is made of; facts of one that is there are left out. Throws where it is none. */
export function readNetworkFile(text: string): CallInput<'network.create'>['body'] {
  const parsed: unknown = JSON.parse(text);
  const object: object = typeof parsed === 'object' && parsed !== null ? parsed : {};
  // As hosts keep them the definition is a part of the file.
  const { definition = object } = object as { readonly definition?: unknown };
  const known = Object.entries(definition ?? {}).filter(
    ([key]) => key in networkCreateSchema.shape,
  );
  return networkCreateSchema.parse(Object.fromEntries(known));
}

export function AddNetwork({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useNetworkText();
  const navigate = useNavigate();
  const [file, setFile] = useState<File>();
  const send = async (): Promise<void> => {
    if (file === undefined) return;
    let body: CallInput<'network.create'>['body'];
    try {
      body = readNetworkFile(await file.slice(0, maxBytes).text());
    } catch (cause) {
      throw new Error(text('noDefinition', { file: file.name }), { cause });
    }
    const { id } = await client.call('network.create', { body });
    await navigate({ to: '/networks/$network', params: { network: id } });
  };
  return (
    <FormDialog
      title={text('add')}
      verb={words.text('addNetwork')}
      look="primary"
      canSend={file !== undefined}
      send={send}
      onClose={onClose}
    >
      <FormGroup label={text('definitionFile')} fieldId="network-file" isRequired>
        <input
          id="network-file"
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => setFile(currentTarget.files?.[0])}
        />
        <HelperText>
          <HelperTextItem>{text('definitionHint')}</HelperTextItem>
        </HelperText>
      </FormGroup>
    </FormDialog>
  );
}
