/** Files of this computer, put into a folder inside a disk one after the other; each is there whole or not at all. */
import { useState, type ReactNode } from 'react';
import { useConsole } from '../../console.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { FilesField } from './FilesField.tsx';
import { useInnerText } from './inner-words.ts';
import type { DiskPlace } from './place.ts';

export function PutFiles({
  place: { host, file, partition, path = '/' },
  onClose,
}: {
  readonly place: DiskPlace;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const text = useInnerText();
  const [files, setFiles] = useState<readonly File[]>([]);
  const send = async (): Promise<void> => {
    for (const upload of files) {
      const inner = `${path === '/' ? '' : path}/${upload.name.replaceAll('\\', '\\\\')}`;
      const query = { file, path: inner, ...(partition === undefined ? {} : { partition }) };
      await client.call('host.disk.put-file', { params: { host }, query, upload });
    }
  };
  return (
    <FormDialog
      title={text('putIn', { path })}
      verb={text('put')}
      look="primary"
      size="medium"
      canSend={files.length > 0}
      send={send}
      onClose={onClose}
    >
      <FilesField id="put-files" label={text('files_')} files={files} onFiles={setFiles} />
    </FormDialog>
  );
}
