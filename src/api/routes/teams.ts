/** Routes of teams of vms. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { dryRunQuerySchema, listQuerySchema, pageSchema } from '../list.ts';
import { teamActionNames, teamCreateSchema, teamPatchSchema, teamSchema } from '../team.ts';
import { route, type Route } from './route.ts';
import { one } from './params.ts';

export const teamsRoutes = {
  'team.list': route({
    method: 'GET',
    path: '/teams',
    summary: 'List teams all of whose vms may be seen',
    group: 'teams',
    right: 'self',
    query: listQuerySchema,
    answer: 'now',
    response: pageSchema(teamSchema, 'Team'),
  }),
  'team.show': route({
    method: 'GET',
    path: '/teams/{team}',
    summary: 'Show a team with its members',
    group: 'teams',
    right: 'self',
    on: 'team',
    params: one('team'),
    answer: 'now',
    response: teamSchema,
  }),
  'team.create': route({
    method: 'POST',
    path: '/teams',
    summary: 'Make vms a team',
    group: 'teams',
    right: 'team.manage',
    query: dryRunQuerySchema,
    body: teamCreateSchema,
    answer: 'now',
    response: teamSchema,
  }),
  'team.update': route({
    method: 'PATCH',
    path: '/teams/{team}',
    summary: 'Change a team: its name, members, their order and waits, what happens on failure',
    group: 'teams',
    right: 'team.manage',
    on: 'team',
    params: one('team'),
    query: dryRunQuerySchema,
    body: teamPatchSchema,
    answer: 'now',
    response: teamSchema,
    conditional: true,
  }),
  'team.delete': route({
    method: 'DELETE',
    path: '/teams/{team}',
    summary: 'Delete a team; its vms stay as they are',
    group: 'teams',
    right: 'team.manage',
    on: 'team',
    params: one('team'),
    query: dryRunQuerySchema,
    answer: 'now',
    conditional: true,
  }),
  'team.act': route({
    method: 'POST',
    path: '/teams/{team}/actions/{action}',
    summary:
      'Start, stop, suspend or resume a team in the order of its members; the result is told per member',
    group: 'teams',
    right: 'vm.power',
    on: 'team',
    anywhere: true,
    params: z.strictObject({ team: referenceSchema, action: z.enum(teamActionNames) }),
    query: dryRunQuerySchema,
    answer: 'operation',
  }),
} as const satisfies Record<string, Route>;
