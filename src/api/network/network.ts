/**
 * Networks: what network adapters of vms are plugged into (NET area). A network is one document; every
 * host carries it by itself from the moment that a vm there has an adapter on it, and tells how it stands.
 */
import { z } from 'zod';
import { idSchema, nameSchema, timeSchema } from '../ids.ts';
import { dryRunQuerySchema } from '../list.ts';
import { patchOf } from '../patch.ts';
import { macSchema } from '../vm/hardware.ts';
import { reasonSchema } from '../vm/vm.ts';
import { dhcpSchema } from './dhcp.ts';
import { tagsSchema } from './environment.ts';
import { firewallSchema, openFirewall } from './firewall.ts';
import { networkIpv6InputSchema, networkIpv6Schema } from './ipv6.ts';
import { isolationSchema } from './isolation.ts';
import { guestAddressSchema, vlanNumberSchema } from './port.ts';
import { networkSpanInputSchema, networkSpanSchema } from './span.ts';

/** That one host hears of: those that its vms are on. An installation has as many as its memory holds. */
export const maxHostNetworks = 65_536;
/** On the physical network of a bridged one. */
export const maxSeenMacs = 1000;
/** Of a network. */
export const maxLeases = 65_536;

/** How far traffic of a network goes. */
export const networkTypes = {
  internal: 'its vms reach one another; no frame reaches the host or leaves it',
  'host-only': 'its vms and their host reach one another, nothing beyond',
  nat: 'its vms reach what the host reaches, under its address; they are reached by port forwards',
  bridged:
    'its vms are on the physical network of an adapter of the host, as machines of their own',
} as const;
export type NetworkType = keyof typeof networkTypes;
const typeNames = Object.keys(networkTypes) as [NetworkType, ...NetworkType[]];

const ipv4 = z.ipv4();

export const networkIpv4Schema = z
  .strictObject({
    subnet: z.cidrv4().meta({ description: 'for example 10.80.0.0/24' }),
    gateway: ipv4.nullable().meta({
      description:
        "router told to vms: the host's own address in nat and host-only networks, where null is not possible",
    }),
    service: ipv4.nullable().meta({
      description: 'address of the DHCP and DNS service in the network; null where there is none',
    }),
    dhcp: dhcpSchema.nullable().meta({ description: 'null: no addresses are leased' }),
    dnsServers: z.array(ipv4).max(4).meta({
      description:
        "told to vms; empty: the network's own service, which knows the names of its vms",
    }),
  })
  .meta({ id: 'NetworkIpv4', description: 'IPv4 of a network' });
export type NetworkIpv4 = z.infer<typeof networkIpv4Schema>;

/** What of it has a sensible value may be left out. */
const ipv4InputSchema = z
  .strictObject({
    subnet: z.cidrv4().optional().meta({ description: 'default: one that nothing known uses' }),
    gateway: ipv4.nullable().optional().meta({ description: 'default: the first address' }),
    service: ipv4.nullable().optional().meta({ description: 'default: the second address' }),
    dhcp: z
      .strictObject({ ...patchOf(dhcpSchema).shape })
      .nullable()
      .optional()
      .meta({ description: 'null: none; default: the addresses above the first tenth' }),
    dnsServers: z.array(ipv4).max(4).optional(),
  })
  .meta({ id: 'NetworkIpv4Input' });

export const networkReservationSchema = z
  .strictObject({ mac: macSchema, address: ipv4 })
  .meta({ id: 'NetworkReservation', description: 'an address kept for one adapter' });
export type NetworkReservation = z.infer<typeof networkReservationSchema>;

const port = z.number().int().min(1).max(65_535);
export const networkForwardSchema = z
  .strictObject({
    protocol: z.enum(['tcp', 'udp']).default('tcp'),
    hostAddress: guestAddressSchema
      .nullable()
      .default(null)
      .meta({ description: 'address of the host that it is about; null: every one' }),
    hostPort: port,
    address: guestAddressSchema.meta({ description: 'of the vm, in the network' }),
    port,
  })
  .meta({
    id: 'NetworkForward',
    description: 'a port of the host that leads to a vm of the network',
  });
export type NetworkForward = z.infer<typeof networkForwardSchema>;

const domain = z
  .string()
  .regex(
    /^$|^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    {
      error: 'is not a domain name in lower case',
    },
  )
  .meta({ description: 'domain of its vms, in which their names are known; empty: none' });

const rest = {
  description: z.string().max(500).default('').meta({ description: 'for people' }),
  tags: tagsSchema,
  adapter: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'is not the name of an adapter')
    .nullable()
    .default(null)
    .meta({
      description:
        'of a bridged network: a bridge of the host, or an adapter that has no address of its own',
    }),
  vlan: vlanNumberSchema.nullable().default(null).meta({
    description: 'of a bridged network: the VLAN of its adapter that its vms are in; null: none',
  }),
  domain: domain.default(''),
  reservations: z.array(networkReservationSchema).max(1000).default([]),
  forwards: z.array(networkForwardSchema).max(256).default([]).meta({
    description: 'of a nat network',
  }),
  promiscuous: z.boolean().default(false).meta({
    description: 'every vm of the network receives the frames of all others',
  }),
  forgedAddresses: z.boolean().default(false).meta({
    description: "vms may send under other MAC addresses than their adapters'",
  }),
  ipSourceGuard: z.boolean().default(false).meta({
    description:
      'vms send only under IP addresses that were leased to them, are kept for them or stand at their adapter',
  }),
  dhcpGuard: z.boolean().nullable().default(null).meta({
    description:
      'vms neither lease addresses nor announce themselves as routers; null: so where the network leases addresses itself',
  }),
  firewall: firewallSchema
    .default(openFirewall)
    .meta({ description: 'at the port of every adapter' }),
};

/** What a host is told of a network. */
export const networkSpecSchema = z
  .strictObject({
    id: idSchema,
    name: nameSchema,
    type: z.enum(typeNames),
    ipv4: networkIpv4Schema.nullable().meta({ description: 'null: the network has no addresses' }),
    ipv6: networkIpv6Schema.nullable().default(null).meta({ description: 'null: none' }),
    span: networkSpanSchema.nullable().default(null).meta({
      description: 'of an internal or nat network; null: it exists on every host by itself',
    }),
    ...rest,
  })
  .meta({ id: 'NetworkSpec' });
export type NetworkSpec = z.infer<typeof networkSpecSchema>;

/** Whether vms of it are kept from leasing addresses to others. */
export function guardsDhcp({
  dhcpGuard,
  ipv4,
  ipv6,
}: Pick<NetworkSpec, 'dhcpGuard' | 'ipv4' | 'ipv6'>): boolean {
  return dhcpGuard ?? ((ipv4 !== null && ipv4.dhcp !== null) || ipv6 !== null);
}

/** `unused`: no vm of any reachable host has an adapter on it. */
export const networkStates = ['unused', 'ready', 'degraded', 'down'] as const;
export type NetworkState = (typeof networkStates)[number];

const carried = {
  state: z.enum(['ready', 'degraded', 'down']),
  reasons: z.array(reasonSchema).max(32).meta({ description: 'empty where it is ready' }),
  bridge: z.string().max(15).nullable().meta({ description: 'interface of the host' }),
};

/** How the host carries one of those networks that adapters of its vms are on. */
export const networkReportSchema = z.strictObject({
  id: idSchema,
  ...carried,
  seen: z.array(macSchema).max(maxSeenMacs).default([]).meta({
    description: 'MAC addresses on the physical network of a bridged one, as far as it was seen',
  }),
});
export type NetworkReport = z.infer<typeof networkReportSchema>;

export const networkOnHostSchema = z
  .strictObject({ host: idSchema, hostName: z.string().max(100), ...carried })
  .meta({ id: 'NetworkOnHost', description: 'how a host carries a network' });

export const networkSchema = networkSpecSchema
  .omit({ id: true, name: true })
  .extend({
    kind: z.literal('network'),
    id: idSchema,
    name: nameSchema,
    state: z
      .enum(networkStates)
      .meta({ description: 'the worst of its states on the hosts that carry it' }),
    hosts: z.array(networkOnHostSchema).max(4096).meta({
      description: 'the hosts that carry it, and how it stands there',
    }),
    service: z
      .strictObject({ host: idSchema, hostName: z.string().max(100) })
      .nullable()
      .meta({
        description:
          'where a network that spans hosts, or a bridged one that leases addresses, is served; null for all others',
      }),
    adapters: z.number().int().min(0).meta({ description: 'adapters of vms that are on it' }),
    warnings: z.array(reasonSchema).max(8).meta({
      description: 'what may not be wanted of it as it is now, though nothing stops it',
    }),
    isolation: isolationSchema,
    version: z.number().int().min(1),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Network', description: 'what network adapters of vms are plugged into' });
export type Network = z.infer<typeof networkSchema>;

export const networkCreateSchema = z
  .strictObject({
    id: idSchema.optional().meta({
      description: 'of one that is known by it already; default: a new one',
    }),
    name: nameSchema,
    type: z.enum(typeNames).default('nat').meta({ description: 'how far its traffic goes' }),
    ipv4: ipv4InputSchema.nullable().optional().meta({
      description:
        'default: addresses for nat and host-only networks, none for the others; of a bridged one subnet, service and range of the physical network, with accept=physical-dhcp',
    }),
    ipv6: networkIpv6InputSchema.nullable().default(null).meta({
      description: 'of a network with a service; null: none',
    }),
    span: networkSpanInputSchema.nullable().default(null).meta({
      description: 'makes an internal or nat network one on all hosts',
    }),
    ...rest,
  })
  .meta({ id: 'NetworkCreate' });
export type NetworkCreate = z.infer<typeof networkCreateSchema>;

export const networkPatchSchema = patchOf(networkCreateSchema)
  .omit({ id: true, type: true, span: true })
  .meta({
    id: 'NetworkPatch',
    description:
      'what is left out stays as it is; ipv4 is given whole; the type and whether it spans hosts never change',
  });
export type NetworkPatch = z.infer<typeof networkPatchSchema>;

/** What goes wrong only where the physical network is not as it was thought to be: done when it is named. */
export const networkRisks = {
  'physical-dhcp':
    'the physical network may have a DHCP server of its own, which answers vms as well, or devices that have addresses of the range',
} as const;
export type NetworkRisk = keyof typeof networkRisks;

export const networkWriteQuerySchema = dryRunQuerySchema.extend({
  accept: z
    .enum(Object.keys(networkRisks) as [NetworkRisk, ...NetworkRisk[]])
    .optional()
    .meta({ description: 'physical-dhcp: DHCP is switched on in a bridged network' }),
});

/**
 * Whether one host serves it for all that carry it: its addresses are given once. Networks that exist on every host
 * by themselves are served by each.
 */
export function isServedOnce({
  type,
  span,
  ipv4,
}: Pick<NetworkSpec, 'type' | 'span' | 'ipv4'>): boolean {
  return span !== null || (type === 'bridged' && ipv4 !== null);
}

/** Definition and the version of its form, as it is kept in files. */
export const networkFileSchema = z
  .strictObject({
    gantry: z.literal('network'),
    format: z.literal(1),
    definition: networkSpecSchema.omit({ id: true }),
  })
  .meta({ id: 'NetworkFile', description: 'a network as a document' });
export type NetworkFile = z.infer<typeof networkFileSchema>;

export const networkDeleteQuerySchema = dryRunQuerySchema.extend({
  force: z
    .stringbool()
    .default(false)
    .meta({ description: 'also while vms use it; their adapters are plugged into nothing then' }),
});

/** A lease as the host's service has it. */
export const hostLeaseSchema = z.strictObject({
  address: ipv4,
  mac: macSchema,
  hostName: z.string().max(256).nullable().meta({ description: 'as the guest calls itself' }),
  startsAt: timeSchema,
  expiresAt: timeSchema,
});
export type HostLease = z.infer<typeof hostLeaseSchema>;

export const networkLeaseSchema = hostLeaseSchema
  .extend({
    vm: z
      .strictObject({ id: idSchema, name: z.string().max(100) })
      .nullable()
      .meta({ description: 'null: no vm that is known, or may be seen, has the MAC address' }),
    host: z.string().max(100).meta({ description: 'the host whose service leased it' }),
  })
  .meta({ id: 'NetworkLease', description: 'an address that is leased to an adapter' });
export type NetworkLease = z.infer<typeof networkLeaseSchema>;

export const networkLeasesSchema = z
  .strictObject({
    items: z.array(networkLeaseSchema).max(maxLeases),
    unreachable: z
      .array(z.string().max(100))
      .max(4096)
      .meta({ description: 'hosts that carry it and did not answer' }),
  })
  .meta({ id: 'NetworkLeases' });
export type NetworkLeases = z.infer<typeof networkLeasesSchema>;
