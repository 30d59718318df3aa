/** Folders: where vms are filed and rights are granted. The top folder is `/` and always exists. */
import { z } from 'zod';
import { idSchema, nameSchema, timeSchema } from './ids.ts';

export const folderSchema = z
  .strictObject({
    kind: z.literal('folder'),
    id: idSchema,
    name: z.string().max(100),
    path: z.string().max(1024).meta({ description: 'from the top: /lab/blue' }),
    parentId: idSchema.nullable(),
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Folder' });
export type Folder = z.infer<typeof folderSchema>;

export const folderCreateSchema = z
  .strictObject({
    name: nameSchema,
    parent: z.string().max(1024).default('/').meta({ description: 'id or path' }),
  })
  .meta({ id: 'FolderCreate' });

export const folderPatchSchema = z
  .strictObject({ name: nameSchema.optional(), parent: z.string().max(1024).optional() })
  .meta({ id: 'FolderPatch' });

/** The top folder's id, the same in every installation. */
export const topFolderId = '00000000-0000-4000-8000-000000000001';
/** The installation's own id as a target of events and grants. */
export const installationId = '00000000-0000-4000-8000-000000000000';
