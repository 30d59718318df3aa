/** One team: its state, its members in their order, what happened. */
import { PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Team } from '#api';
import { useConsole } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { pageHelp } from '../manual/help.ts';
import { ThingPage } from '../parts/ThingPage.tsx';
import { OperationTable } from '../work/OperationTable.tsx';
import { TeamMembers } from './TeamMembers.tsx';
import { TeamMenu } from './TeamMenu.tsx';
import { TeamPolicy } from './TeamPolicy.tsx';
import { TeamStateLabel } from './TeamStateLabel.tsx';

export function TeamPage(): ReactNode {
  const { team } = useParams({ strict: false }) as { team: string };
  const { client } = useConsole();
  const question = useQuery({
    queryKey: ['team.show', team],
    queryFn: ({ signal }) => client.call('team.show', { params: { team } }, signal),
  });
  return <Answer question={question}>{(found) => <Shown team={found} />}</Answer>;
}

function Shown({ team }: { readonly team: Team }): ReactNode {
  return (
    <ThingPage
      kind="teams"
      name={team.name}
      help={pageHelp.teams}
      side={
        <>
          <TeamStateLabel state={team.state} />
          <TeamMenu team={team} look="page" />
        </>
      }
    >
      <PageSection>
        {team.description !== '' && <p>{team.description}</p>}
        <TeamPolicy team={team} />
        <TeamMembers team={team} />
      </PageSection>
      <PageSection isFilled>
        <OperationTable filter={`target.id = "${team.id}"`} />
      </PageSection>
    </ThingPage>
  );
}
