/** Routes of single files inside the snapshots of a vm. */
import { z } from 'zod';
import { innerFilesSchema, innerPartition, innerPath } from '../disk-files.ts';
import { dryRunQuerySchema } from '../list.ts';
import { snapshotFileSchema, snapshotParamsSchema } from '../vm/snapshot.ts';
import { route, type Route } from './route.ts';

const place = z.strictObject({
  disk: snapshotFileSchema.shape.disk,
  partition: z.coerce.number().pipe(innerPartition).optional(),
  path: innerPath,
});

export const snapshotFilesRoutes = {
  'vm.snapshot.files': route({
    method: 'GET',
    path: '/vms/{vm}/snapshots/{snapshot}/files',
    summary: 'The file systems inside a disk as it is in a snapshot, or one of their folders',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: snapshotParamsSchema,
    query: place.partial({ path: true }),
    answer: 'now',
    response: innerFilesSchema,
  }),
  'vm.snapshot.file': route({
    method: 'GET',
    path: '/vms/{vm}/snapshots/{snapshot}/file',
    summary: 'A file as it is in a snapshot; a folder as a tar archive',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: snapshotParamsSchema,
    query: place,
    answer: 'bytes',
    streamed: true,
  }),
  'vm.snapshot.restore-file': route({
    method: 'POST',
    path: '/vms/{vm}/snapshots/{snapshot}/restore-file',
    summary:
      'Put a file as it is in a snapshot into the disk of the vm, which is off; all else stays',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: snapshotParamsSchema,
    query: dryRunQuerySchema,
    body: snapshotFileSchema,
    answer: 'operation',
  }),
} as const satisfies Record<string, Route>;
