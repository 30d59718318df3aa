/** Routes by which the files of vms travel: from other products, as copies, and to other places of the host. */
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { dryRunQuerySchema } from '../list.ts';
import { vmHandOutSchema } from '../vm/export.ts';
import { vmImportSchema } from '../vm/import.ts';
import {
  diskCompactSchema,
  diskResizeSchema,
  diskConvertSchema,
  diskRelocateSchema,
  vmCloneSchema,
  vmAdoptSchema,
  vmRelocateSchema,
} from '../vm/travel.ts';
import { route, type Route } from './route.ts';

const vmParams = z.strictObject({ vm: referenceSchema });
export const vmAndDisk = z.strictObject({
  vm: referenceSchema,
  place: z.string().min(1).max(32).meta({ description: 'place of the disk, for example sata0:1' }),
});

const onTemplate = {
  path: '/vms/{vm}/template',
  group: 'vms',
  right: 'vm.settings',
  on: 'vm',
  params: vmParams,
  query: dryRunQuerySchema,
  answer: 'operation',
} as const;

export const travelRoutes = {
  'vm.import': route({
    method: 'POST',
    path: '/vms/import',
    summary:
      'Take over a vm of another product from its configuration file; dryRun tells all that cannot be represented',
    group: 'vms',
    right: 'vm.create',
    anywhere: true,
    query: dryRunQuerySchema,
    body: vmImportSchema,
    answer: 'operation',
  }),
  'vm.clone': route({
    method: 'POST',
    path: '/vms/{vm}/clone',
    summary:
      'Copy a vm with its disks, or link the copy to them; of a paused or saved vm the state comes along',
    group: 'vms',
    right: 'vm.clone',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    body: vmCloneSchema,
    answer: 'operation',
  }),
  'vm.hand-out': route({
    method: 'POST',
    path: '/vms/{vm}/export',
    summary:
      'Write a vm for another product into a new folder of its host; dryRun tells all that the product cannot run',
    group: 'vms',
    right: 'vm.clone',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    body: vmHandOutSchema,
    answer: 'operation',
  }),
  'vm.flatten': route({
    method: 'POST',
    path: '/vms/{vm}/flatten',
    summary: 'Make a linked clone independent: its disks no longer share files with other vms',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    answer: 'operation',
  }),
  'vm.template.make': route({
    method: 'PUT',
    summary: 'Keep a vm as it is, write-protected, to be cloned from, and no longer started',
    ...onTemplate,
  }),
  'vm.template.end': route({
    method: 'DELETE',
    summary: 'Make a template a vm that can be started and changed again',
    ...onTemplate,
  }),
  'vm.relocate': route({
    method: 'POST',
    path: '/vms/{vm}/relocate',
    summary:
      'Move a vm to another host, as it runs or with its saved state, or its files to another folder of its host',
    group: 'vms',
    right: 'vm.move',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    body: vmRelocateSchema,
    answer: 'operation',
  }),
  'vm.adopt': route({
    method: 'POST',
    path: '/vms/{vm}/adopt',
    summary:
      'Run a vm of a libvirt host by an agent of the same computer from now on; its disks stay where they are',
    group: 'vms',
    right: 'vm.move',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    body: vmAdoptSchema,
    answer: 'operation',
  }),
  'vm.give-back': route({
    method: 'POST',
    path: '/vms/{vm}/give-back',
    summary: 'Give an adopted vm back to its hypervisor, as it was there but for what was changed',
    group: 'vms',
    right: 'vm.move',
    on: 'vm',
    params: vmParams,
    query: dryRunQuerySchema,
    answer: 'operation',
  }),
  'vm.disk.convert': route({
    method: 'POST',
    path: '/vms/{vm}/disks/{place}/convert',
    summary: 'Copy the drive of a linked disk into a virtual disk, which takes its place',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: vmAndDisk,
    query: dryRunQuerySchema,
    body: diskConvertSchema,
    answer: 'operation',
  }),
  'vm.disk.compact': route({
    method: 'POST',
    path: '/vms/{vm}/disks/{place}/compact',
    summary:
      'Give back the space of blocks of a disk that hold only zeros; the vm is off meanwhile',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: vmAndDisk,
    query: dryRunQuerySchema,
    body: diskCompactSchema,
    answer: 'operation',
  }),
  'vm.disk.resize': route({
    method: 'POST',
    path: '/vms/{vm}/disks/{place}/resize',
    summary: 'Make a disk larger, also while the vm runs; the guest sees the space at once',
    group: 'vms',
    right: 'vm.disks',
    on: 'vm',
    params: vmAndDisk,
    query: dryRunQuerySchema,
    body: diskResizeSchema,
    answer: 'operation',
  }),
  'vm.disk.relocate': route({
    method: 'POST',
    path: '/vms/{vm}/disks/{place}/relocate',
    summary: 'Move the file of a disk to another folder of its host',
    group: 'vms',
    right: 'vm.move',
    on: 'vm',
    params: vmAndDisk,
    query: dryRunQuerySchema,
    body: diskRelocateSchema,
    answer: 'operation',
  }),
} as const satisfies Record<string, Route>;
