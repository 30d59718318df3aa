/** A new team by its name; its members are added on its page. */
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { FormDialog } from '../parts/FormDialog.tsx';
import { NameField } from '../parts/NameField.tsx';
import { useTeamText } from './words.ts';

export function CreateTeam({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const text = useTeamText();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const send = async (): Promise<void> => {
    const { id } = await client.call('team.create', { body: { name } });
    await navigate({ to: '/teams/$team', params: { team: id } });
  };
  return (
    <FormDialog
      title={text('create')}
      verb={words.text('create')}
      look="primary"
      canSend={name !== ''}
      send={send}
      onClose={onClose}
    >
      <NameField id="team-name" value={name} onValue={setName} />
    </FormDialog>
  );
}
