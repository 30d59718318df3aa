/** The processor resources of one vm as a form; what is saved holds at once, while the vm runs too. */
import { useState, type ReactNode } from 'react';
import { vmResourcesSchema, type Vm, type VmResources } from '#api';
import { useConsole, useWords } from '../../console.ts';
import { useOutcome } from '../../parts/use-outcome.ts';
import { PatchDialog } from '../../vm/settings/PatchDialog.tsx';
import { useResourceText } from './words.ts';

export function ChangeResources({
  vm,
  onClose,
}: {
  readonly vm: Vm;
  readonly onClose: () => void;
}): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useResourceText();
  const tellOutcome = useOutcome();
  // What somebody else saves while the form is open is not overwritten.
  const [{ version, definition }] = useState(vm);
  const send = async (resources: Partial<VmResources>): Promise<void> => {
    const operation = await client.call('vm.update', {
      params: { vm: vm.id },
      body: { resources },
      ifMatch: version,
    });
    tellOutcome({ action: words.operation('vm.update'), name: vm.name }, operation);
  };
  return (
    <PatchDialog
      title={text('change', { name: vm.name })}
      verb={words.text('save')}
      schema={vmResourcesSchema}
      value={definition.resources}
      send={send}
      onClose={onClose}
    />
  );
}
