/**
 * MAC addresses as identity: networks whose switches admit an address only at its port, or whose management knows a
 * machine by its address, need one that stays and that nobody else has.
 */
import { z } from 'zod';
import { thingSchema } from '../ids.ts';

export const identityDeviationSchema = z
  .strictObject({
    code: z.enum([
      'network-not-bridged',
      'several-adapters',
      'address-not-static',
      'address-not-unique',
      'addresses-may-be-forged',
    ]),
    vm: thingSchema.nullable().meta({ description: 'null: the network itself, or hidden' }),
    slot: z.number().int().nullable(),
    mac: z.string().nullable(),
    text: z.string(),
    remedy: z.string(),
  })
  .meta({ id: 'IdentityDeviation' });
export type IdentityDeviation = z.infer<typeof identityDeviationSchema>;

export const networkIdentitySchema = z
  .strictObject({
    ok: z.boolean().meta({ description: 'whether every vm on it is known by one address' }),
    checked: z.number().int().meta({ description: 'vms that have an adapter on it' }),
    deviations: z.array(identityDeviationSchema),
  })
  .meta({ id: 'NetworkIdentity', description: 'the check of MAC addresses as identity' });
export type NetworkIdentity = z.infer<typeof networkIdentitySchema>;
