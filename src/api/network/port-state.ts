/** What passes at the ports of a network, as its hosts count it (NET-43). */
import { z } from 'zod';
import { idSchema } from '../ids.ts';
import { macSchema } from '../vm/hardware.ts';

const count = z.number().int().min(0);
const counted = z.strictObject({
  bytes: count,
  packets: count,
  dropped: count.meta({ description: 'what waited for too long, or for nobody' }),
});

/** What has passed at the port of an adapter before its present tap. */
export const portCountsSchema = z.strictObject({
  slot: z.number().int().min(0).max(15),
  mac: macSchema,
  received: counted,
  sent: counted,
});
export type PortCounts = z.infer<typeof portCountsSchema>;

/** Of all ports of a network on one host. */
export const maxPortFlows = 1000;
export const maxPorts = 20_000;

export const portFlowSchema = z
  .strictObject({
    protocol: z.string().max(16),
    address: z.string().max(50).meta({ description: "the guest's" }),
    port: z.number().int().min(0).max(65_535),
    farAddress: z.string().max(50),
    farPort: z.number().int().min(0).max(65_535),
  })
  .meta({ id: 'PortFlow', description: 'a connection or exchange that was let through' });
export type PortFlow = z.infer<typeof portFlowSchema>;

export const hostPortSchema = z.strictObject({
  vm: idSchema,
  slot: z.number().int().min(0).max(15),
  mac: macSchema,
  interface: z.string().max(15).meta({ description: 'of the host' }),
  link: z.enum(['up', 'down']).meta({ description: 'up: a running vm is at it' }),
  received: counted.meta({ description: 'by the guest' }),
  sent: counted.meta({ description: 'by the guest' }),
  flows: z
    .array(portFlowSchema)
    .max(maxPortFlows)
    .nullable()
    .meta({ description: 'present ones; null where no firewall watches them' }),
});
export type HostPort = z.infer<typeof hostPortSchema>;

export const networkPortSchema = hostPortSchema
  .extend({
    vm: z.strictObject({ id: idSchema, name: z.string().max(100) }),
    host: z.string().max(100),
    number: z.number().int().min(1).nullable().meta({
      description:
        'unique on the network, and kept while the adapter is plugged into it; null: just plugged in, or out',
    }),
  })
  .meta({ id: 'NetworkPort', description: 'where an adapter of a vm meets its network' });
export type NetworkPort = z.infer<typeof networkPortSchema>;

export const networkPortsSchema = z
  .strictObject({
    items: z.array(networkPortSchema).max(maxPorts),
    unreachable: z
      .array(z.string().max(100))
      .max(4096)
      .meta({ description: 'hosts that carry it and did not answer' }),
  })
  .meta({ id: 'NetworkPorts' });
export type NetworkPorts = z.infer<typeof networkPortsSchema>;
