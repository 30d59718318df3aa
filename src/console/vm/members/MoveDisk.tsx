/** The file of a disk goes to another folder of its host, also while the vm runs. */
import {
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { placeName, vmStateFacts, type Disk, type Vm } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { FactList } from '../../parts/FactList.tsx';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { useHost } from '../../parts/ask.ts';
import { useOutcome } from '../../parts/use-outcome.ts';
import { useMoveDiskText } from './move-words.ts';

export function MoveDisk({
  vm,
  disk,
  onClose,
}: {
  readonly vm: Vm;
  readonly disk: Disk;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useMoveDiskText();
  const tellOutcome = useOutcome();
  const [typed, setTyped] = useState('');
  const host = useHost(vm.hostId);
  const name = placeName(disk);
  const action = words.operation('vm.disk.relocate');
  const before = disk.file.startsWith('/') ? disk.file : `${vm.path}/${disk.file}`;
  const folder = typed.trim().replace(/(?<=.)\/+$/, '');
  const after = `${folder === '/' ? '' : folder}/${before.slice(before.lastIndexOf('/') + 1)}`;
  const canSend = folder.startsWith('/') && after !== before;
  const send = async (): Promise<void> => {
    const request = { params: { vm: vm.id, place: name }, body: { path: folder } };
    tellOutcome({ action, name }, await client.call('vm.disk.relocate', request));
  };
  const known = [vm.path, ...(host.data?.settings.searchPath ?? [])];
  return (
    <FormDialog
      title={`${action}: ${name}`}
      verb={action}
      look="primary"
      canSend={canSend}
      send={send}
      onClose={onClose}
    >
      <FactList
        facts={[
          [text('before'), before],
          [text('after'), canSend ? after : '–'],
        ]}
      />
      <FormGroup label={text('folder')} fieldId="move-folder" isRequired>
        <TextInput
          id="move-folder"
          list="move-folders"
          isRequired
          autoFocus
          maxLength={1000}
          aria-describedby="move-why"
          value={typed}
          onChange={(_event, to) => setTyped(to)}
        />
        <datalist id="move-folders">
          {known.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <FormHelperText>
          <HelperText id="move-why">
            <HelperTextItem>
              {text(vmStateFacts[vm.state].live ? 'live' : 'cold')} {text('layered')}
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </FormDialog>
  );
}
