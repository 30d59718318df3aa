/** A floppy image with files of this computer in it. The image stays where a file finds no room in it, and it is said which. */
import { FormGroup, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { usualFolder } from './disk-tree.ts';
import { useDiskText } from './disk-words.ts';
import { FilesField } from './FilesField.tsx';
import { useDiskWork } from './use-disk-work.ts';

export function MakeFloppy({
  host,
  onClose,
}: {
  readonly host: Host;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useDiskText();
  const { conclude, readAgain } = useDiskWork(host);
  const [folder, setFolder] = useState(usualFolder(host));
  const [name, setName] = useState('');
  const [label, setLabel] = useState('FLOPPY');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [made, setMade] = useState(false);
  const file = `${folder.replace(/\/+$/, '')}/${name}`;
  const send = async (): Promise<void> => {
    if (!made) {
      const { fault } = await conclude({ verb: 'create-floppy', file, label });
      if (fault !== null) throw new Error(fault.message);
      setMade(true);
    }
    for (const upload of files) {
      const query = { file, path: `/${upload.name}` };
      await client.call('host.disk.put-file', { params: { host: host.id }, query, upload });
    }
    await readAgain();
  };
  return (
    <FormDialog
      title={text('createFloppy')}
      verb={text('createFloppy')}
      look="primary"
      size="medium"
      canSend={name !== '' && folder.startsWith('/') && label !== ''}
      send={send}
      onClose={() => {
        onClose();
        void readAgain();
      }}
    >
      {(
        [
          ['folder', folder, setFolder, 1000],
          ['name', name, setName, 200],
          ['label', label, setLabel, 11],
        ] as const
      ).map(([key, value, onValue, maxLength]) => (
        <FormGroup key={key} label={text(key)} fieldId={`floppy-${key}`} isRequired>
          <TextInput
            id={`floppy-${key}`}
            isRequired
            isDisabled={made}
            autoFocus={key === 'name'}
            maxLength={maxLength}
            {...(key === 'name' ? { placeholder: 'drivers.img' } : {})}
            value={value}
            onChange={(_event, to) => onValue(to)}
          />
        </FormGroup>
      ))}
      <FilesField id="floppy-files" label={text('filesInIt')} files={files} onFiles={setFiles} />
    </FormDialog>
  );
}
