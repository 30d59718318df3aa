/** Routes that ask a guest through its agent, and wait for its answer. */
import { guestClockSchema, guestClockSettingSchema } from '../vm/guest-clock.ts';
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
} as const satisfies Record<string, Route>;
