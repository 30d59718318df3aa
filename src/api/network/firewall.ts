/** What may pass a port of a network, judged outside of the guest. Answers to what was let through always pass. */
import { z } from 'zod';

const portNumber = z.number().int().min(1).max(65_535);
/** A union would be two settings that look like one. */
export function isOneOf(text: string, kinds: readonly z.ZodType[]): boolean {
  return kinds.some((kind) => kind.safeParse(text).success);
}

const verdict = z.enum(['allow', 'deny']);

export const firewallRuleSchema = z
  .strictObject({
    direction: z
      .enum(['inbound', 'outbound'])
      .meta({ description: 'inbound: what a guest receives; outbound: what it sends' }),
    action: verdict,
    protocol: z
      .enum(['any', 'tcp', 'udp', 'icmp'])
      .default('any')
      .meta({ description: 'icmp: of IPv4 and of IPv6' }),
    address: z
      .string()
      .max(50)
      .refine((text) => isOneOf(text, [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]), {
        error: 'is neither an address nor a subnet',
      })
      .nullable()
      .default(null)
      .meta({
        description: 'of the other side: an address or a subnet, 10.80.0.0/24; null: everybody',
      }),
    ports: z
      .array(z.strictObject({ first: portNumber, last: portNumber }))
      .max(32)
      .default([])
      .meta({ description: 'of tcp and udp: ports of the receiver; empty: all' }),
    description: z.string().max(100).default('').meta({ description: 'for people' }),
  })
  .superRefine(({ protocol, ports }, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (ports.length > 0 && protocol !== 'tcp' && protocol !== 'udp')
      issue(['ports'], `${protocol === 'any' ? 'a rule for any protocol' : protocol} has no ports`);
    for (const [index, { first, last }] of ports.entries())
      if (first > last) issue(['ports', index, 'last'], 'is below the first port');
  })
  .meta({ id: 'FirewallRule', description: 'the first rule that fits decides' });
export type FirewallRule = z.infer<typeof firewallRuleSchema>;

export const firewallSchema = z
  .strictObject({
    inbound: verdict.default('allow').meta({ description: 'what no inbound rule fits' }),
    outbound: verdict.default('allow').meta({ description: 'what no outbound rule fits' }),
    rules: z.array(firewallRuleSchema).max(128).default([]),
  })
  .meta({ id: 'Firewall', description: 'rules in their order, and what holds where none fits' });
export type Firewall = z.infer<typeof firewallSchema>;

export const openFirewall: Firewall = { inbound: 'allow', outbound: 'allow', rules: [] };

/** Whether everything passes. */
export function isOpen({ inbound, outbound, rules }: Firewall): boolean {
  return (
    inbound === 'allow' && outbound === 'allow' && rules.every(({ action }) => action === 'allow')
  );
}
