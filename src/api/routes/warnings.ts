/** Routes of what is wrong. */
import { z } from 'zod';
import { dryRunQuerySchema } from '../list.ts';
import { acknowledgeSchema, warningIdSchema, warningSchema, warningsSchema } from '../warning.ts';
import { route, type Route } from './route.ts';

const params = z.strictObject({ warning: warningIdSchema });

export const warningsRoutes = {
  'warning.list': route({
    method: 'GET',
    path: '/warnings',
    summary: 'What is wrong with the installation, its hosts and vms, with the remedy',
    group: 'installation',
    right: 'self',
    answer: 'now',
    response: warningsSchema,
  }),
  'warning.acknowledge': route({
    method: 'PUT',
    path: '/warnings/{warning}/acknowledgement',
    summary:
      'Take note of a warning until what it warns of is over; takes the right to change the settings of what it is about',
    group: 'installation',
    right: 'self',
    params,
    query: dryRunQuerySchema,
    body: acknowledgeSchema,
    answer: 'now',
    response: warningSchema,
  }),
  'warning.reopen': route({
    method: 'DELETE',
    path: '/warnings/{warning}/acknowledgement',
    summary: 'Withdraw the acknowledgement of a warning',
    group: 'installation',
    right: 'self',
    params,
    query: dryRunQuerySchema,
    answer: 'now',
    response: warningSchema,
  }),
} as const satisfies Record<string, Route>;
