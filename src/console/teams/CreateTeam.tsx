/** A new team by its name; its members are added on its page. */
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
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { FailureAlert } from '../parts/FailureAlert.tsx';
import { useTeamText } from './words.ts';

export function CreateTeam({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useTeamText();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<unknown>(undefined);
  const create = async (): Promise<void> => {
    try {
      const { id } = await client.call('team.create', { body: { name } });
      await navigate({ to: '/teams/$team', params: { team: id } });
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="create-team">
      <ModalHeader labelId="create-team" title={text('create')} />
      <ModalBody>
        {failure !== undefined && <FailureAlert error={failure} />}
        <Form
          id="create-team-form"
          onSubmit={(event) => {
            event.preventDefault();
            void create();
          }}
        >
          <FormGroup label={words.text('name')} fieldId="team-name" isRequired>
            <TextInput
              id="team-name"
              autoFocus
              isRequired
              value={name}
              onChange={(_event, value) => setName(value)}
            />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="create-team-form" isDisabled={name === ''}>
          {words.text('create')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
