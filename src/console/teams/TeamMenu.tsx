/** What may be done with a team; what it would do to whom is said first, and it is one operation. */
import { Divider, DropdownItem } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { teamActionNames, type Team, type TeamAction } from '#api';
import { useConsole, useWords } from '../console.ts';
import { PlanDialog } from '../parts/PlanDialog.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { DeleteTeam } from './DeleteTeam.tsx';

export function TeamMenu({
  team,
  look,
}: {
  readonly team: Team;
  readonly look: 'row' | 'page';
}): ReactNode {
  const { client, live, notices } = useConsole();
  const words = useWords();
  const [asked, setAsked] = useState<TeamAction | 'delete' | undefined>(undefined);
  const act = async (action: TeamAction): Promise<void> => {
    const values = { action: words.operation(`team.${action}`), name: team.name };
    try {
      const operation = await client.call('team.act', { params: { team: team.id, action } });
      live.onEnd(operation, ({ fault }) => {
        if (fault === null) notices.tell(words.text('actionTaken', values));
        else notices.fail(words.text('whatGoesWrong', values), fault);
      });
    } catch (error) {
      notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
  return (
    <>
      <ThingMenu name={team.name} look={look}>
        {teamActionNames.map((action) => (
          <DropdownItem key={action} onClick={() => setAsked(action)}>
            {words.operation(`team.${action}`)}
          </DropdownItem>
        ))}
        <Divider component="li" />
        <DropdownItem isDanger onClick={() => setAsked('delete')}>
          {words.text('delete')}
        </DropdownItem>
      </ThingMenu>
      {asked === 'delete' && <DeleteTeam team={team} onClose={() => setAsked(undefined)} />}
      {asked !== undefined && asked !== 'delete' && (
        <PlanDialog
          action={words.operation(`team.${asked}`)}
          name={team.name}
          look={asked === 'turn-off' ? 'danger' : 'primary'}
          planKey={['team.act', team.id, asked]}
          plan={(signal) =>
            client.dryRun('team.act', { params: { team: team.id, action: asked } }, signal)
          }
          onConfirm={() => void act(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}
