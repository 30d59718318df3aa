/** Asks before a team is deleted; its vms stay. */
import { Content } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Team } from '#api';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
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
  const { id, name } = team;
  const send = async (): Promise<void> => {
    await client.call('team.delete', { params: { team: id } });
    notices.tell(words.text('actionTaken', { action: words.text('delete'), name }));
    await navigate({ to: '/teams' });
    await queries.invalidateQueries({ queryKey: ['team.list'] });
  };
  return (
    <FormDialog
      title={words.text('deleteNamed', { name })}
      verb={words.text('delete')}
      look="danger"
      canSend
      send={send}
      onClose={onClose}
    >
      <Content component="p">{text('delete')}</Content>
    </FormDialog>
  );
}
