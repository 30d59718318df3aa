/** Routes to special functions of hypervisors, by the names that their drivers give them. */
import { z } from 'zod';
import {
  extensionAnswerSchema,
  extensionNameSchema,
  extensionRequestSchema,
} from '../extension.ts';
import { referenceSchema } from '../ids.ts';
import { route, type Route } from './route.ts';

export const extensionsRoutes = {
  'vm.extension': route({
    method: 'POST',
    path: '/vms/{vm}/extensions/{extension}',
    summary:
      'Ask a special function of its hypervisor about a vm; takes host.extensions on its host',
    group: 'vms',
    right: 'vm.view',
    on: 'vm',
    params: z.strictObject({ vm: referenceSchema, extension: extensionNameSchema }),
    body: extensionRequestSchema,
    answer: 'now',
    response: extensionAnswerSchema,
  }),
  'host.extension': route({
    method: 'POST',
    path: '/hosts/{host}/extensions/{extension}',
    summary: 'Ask a special function of a hypervisor; its facts list those that there are',
    group: 'hosts',
    right: 'host.extensions',
    on: 'host',
    params: z.strictObject({ host: referenceSchema, extension: extensionNameSchema }),
    body: extensionRequestSchema,
    answer: 'now',
    response: extensionAnswerSchema,
  }),
} as const satisfies Record<string, Route>;
