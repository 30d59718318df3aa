/** The network adapters of a vm as they are seen: where they are plugged in, and what the guest is called there (NET-49). */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { macSchema } from './hardware.ts';
import { reasonSchema } from './vm.ts';

export const adapterAddressSchema = z
  .strictObject({
    address: z.string().max(64),
    prefixLength: z
      .number()
      .int()
      .min(0)
      .max(128)
      .nullable()
      .meta({ description: 'of its subnet' }),
    subnetMask: z.ipv4().nullable().meta({ description: 'the same as a mask; null for IPv6' }),
    from: z
      .enum(['guest', 'lease'])
      .meta({ description: 'who tells: the guest agent, or the service that leased it' }),
  })
  .meta({ id: 'VmAdapterAddress' });
export type AdapterAddress = z.infer<typeof adapterAddressSchema>;

export const adapterStateSchema = z
  .strictObject({
    slot: z.number().int().min(0).max(15),
    mac: macSchema,
    attachment: z.enum(['none', 'user', 'network', 'foreign']),
    network: z
      .strictObject({ id: idSchema, name: z.string().max(100).nullable() })
      .nullable()
      .meta({ description: 'that it is plugged into; without a name: one that is gone' }),
    addresses: z
      .array(adapterAddressSchema)
      .max(64)
      .meta({ description: 'of the guest there, as far as they are known' }),
    dnsName: z
      .string()
      .max(512)
      .nullable()
      .meta({ description: 'of the guest, in the domain of the network; null: not known' }),
    warnings: z.array(reasonSchema).max(8).meta({
      description: 'what may not be wanted of its network, though nothing stops it',
    }),
  })
  .meta({ id: 'VmAdapterState', description: 'a network adapter as it is seen' });
export type AdapterState = z.infer<typeof adapterStateSchema>;

export const adapterStatesSchema = z
  .strictObject({ items: z.array(adapterStateSchema).max(16) })
  .meta({ id: 'VmAdapterStates' });
