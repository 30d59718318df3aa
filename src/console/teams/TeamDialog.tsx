/** What is asked before something is done to a team: what a command would do to whom, or whether to delete it. */
import type { ReactNode } from 'react';
import type { Team, TeamAction } from '#api';
import { useConsole, useWords } from '../console.ts';
import { PlanDialog } from '../parts/PlanDialog.tsx';
import { useOutcome } from '../parts/use-outcome.ts';
import { DeleteTeam } from './DeleteTeam.tsx';

export function TeamDialog({
  team,
  verb,
  onClose,
}: {
  readonly team: Team;
  readonly verb: TeamAction | 'delete';
  readonly onClose: () => void;
}): ReactNode {
  const { client, notices } = useConsole();
  const words = useWords();
  const tellOutcome = useOutcome();
  if (verb === 'delete') return <DeleteTeam team={team} onClose={onClose} />;
  const params = { team: team.id, action: verb };
  const values = { action: words.operation(`team.${verb}`), name: team.name };
  const act = async (): Promise<void> => {
    try {
      tellOutcome(values, await client.call('team.act', { params }));
    } catch (error) {
      notices.fail(words.text('whatGoesWrong', values), error);
    }
  };
  return (
    <PlanDialog
      action={values.action}
      name={team.name}
      look={verb === 'turn-off' ? 'danger' : 'primary'}
      planKey={['team.act', team.id, verb]}
      plan={(signal) => client.dryRun('team.act', { params }, signal)}
      onConfirm={() => void act()}
      onClose={onClose}
    />
  );
}
