/** Routes of folders. */
import { z } from 'zod';
import { folderCreateSchema, folderPatchSchema, folderSchema } from '../folder.ts';
import { dryRunQuerySchema, listQuerySchema, pageSchema } from '../list.ts';
import { route, type Route } from './route.ts';

export const folderParams = z.strictObject({
  folder: z.string().min(1).max(1024).meta({ description: 'id or path' }),
});

export const foldersRoutes = {
  'folder.list': route({
    method: 'GET',
    path: '/folders',
    summary: 'List folders',
    group: 'folders',
    right: 'folder.view',
    anywhere: true,
    query: listQuerySchema,
    answer: 'now',
    response: pageSchema(folderSchema, 'Folder'),
  }),
  'folder.show': route({
    method: 'GET',
    path: '/folders/{folder}',
    summary: 'Show a folder',
    group: 'folders',
    right: 'folder.view',
    on: 'folder',
    params: folderParams,
    answer: 'now',
    response: folderSchema,
  }),
  'folder.create': route({
    method: 'POST',
    path: '/folders',
    summary: 'Create a folder',
    group: 'folders',
    right: 'folder.manage',
    anywhere: true,
    query: dryRunQuerySchema,
    body: folderCreateSchema,
    answer: 'now',
    response: folderSchema,
  }),
  'folder.update': route({
    method: 'PATCH',
    path: '/folders/{folder}',
    summary: 'Rename or move a folder',
    group: 'folders',
    right: 'folder.manage',
    on: 'folder',
    params: folderParams,
    query: dryRunQuerySchema,
    body: folderPatchSchema,
    answer: 'now',
    response: folderSchema,
    conditional: true,
  }),
  'folder.delete': route({
    method: 'DELETE',
    path: '/folders/{folder}',
    summary: 'Delete an empty folder',
    group: 'folders',
    right: 'folder.manage',
    on: 'folder',
    params: folderParams,
    query: dryRunQuerySchema,
    answer: 'now',
    conditional: true,
  }),
} as const satisfies Record<string, Route>;
