/** What may be done with a team; what it would do to whom is said first, and it is one operation. */
import { Divider, DropdownItem } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { teamActionNames, type Team, type TeamAction } from '#api';
import { useWords } from '../console.ts';
import { thingHelp } from '../manual/help.ts';
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
  const [asked, setAsked] = useState<TeamAction | 'delete' | undefined>(undefined);
  return (
    <>
      <ThingMenu
        name={team.name}
        look={look}
        help={thingHelp.team}
        attributes={{ kind: 'team', id: team.id }}
      >
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
      {asked !== undefined && (
        <TeamDialog team={team} verb={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}
