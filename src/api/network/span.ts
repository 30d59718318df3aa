/** Networks that span hosts: by tunnels between the hosts that carry them (docs/rfd/0021, RFC 7348). */
import { z } from 'zod';

/** What a tunnel puts around a packet: Ethernet, IPv4, UDP and VXLAN headers (RFC 7348 5). */
export const tunnelBytes = 50;

const vni = z
  .number()
  .int()
  .min(1)
  .max(2 ** 24 - 1)
  .meta({ description: 'number of its tunnels (VNI), which no other network has' });
const mtu = z.number().int().min(1280).max(9000).meta({
  description: 'largest packet of its vms, told to them by DHCP; hosts need 50 bytes more',
});

const defaultMtu = 1500 - tunnelBytes;

export const networkSpanSchema = z
  .strictObject({ vni, mtu: mtu.default(defaultMtu) })
  .meta({ id: 'NetworkSpan', description: 'a network that is one on all hosts, by VXLAN' });
export type NetworkSpan = z.infer<typeof networkSpanSchema>;

export const networkSpanInputSchema = z
  .strictObject({
    vni: vni.optional().meta({ description: 'default: one that no other network has' }),
    mtu: mtu.default(defaultMtu),
  })
  .meta({ id: 'NetworkSpanInput' });
export type NetworkSpanInput = z.infer<typeof networkSpanInputSchema>;
