/** Routes of the installation as a whole. */
import { z } from 'zod';
import { healthySchema, installationPatchSchema, installationSchema } from '../installation.ts';
import { dryRunQuerySchema } from '../list.ts';
import { samplesQuerySchema, samplesSchema } from '../samples.ts';
import { maxSampledThings, watchedKinds } from '../watch.ts';
import { route, type Route } from './route.ts';

export const installationRoutes = {
  'installation.show': route({
    method: 'GET',
    path: '/installation',
    summary: 'The installation: version, health, settings',
    group: 'installation',
    right: 'self',
    answer: 'now',
    response: installationSchema,
  }),
  'installation.update': route({
    method: 'PATCH',
    path: '/installation',
    summary: 'Change settings of the installation',
    group: 'installation',
    right: 'installation.settings',
    query: dryRunQuerySchema,
    body: installationPatchSchema,
    answer: 'now',
    response: installationSchema,
    conditional: true,
  }),
  'installation.samples': route({
    method: 'GET',
    path: '/installation/samples',
    summary: 'What all vms of all hosts use together, over time',
    group: 'installation',
    right: 'installation.view',
    query: samplesQuerySchema,
    answer: 'now',
    response: samplesSchema,
  }),
  'installation.healthy': route({
    method: 'GET',
    path: '/healthy',
    summary: 'Whether the coordinator serves',
    group: 'installation',
    right: 'public',
    answer: 'now',
    response: healthySchema,
  }),
  'openapi.show': route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1',
    group: 'installation',
    right: 'public',
    answer: 'bytes',
    mediaType: 'application/json',
  }),
  'watch.open': route({
    method: 'GET',
    path: '/watch',
    summary: 'Watch changes of resources, as server-sent events with resume (Last-Event-ID)',
    group: 'installation',
    right: 'self',
    query: z.strictObject({
      kinds: z
        .string()
        .max(200)
        .optional()
        .meta({
          description: `of ${watchedKinds.join(', ')}, with commas; default: vm,host,operation`,
        }),
      since: z.coerce.number().int().min(0).optional(),
      samples: z
        .stringbool()
        .default(false)
        .meta({ description: 'also what passes: load, heartbeat (WatchMessage `sampled`)' }),
      samplesOf: z
        .string()
        .max(7500)
        .optional()
        .meta({
          description: `ids of vms and hosts with commas, at most ${maxSampledThings}: no samples of others are told`,
        }),
      opens: z.stringbool().default(false).meta({
        description: 'it is a console: it opens what its person asks for (WatchMessage `open`)',
      }),
    }),
    answer: 'events',
  }),
} as const satisfies Record<string, Route>;
