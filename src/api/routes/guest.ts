/** Routes that ask a guest through its agent, and wait for its answer. */
import {
  guestFreezeRequestSchema,
  guestFreezeSchema,
  guestTrimRequestSchema,
  guestTrimSchema,
} from '../vm/guest-freeze.ts';
import { guestClockSchema, guestClockSettingSchema } from '../vm/guest-clock.ts';
import { guestPasswordSchema } from '../vm/guest-password.ts';
import { memoryPeekSchema } from '../vm/memory-peek.ts';
import { z } from 'zod';
import { referenceSchema } from '../ids.ts';
import { route, type Route } from './route.ts';

const vmParams = z.strictObject({ vm: referenceSchema });

export const guestRoutes = {
  'vm.clock.show': route({
    method: 'GET',
    path: '/vms/{vm}/clock',
    summary: 'What time it is in the guest, which its agent is asked',
    group: 'vms',
    right: 'vm.view',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: guestClockSchema,
  }),
  'vm.clock.set': route({
    method: 'PUT',
    path: '/vms/{vm}/clock',
    summary: 'Set the clock of the guest, through its agent',
    group: 'vms',
    right: 'vm.guest',
    on: 'vm',
    params: vmParams,
    body: guestClockSettingSchema,
    answer: 'now',
    response: guestClockSchema,
  }),
  'vm.freeze.show': route({
    method: 'GET',
    path: '/vms/{vm}/freeze',
    summary: 'Whether file systems of the guest are held still, which its agent is asked',
    group: 'vms',
    right: 'vm.view',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: guestFreezeSchema,
  }),
  'vm.freeze.begin': route({
    method: 'PUT',
    path: '/vms/{vm}/freeze',
    summary:
      'Hold file systems of the guest still, through its agent: what they have is on its disks',
    group: 'vms',
    right: 'vm.guest',
    on: 'vm',
    params: vmParams,
    body: guestFreezeRequestSchema,
    answer: 'now',
    response: guestFreezeSchema,
  }),
  'vm.freeze.end': route({
    method: 'DELETE',
    path: '/vms/{vm}/freeze',
    summary: 'Let all file systems of the guest go on',
    group: 'vms',
    right: 'vm.guest',
    on: 'vm',
    params: vmParams,
    answer: 'now',
    response: guestFreezeSchema,
  }),
  'vm.trim': route({
    method: 'POST',
    path: '/vms/{vm}/trim',
    summary: 'Have the guest give back what is free on its file systems, through its agent',
    group: 'vms',
    right: 'vm.guest',
    on: 'vm',
    params: vmParams,
    body: guestTrimRequestSchema,
    answer: 'now',
    response: guestTrimSchema,
  }),
  'vm.password.set': route({
    method: 'PUT',
    path: '/vms/{vm}/password',
    summary: 'Set the password of an account of the guest, through its agent',
    group: 'vms',
    right: 'vm.guest',
    on: 'vm',
    params: vmParams,
    body: guestPasswordSchema,
    answer: 'now',
    response: z.strictObject({}),
  }),
  'vm.memory': route({
    method: 'GET',
    path: '/vms/{vm}/memory',
    summary: 'A piece of the memory of a vm that runs, with all that its guest has in it',
    group: 'vms',
    right: 'vm.guest',
    on: 'vm',
    params: vmParams,
    query: memoryPeekSchema,
    answer: 'bytes',
    mediaType: 'application/octet-stream',
  }),
} as const satisfies Record<string, Route>;
