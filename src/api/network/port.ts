/** What an adapter of a vm gets at its port of a network: how much it may send and receive, and when. */
import { z } from 'zod';
import { isOneOf, openFirewall, type Firewall } from './firewall.ts';

/** Whose frames go first where the adapter of a host cannot send all at once. */
export const portPriorities = ['low', 'normal', 'high'] as const;
export type PortPriority = (typeof portPriorities)[number];

/** Below, a port cannot carry a full frame in tens of milliseconds; above, no adapter is that fast. */
const bitsPerSecond = z.number().int().min(100_000).max(400_000_000_000).nullable();

export const bandwidthSchema = z
  .strictObject({
    inboundBitsPerSecond: bitsPerSecond
      .default(null)
      .meta({ description: 'most that the guest receives; null: no limit' }),
    outboundBitsPerSecond: bitsPerSecond
      .default(null)
      .meta({ description: 'most that the guest sends; null: no limit' }),
  })
  .meta({ id: 'PortBandwidth', description: 'limits of an adapter, as the guest sees them' });
export type Bandwidth = z.infer<typeof bandwidthSchema>;

export const unlimited: Bandwidth = { inboundBitsPerSecond: null, outboundBitsPerSecond: null };

/** Adapters and networks name addresses of guests in either kind. */
export const guestAddressSchema = z
  .string()
  .max(50)
  .refine((text) => isOneOf(text, [z.ipv4(), z.ipv6()]), { error: 'is not an address' });

/** Of IEEE 802.1Q; 0 is none, and 4095 is reserved. */
export const vlanNumberSchema = z.number().int().min(1).max(4094);

export const vlanRangeSchema = z
  .strictObject({ first: vlanNumberSchema, last: vlanNumberSchema })
  .refine(({ first, last }) => first <= last, {
    error: 'is below the first number',
    path: ['last'],
  })
  .meta({ id: 'VlanRange', description: 'numbers of VLANs, both ends among them' });
export type VlanRange = z.infer<typeof vlanRangeSchema>;

/** A port without a setting of its own. */
export const plainPort: {
  bandwidth: Bandwidth;
  priority: PortPriority;
  firewall: Firewall;
  addresses: string[];
  vlans: VlanRange[];
} = { bandwidth: unlimited, priority: 'normal', firewall: openFirewall, addresses: [], vlans: [] };
