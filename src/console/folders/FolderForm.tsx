/** A folder that is made, or gets another name or place. */
import { FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Folder } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { NameField } from '../parts/NameField.tsx';
import { useFolderText } from './words.ts';

export function FolderForm({
  folder,
  parent,
  folders,
  onClose,
}: {
  /** The one that is changed; absent: one is made. */
  readonly folder: Folder | undefined;
  /** The path that is offered first. */
  readonly parent: string;
  readonly folders: readonly Folder[];
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const text = useFolderText();
  const [name, setName] = useState(folder?.name ?? '');
  const [above, setAbove] = useState(parent);
  const send = async (): Promise<void> => {
    if (folder === undefined) {
      await client.call('folder.create', { body: { name, parent: above } });
      notices.tell(text('created', { folder: name }));
      return;
    }
    await client.call('folder.update', {
      params: { folder: folder.id },
      body: { name, parent: above },
      ifMatch: folder.version,
    });
    notices.tell(text('changed', { folder: name }));
  };
  // Into itself or what lies in it nothing is moved.
  const places = folders.filter(
    ({ path }) =>
      folder === undefined || (path !== folder.path && !path.startsWith(`${folder.path}/`)),
  );
  const verb = folder === undefined ? text('create') : words.text('save');
  return (
    <FormDialog
      title={folder === undefined ? text('create') : text('change', { folder: folder.path })}
      verb={verb}
      look="primary"
      canSend={name !== '' && (folder === undefined || name !== folder.name || above !== parent)}
      send={send}
      onClose={onClose}
    >
      <NameField id="folder-name" value={name} onValue={setName} />
      <FormGroup label={text('parent')} fieldId="folder-parent">
        <FormSelect id="folder-parent" value={above} onChange={(_event, path) => setAbove(path)}>
          {places.map(({ path }) => (
            <FormSelectOption key={path} value={path} label={path} />
          ))}
        </FormSelect>
      </FormGroup>
    </FormDialog>
  );
}
