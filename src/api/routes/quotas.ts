/** Routes of quotas, and of what is offered to people who make vms by themselves. */
import { dryRunQuerySchema } from '../list.ts';
import { offersSchema, quotaLimitsSchema, quotaSchema, quotasSchema } from '../quota.ts';
import { folderParams } from './folders.ts';
import { route, type Route } from './route.ts';

export const quotasRoutes = {
  'quota.list': route({
    method: 'GET',
    path: '/quotas',
    summary: 'List the quotas of folders, with what is used of them',
    group: 'folders',
    right: 'folder.view',
    anywhere: true,
    answer: 'now',
    response: quotasSchema,
  }),
  'quota.show': route({
    method: 'GET',
    path: '/folders/{folder}/quota',
    summary: 'Show the quota of a folder, and what its vms have together',
    group: 'folders',
    right: 'folder.view',
    on: 'folder',
    params: folderParams,
    answer: 'now',
    response: quotaSchema,
  }),
  'quota.set': route({
    method: 'PUT',
    path: '/folders/{folder}/quota',
    summary:
      'Limit what the vms in a folder and below it may have; it takes folder.manage above it',
    group: 'folders',
    right: 'folder.manage',
    on: 'folder',
    params: folderParams,
    query: dryRunQuerySchema,
    body: quotaLimitsSchema,
    answer: 'now',
    response: quotaSchema,
  }),
  'quota.clear': route({
    method: 'DELETE',
    path: '/folders/{folder}/quota',
    summary: 'Take the quota of a folder away; it takes folder.manage above it',
    group: 'folders',
    right: 'folder.manage',
    on: 'folder',
    params: folderParams,
    query: dryRunQuerySchema,
    answer: 'now',
  }),
  'offers.show': route({
    method: 'GET',
    path: '/offers',
    summary: 'Show what one may make by oneself: templates, folders, and what is left of quotas',
    group: 'folders',
    right: 'self',
    answer: 'now',
    response: offersSchema,
  }),
} as const satisfies Record<string, Route>;
