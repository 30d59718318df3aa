/** Routes of operations and events. */
import { z } from 'zod';
import { eventClearedSchema, eventClearSchema, eventPageSchema } from '../event/event.ts';
import { dryRunQuerySchema, listQuerySchema, pageSchema } from '../list.ts';
import { operationPaceSchema, operationSchema } from '../operation.ts';
import { route, type Route } from './route.ts';
import { one } from './params.ts';

export const workRoutes = {
  'operation.list': route({
    method: 'GET',
    path: '/operations',
    summary: 'List operations',
    group: 'operations',
    right: 'self',
    query: listQuerySchema,
    answer: 'now',
    response: pageSchema(operationSchema, 'Operation'),
  }),
  'operation.show': route({
    method: 'GET',
    path: '/operations/{operation}',
    summary: 'Show an operation; wait for its end with `wait`',
    group: 'operations',
    right: 'self',
    on: 'operation',
    params: one('operation'),
    query: z.strictObject({ waitSeconds: z.coerce.number().int().min(0).max(60).default(0) }),
    answer: 'now',
    response: operationSchema,
  }),
  'operation.cancel': route({
    method: 'POST',
    path: '/operations/{operation}/cancel',
    summary: 'Cancel an operation',
    group: 'operations',
    right: 'self',
    on: 'operation',
    params: one('operation'),
    answer: 'now',
    response: operationSchema,
  }),
  'operation.pace': route({
    method: 'PUT',
    path: '/operations/{operation}/pace',
    summary:
      'How fast an operation that moves, merges or flattens disks, or moves a vm as it runs, may copy, from now on',
    group: 'operations',
    right: 'self',
    on: 'operation',
    params: one('operation'),
    body: operationPaceSchema,
    answer: 'now',
    response: operationPaceSchema,
  }),
  'event.list': route({
    method: 'GET',
    path: '/events',
    summary: 'Read the event log, newest first',
    group: 'events',
    right: 'event.view',
    anywhere: true,
    query: listQuerySchema
      .pick({ filter: true, sort: true, fields: true, limit: true, cursor: true })
      .extend({
        since: z.iso.datetime().optional(),
        until: z.iso.datetime().optional(),
        about: z
          .string()
          .max(64)
          .optional()
          .meta({ description: 'id of a thing: events of it and of all below it' }),
        expanded: z.stringbool().default(false).meta({
          description:
            'an entry for each thing in whose log an event stands; limit and total count events',
        }),
      }),
    answer: 'now',
    response: eventPageSchema,
  }),
  'event.clear': route({
    method: 'POST',
    path: '/events/clear',
    summary: 'Clear the event log up to a time',
    group: 'events',
    right: 'event.manage',
    query: dryRunQuerySchema,
    body: eventClearSchema,
    answer: 'now',
    response: eventClearedSchema,
  }),
  'event.watch': route({
    method: 'GET',
    path: '/events/watch',
    summary: 'Events as they happen, as server-sent events with resume (Last-Event-ID)',
    group: 'events',
    right: 'event.view',
    anywhere: true,
    query: z.strictObject({
      filter: z.string().max(2000).optional(),
      since: z.coerce.number().int().min(0).optional(),
    }),
    answer: 'events',
  }),
} as const satisfies Record<string, Route>;
