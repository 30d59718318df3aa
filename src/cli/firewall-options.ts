/** Firewalls on the command line: a rule is a line of words, `allow in tcp 22,8000-8080 from 10.80.0.0/24`. */
import type { Firewall, FirewallRule } from '#api';
import { Fault } from '#lib';
import type { Values } from './command.ts';

const verdicts = ['allow', 'deny'] as const;

export const firewallOptions = {
  rule: {
    type: 'list',
    value: 'RULE',
    meaning:
      'all rules in their order, or none: allow|deny in|out any|tcp|udp|icmp [PORTS] [from|to ADDRESS]',
  },
  'default-in': {
    type: 'text',
    words: verdicts,
    value: 'WORD',
    meaning: 'what a guest receives that no rule fits: allow or deny',
  },
  'default-out': {
    type: 'text',
    words: verdicts,
    value: 'WORD',
    meaning: 'what a guest sends that no rule fits: allow or deny',
  },
} as const;

/** Undefined where nothing of it was said; what was not said stays. */
export function firewallOf(
  options: Values<typeof firewallOptions>,
  before: Firewall,
): Firewall | undefined {
  const { rule, 'default-in': inbound, 'default-out': outbound } = options;
  if (rule === undefined && inbound === undefined && outbound === undefined) return undefined;
  const rules = rule?.length === 1 && rule[0] === 'none' ? [] : rule?.map(parseRule);
  return {
    inbound: inbound ?? before.inbound,
    outbound: outbound ?? before.outbound,
    rules: rules ?? before.rules,
  };
}

/** Errors: `invalid` with what a rule looks like. */
export function parseRule(text: string): FirewallRule {
  const [action, direction, protocol, ...rest] = text.trim().split(/\s+/);
  const hasPorts = /^[\d,-]+$/.test(rest[0] ?? '');
  const ports = hasPorts ? (rest[0] ?? '').split(',') : [];
  const [word, address, ...more] = hasPorts ? rest.slice(1) : rest;
  const preposition = direction === 'in' ? 'from' : 'to';
  if (
    (action !== 'allow' && action !== 'deny') ||
    (direction !== 'in' && direction !== 'out') ||
    (protocol !== 'any' && protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp') ||
    (word !== undefined && (word !== preposition || address === undefined)) ||
    more.length > 0
  )
    throw new Fault('invalid', `--rule "${text.slice(0, 100)}" is not a rule`, {
      hint: 'for example "allow in tcp 22,8000-8080 from 10.80.0.0/24", or "deny out any to 10.0.0.0/8"',
    });
  return {
    direction: direction === 'in' ? 'inbound' : 'outbound',
    action,
    protocol,
    address: address ?? null,
    ports: ports.map((range) => {
      const [first = '', last = first] = range.split('-');
      return { first: Number(first), last: Number(last) };
    }),
    description: '',
  };
}

/** As it is given. */
export function formatRule({ action, direction, protocol, ports, address }: FirewallRule): string {
  const ranges = ports.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
  return [
    action,
    direction === 'inbound' ? 'in' : 'out',
    protocol,
    ...(ranges.length === 0 ? [] : [ranges.join(',')]),
    ...(address === null ? [] : [direction === 'inbound' ? 'from' : 'to', address]),
  ].join(' ');
}

/** A firewall in lines, none where it is open. */
export function firewallLines(
  name: string,
  { rules, inbound, outbound }: Firewall,
): readonly (readonly [string, string])[] {
  if (rules.length === 0 && inbound === 'allow' && outbound === 'allow') return [];
  const rest = `${inbound} in, ${outbound} out`;
  return [
    ...rules.map((rule) => [name, formatRule(rule)] as const),
    [name, rules.length === 0 ? rest : `else ${rest}`],
  ];
}
