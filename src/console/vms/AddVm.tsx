/** Adding a vm that is there already, by its configuration file on a host; no file is copied or changed. */
import {
  Content,
  FormGroup,
  FormSelect,
  FormSelectOption,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { useList } from '../parts/ask.ts';
import { FolderField } from '../parts/FolderField.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useOutcome } from '../parts/use-outcome.ts';
import { useVmText } from '../vm/words/vm-words.ts';

const maxPathLength = 1024;

export function AddVm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useVmText();
  const tellOutcome = useOutcome();
  const hosts = useList('host.list', { sort: 'name', limit: 1000, filter: 'status = ready' });
  const [file, setFile] = useState('');
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const [folder, setFolder] = useState('/');
  const host = chosen ?? hosts.data?.items[0]?.id;
  const send = async (): Promise<void> => {
    const operation = await client.call('vm.add', {
      body: { file: file.trim(), folder, ...(host === undefined ? {} : { host }) },
    });
    tellOutcome({ action: words.operation('vm.add'), name: operation.target.name }, operation);
  };
  return (
    <FormDialog
      title={words.text('addVm')}
      verb={text('add')}
      look="primary"
      canSend={file.trim() !== ''}
      send={send}
      onClose={onClose}
    >
      <Content component="p">{text('addHint')}</Content>
      <FormGroup label={words.text('host')} fieldId="add-host">
        <FormSelect id="add-host" value={host} onChange={(_event, value) => setChosen(value)}>
          {hosts.data?.items.map(({ id, name }) => (
            <FormSelectOption key={id} value={id} label={name} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={text('configurationFile')} fieldId="add-file" isRequired>
        <TextInput
          id="add-file"
          autoComplete="off"
          isRequired
          maxLength={maxPathLength}
          value={file}
          onChange={(_event, value) => setFile(value)}
        />
      </FormGroup>
      <FolderField id="add-folder" value={folder} onValue={setFolder} />
    </FormDialog>
  );
}
