/** A vm of an offered template: called what, and where. What a quota has against it is shown. */
import { FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import type { CallInput, Offers } from '#api';
import { useConsole } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { NameField } from '../parts/NameField.tsx';
import { useOutcome } from '../parts/use-outcome.ts';
import type { OfferedTemplate } from './SelfServicePage.tsx';
import { useSelfServiceText } from './words.ts';

export function MakeVm({
  template,
  places,
  onClose,
}: {
  readonly template: OfferedTemplate;
  readonly places: Offers['places'];
  readonly onClose: () => void;
}): ReactNode {
  const { client, queries } = useConsole();
  const text = useSelfServiceText();
  const tellOutcome = useOutcome();
  const mine = places.filter(({ id }) => template.places.includes(id));
  const [name, setName] = useState('');
  const [folder, setFolder] = useState(mine[0]?.id ?? '');
  const params = { vm: template.id };
  // A copy of its own begins at once, on what the template is write-protected with.
  const body: CallInput<'vm.clone'>['body'] = { name, folder, linked: true };
  const send = async (): Promise<void> => {
    const operation = await client.call('vm.clone', { params, body });
    tellOutcome({ action: text('create'), name }, operation);
    await queries.invalidateQueries({ queryKey: ['offers.show'] });
  };
  return (
    <FormDialog
      title={text('createOf', { template: template.name })}
      verb={text('create')}
      look="primary"
      size="medium"
      canSend={name !== ''}
      send={send}
      onClose={onClose}
    >
      <NameField id="make-name" value={name} onValue={setName} />
      {mine.length > 1 && (
        <FormGroup label={text('folder')} fieldId="make-folder">
          <FormSelect id="make-folder" value={folder} onChange={(_event, to) => setFolder(to)}>
            {mine.map(({ id, path }) => (
              <FormSelectOption key={id} value={id} label={path} />
            ))}
          </FormSelect>
        </FormGroup>
      )}
    </FormDialog>
  );
}
