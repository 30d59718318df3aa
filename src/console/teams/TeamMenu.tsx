/** What may be done with a team; what it would do to whom is said first, and it is one operation. */
import { Divider } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { teamActionNames, type Team, type TeamAction } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
import { JudgedItem } from '../parts/JudgedItem.tsx';
import { ThingMenu } from '../parts/ThingMenu.tsx';
import { TeamDialog } from './TeamDialog.tsx';

export function TeamMenu({
  team,
  look,
}: {
  readonly team: Team;
  readonly look: 'row' | 'page';
}): ReactNode {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const { whyNot } = useRights({ team: team.id }, { enabled: open });
  const [asked, setAsked] = useState<TeamAction | 'delete' | undefined>(undefined);
  return (
    <>
      <ThingMenu
        name={team.name}
        look={look}
        onOpen={setOpen}
        help={thingHelp.team}
        attributes={{ kind: 'team', id: team.id }}
      >
        {teamActionNames.map((action) => (
          <JudgedItem key={action} whyNot={whyNot('team.act')} onClick={() => setAsked(action)}>
            {words.operation(`team.${action}`)}
          </JudgedItem>
        ))}
        <Divider component="li" />
        <JudgedItem isDanger whyNot={whyNot('team.delete')} onClick={() => setAsked('delete')}>
          {words.text('delete')}
        </JudgedItem>
      </ThingMenu>
      {asked !== undefined && (
        <TeamDialog team={team} verb={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}
