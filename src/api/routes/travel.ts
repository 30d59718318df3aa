/** Routes by which the files of vms travel: copies, and moves on the host. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { dryRunQuerySchema } from '../list.ts';
import { diskRelocateSchema, vmCloneSchema, vmRelocateSchema } from '../vm/travel.ts';
import { route, type Route } from './route.ts';

const vmParams = z.strictObject({ vm: referenceSchema });

export const travelRoutes = {
  'vm.clone': route({
    method: 'POST',
    path: '/vms/{vm}/clone',
    summary: 'Copy a vm with its disks; of a paused or saved vm the state comes along (VM-87)',
    group: 'vms',
    right: 'vm.clone',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    body: vmCloneSchema,
    answer: 'operation',
  }),
  'vm.relocate': route({
    method: 'POST',
    path: '/vms/{vm}/relocate',
    summary: 'Move the files of a vm to another folder of its host (VM-87)',
    group: 'vms',
    right: 'vm.move',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    body: vmRelocateSchema,
    answer: 'operation',
  }),
  'vm.disk.relocate': route({
    method: 'POST',
    path: '/vms/{vm}/disks/{place}/relocate',
    summary: 'Move the file of a disk to another folder of its host (VM-87)',
    group: 'vms',
    right: 'vm.move',
    on: 'vm',
    params: z.strictObject({
      vm: referenceSchema,
      place: z
        .string()
        .min(1)
        .max(32)
        .meta({ description: 'place of the disk, for example sata0:1' }),
    }),
    query: dryRunQuerySchema,
    body: diskRelocateSchema,
    answer: 'operation',
  }),
} as const satisfies Record<string, Route>;
