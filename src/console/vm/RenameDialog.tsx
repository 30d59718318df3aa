/** Another name for a vm; only if nobody else has changed it meanwhile. */
import { useState, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { NameField } from '../parts/NameField.tsx';
import { useOutcome } from '../parts/use-outcome.ts';

export function RenameDialog({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const tellOutcome = useOutcome();
  const words = useWords();
  const [name, setName] = useState(vm.name);
  const action = words.action('rename');
  const send = async (): Promise<void> => {
    const operation = await client.call('vm.update', {
      params: { vm: vm.id },
      body: { name },
      ifMatch: vm.version,
    });
    tellOutcome({ action, name }, operation);
  };
  return (
    <FormDialog
      title={`${action}: ${vm.name}`}
      verb={action}
      look="primary"
      canSend={name !== '' && name !== vm.name}
      send={send}
      onClose={onClose}
    >
      <NameField id="new-name" value={name} onValue={setName} />
    </FormDialog>
  );
}
