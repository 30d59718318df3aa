/** Asks before a team is deleted; its vms stay. */
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Team } from '#api';
import { useConsole, useWords } from '../console.ts';
import { useTeamText } from './words.ts';

export function DeleteTeam({
  team,
  onClose,
}: {
  readonly team: Team;
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices, queries } = useConsole();
  const words = useWords();
  const text = useTeamText();
  const navigate = useNavigate();
  const remove = async (): Promise<void> => {
    const values = { action: words.text('delete'), name: team.name };
    try {
      await client.call('team.delete', { params: { team: team.id } });
      notices.tell(words.text('actionTaken', values));
      await navigate({ to: '/teams' });
      await queries.invalidateQueries({ queryKey: ['team.list'] });
    } catch (error) {
      notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="delete-team">
      <ModalHeader
        labelId="delete-team"
        titleIconVariant="warning"
        title={words.text('deleteNamed', { name: team.name })}
      />
      <ModalBody>{text('delete')}</ModalBody>
      <ModalFooter>
        <Button
          variant="danger"
          onClick={() => {
            onClose();
            void remove();
          }}
        >
          {words.text('delete')}
        </Button>
        <Button variant="link" autoFocus onClick={onClose}>
          {words.text('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
