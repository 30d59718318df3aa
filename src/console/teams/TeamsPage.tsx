/** All teams, and the way to make another. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useRights } from '../access/use-rights.ts';
import { useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { ThingList } from '../list/ThingList.tsx';
import { useNarrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { CreateTeam } from './CreateTeam.tsx';
import { teamColumns } from './team-columns.tsx';
import { TeamMenu } from './TeamMenu.tsx';
import { useTeamText } from './words.ts';

export function TeamsPage(): ReactNode {
  const words = useWords();
  const { whyNot } = useRights();
  const narrowed = useNarrowed();
  const text = useTeamText();
  const navigate = useNavigate();
  const [creates, setCreates] = useState(false);
  return (
    <>
      <PageTitle title={words.text('teams')} help={pageHelp.teams} narrowed={narrowed}>
        <JudgedButton whyNot={whyNot('team.create')} onClick={() => setCreates(true)}>
          {text('create')}
        </JudgedButton>
      </PageTitle>
      <ThingList
        name="team.list"
        {...(narrowed === undefined ? {} : { within: `members.hostId = "${narrowed.id}"` })}
        label={words.text('teams')}
        columns={teamColumns}
        defaultSort="name"
        place={parseListPlace(useSearch({ strict: false }))}
        onPlace={(to) => void navigate({ to: '/teams', search: to })}
        empty={{ all: text('none'), filtered: text('noneFound') }}
        example={text('example')}
        menu={(team) => <TeamMenu team={team} look="row" />}
      />
      {creates && <CreateTeam onClose={() => setCreates(false)} />}
    </>
  );
}
