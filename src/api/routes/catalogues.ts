/** Routes of what can be chosen from: guests, hardware profiles, devices. */
import { z } from 'zod';
import { dryRunQuerySchema, listQuerySchema, pageSchema } from '../list.ts';
import { profileCreateSchema, profileSchema } from '../profile.ts';
import { guestCatalogueEntrySchema } from '../vm/guests.ts';
import { unrepresentedDeviceSchema } from '../vm/unrepresented.ts';
import { route, type Route } from './route.ts';
import { one } from './params.ts';

export const cataloguesRoutes = {
  'guest.list': route({
    method: 'GET',
    path: '/guests',
    summary: 'The catalogue of guest operating systems',
    group: 'catalogues',
    right: 'self',
    answer: 'now',
    response: z
      .strictObject({ items: z.array(guestCatalogueEntrySchema) })
      .meta({ id: 'GuestCatalogue' }),
  }),
  'unrepresented.list': route({
    method: 'GET',
    path: '/unrepresented-devices',
    summary: 'Devices that no vm can have, with the reason',
    group: 'catalogues',
    right: 'self',
    answer: 'now',
    response: z
      .strictObject({ items: z.array(unrepresentedDeviceSchema) })
      .meta({ id: 'UnrepresentedDevices' }),
  }),
  'event.catalogue': route({
    method: 'GET',
    path: '/events/catalogue',
    summary: 'Every event there is',
    group: 'catalogues',
    right: 'self',
    answer: 'now',
    response: z
      .strictObject({
        items: z.array(
          z.strictObject({
            name: z.string(),
            number: z
              .number()
              .int()
              .meta({ description: 'in logs of operating systems: GANTRY-1010' }),
            category: z.string(),
            type: z.string(),
            target: z.string(),
            message: z.string(),
            attributes: z.record(z.string(), z.string()),
          }),
        ),
      })
      .meta({ id: 'EventCatalogue' }),
  }),
  'profile.list': route({
    method: 'GET',
    path: '/profiles',
    summary: 'List hardware profiles, built in and stored',
    group: 'catalogues',
    right: 'self',
    query: listQuerySchema,
    answer: 'now',
    response: pageSchema(profileSchema, 'Profile'),
  }),
  'profile.show': route({
    method: 'GET',
    path: '/profiles/{profile}',
    summary: 'Show a hardware profile',
    group: 'catalogues',
    right: 'self',
    on: 'profile',
    params: one('profile'),
    answer: 'now',
    response: profileSchema,
  }),
  'profile.create': route({
    method: 'POST',
    path: '/profiles',
    summary: 'Store hardware under a name, for new vms',
    group: 'catalogues',
    right: 'profile.manage',
    query: dryRunQuerySchema,
    body: profileCreateSchema,
    answer: 'now',
    response: profileSchema,
  }),
  'profile.delete': route({
    method: 'DELETE',
    path: '/profiles/{profile}',
    summary: 'Delete a hardware profile; vms made with it stay as they are',
    group: 'catalogues',
    right: 'profile.manage',
    on: 'profile',
    params: one('profile'),
    query: dryRunQuerySchema,
    answer: 'now',
    conditional: true,
  }),
} as const satisfies Record<string, Route>;
