/**
 * How a network that spans hosts stands, as one of its hosts is told: who else carries it, which MAC
 * addresses are behind whom, and who serves (docs/rfd/0021).
 */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { macSchema } from '../vm/hardware.ts';
import { hostLeaseSchema, maxLeases } from './network.ts';

const address = z.ipv4().nullable().meta({ description: 'for tunnels; null: none is known' });

export const spanPeerSchema = z.strictObject({
  host: idSchema,
  name: z.string().max(100),
  address,
  adapters: z.array(z.strictObject({ mac: macSchema, vmName: z.string().max(100) })).max(65_536),
});
export type SpanPeer = z.infer<typeof spanPeerSchema>;

export const spanStandingSchema = z.strictObject({
  network: idSchema,
  address,
  peers: z.array(spanPeerSchema).max(4096).meta({ description: 'the other hosts that carry it' }),
  service: idSchema.nullable().meta({ description: 'the host that serves; null: none yet' }),
  term: z.number().int().min(0).meta({ description: 'grows whenever the service moves' }),
  leases: z
    .array(hostLeaseSchema)
    .max(maxLeases)
    .meta({ description: 'that the service begins its term with; told to the one that serves' }),
  leased: z
    .array(z.strictObject({ mac: macSchema, address: z.ipv4() }))
    .max(maxLeases)
    .default([])
    .meta({
      description:
        'to adapters of this host by another one that serves, where vms send under their own addresses alone',
    }),
});
export type SpanStanding = z.infer<typeof spanStandingSchema>;
