/** A vm is filed in another folder: what is granted on that one holds for it then. */
import { useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole } from '../console.ts';
import { FolderField } from '../parts/FolderField.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { useFolderText } from '../folders/words.ts';

export function FileDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const text = useFolderText();
  const [folder, setFolder] = useState(vm.folder);
  return (
    <FormDialog
      title={`${text('file')}: ${vm.name}`}
      verb={text('file')}
      look="primary"
      canSend={folder !== vm.folder}
      send={async () => {
        await client.call('vm.move', { params: { vm: vm.id }, body: { folder } });
        notices.tell(text('filed', { name: vm.name, folder }));
      }}
      onClose={onClose}
    >
      <FolderField id="file-folder" value={folder} onValue={setFolder} />
      <p>{text('fileExplain')}</p>
    </FormDialog>
  );
}
