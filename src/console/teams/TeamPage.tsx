/** One team: its state, its members in their order, what happened. */
import { Breadcrumb, BreadcrumbItem, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Team } from '#api';
import { useConsole, useWords } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
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
  const words = useWords();
  return (
    <>
      <PageSection>
        <Breadcrumb>
          <BreadcrumbItem
            render={({ className }) => (
              <Link className={className} to="/teams">
                {words.text('teams')}
              </Link>
            )}
          />
          <BreadcrumbItem isActive>{team.name}</BreadcrumbItem>
        </Breadcrumb>
      </PageSection>
      <PageTitle title={team.name}>
        <span className="title-side">
          <TeamStateLabel state={team.state} />
          <TeamMenu team={team} look="page" />
        </span>
      </PageTitle>
      <PageSection>
        {team.description !== '' && <p>{team.description}</p>}
        <TeamPolicy team={team} />
        <TeamMembers team={team} />
      </PageSection>
      <PageSection isFilled>
        <OperationTable filter={`target.id = "${team.id}"`} />
      </PageSection>
    </>
  );
}
