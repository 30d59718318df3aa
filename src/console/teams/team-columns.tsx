/** The columns of teams. */
import { Link } from '@tanstack/react-router';
import type { Team } from '#api';
import { columnOf, type Column } from '../list/column.ts';
import { TeamStateLabel } from './TeamStateLabel.tsx';
import { nameTeamState } from './words.ts';

const column = columnOf<Team>();

export const teamColumns: readonly Column<Team>[] = [
  column({
    key: 'name',
    field: 'name',
    width: 14,
    raw: (team) => team.name,
    show: (team) => (
      <Link to="/teams/$team" params={{ team: team.id }}>
        {team.name}
      </Link>
    ),
  }),
  column({
    key: 'state',
    field: 'state',
    width: 9,
    raw: (team) => team.state,
    say: (state, words) => nameTeamState(words, state),
    show: (team) => <TeamStateLabel state={team.state} />,
  }),
  column({
    key: 'members',
    width: 22,
    raw: (team) => team.members.map(({ name }) => name).join(', '),
  }),
  column({ key: 'description', width: 16, raw: (team) => team.description }),
  column({
    key: 'created',
    field: 'createdAt',
    width: 11,
    hidden: true,
    raw: (team) => team.createdAt,
    say: (time, words) => words.time(time),
  }),
];
