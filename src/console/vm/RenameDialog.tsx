/** Another name for a vm; only if nobody else has changed it meanwhile. */
import {
  Button,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
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
  const [failure, setFailure] = useState<unknown>(undefined);
  const rename = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const values = { action: words.action('rename'), name };
    try {
      const operation = await client.call('vm.update', {
        params: { vm: vm.id },
        body: { name },
        ifMatch: vm.version,
      });
      tellOutcome(values, operation);
      onClose();
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="rename">
      <ModalHeader labelId="rename" title={`${words.action('rename')}: ${vm.name}`} />
      <ModalBody>
        <Form id="rename-form" onSubmit={(event) => void rename(event)}>
          {failure !== undefined && <FailureAlert error={failure} />}
          <FormGroup label={words.text('name')} fieldId="new-name" isRequired>
            <TextInput
              id="new-name"
              autoFocus
              autoComplete="off"
              isRequired
              maxLength={100}
              value={name}
              onChange={(_event, to) => setName(to)}
            />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="rename-form" isDisabled={name === '' || name === vm.name}>
          {words.action('rename')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
