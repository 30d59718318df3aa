/**
 * Rules of nftables that spread connections over servers: those that translate to an address out of a map, by a number
 * that is made for each connection (`dnat to numgen inc mod 2 map { ... }`, also jhash and symhash; nft(8)). They are
 * read from what `nft --json` lists (libnftables-json(5)), whoever wrote them.
 */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { runProgram } from '#qemu';

const limitMs = 5_000;
const maxOutputBytes = 16 * 1024 * 1024;
const maxRules = 256;

export interface BalancingRule {
  /** Where connections come in; undefined: anywhere. */
  readonly interfaces: readonly string[] | undefined;
  /** Whom they are for; undefined: anybody of the family. */
  readonly addresses: BlockList | undefined;
  readonly family: 'ipv4' | 'ipv6' | 'both';
}

/** None where the program is missing, or may not ask the kernel. */
export async function readBalancingRules(
  nft: string | undefined,
): Promise<readonly BalancingRule[]> {
  if (nft === undefined) return [];
  const call = ['--json', '--stateless', 'list', 'ruleset'];
  const { end, code, stdout, truncated } = await runProgram(nft, call, {
    timeoutMs: limitMs,
    maxOutputBytes,
  });
  return end === 'exited' && code === 0 && !truncated ? parseBalancingRules(stdout) : [];
}

const families = { ip: 'ipv4', ip6: 'ipv6', inet: 'both' } as const;
const rulesetSchema = z.object({
  nftables: z.array(
    z.object({
      rule: z
        .object({ family: z.string(), expr: z.array(z.unknown()).max(1024).default([]) })
        .optional(),
    }),
  ),
});

const number = z.union([
  z.object({ numgen: z.unknown() }),
  z.object({ jhash: z.unknown() }),
  z.object({ symhash: z.unknown() }),
]);
const spreadingSchema = z.object({
  dnat: z.object({
    // In a table of both families it says which one it is of.
    family: z.string().optional(),
    addr: z.object({ map: z.object({ key: number }) }),
  }),
});
const matchSchema = z.object({
  match: z.object({
    op: z.enum(['==', 'in']),
    left: z.union([
      z.object({
        payload: z.object({ protocol: z.enum(['ip', 'ip6']), field: z.literal('daddr') }),
      }),
      z.object({ meta: z.object({ key: z.enum(['iif', 'iifname']) }) }),
    ]),
    right: z.unknown(),
  }),
});
const text = z.string().max(64);
const prefixSchema = z.object({ prefix: z.object({ addr: text, len: z.number().int() }) });
const rangeSchema = z.object({ range: z.tuple([text, text]) });

/** What cannot be read as a ruleset has none. */
export function parseBalancingRules(json: string): readonly BalancingRule[] {
  let listed: unknown;
  try {
    listed = JSON.parse(json);
  } catch {
    return [];
  }
  const { data } = rulesetSchema.safeParse(listed);
  return (data?.nftables ?? [])
    .flatMap(({ rule }) => (rule === undefined ? [] : balancingRule(rule)))
    .slice(0, maxRules);
}

function balancingRule({
  family,
  expr,
}: {
  readonly family: string;
  readonly expr: readonly unknown[];
}): BalancingRule[] {
  const [spread] = expr.flatMap((one) => spreadingSchema.safeParse(one).data?.dnat ?? []);
  const own = spread?.family ?? family;
  const of = Object.entries(families).find(([name]) => name === own)?.[1];
  if (spread === undefined || of === undefined) return [];
  const rule: { interfaces?: readonly string[]; addresses?: BlockList | undefined } = {};
  for (const one of expr) {
    const { data } = matchSchema.safeParse(one);
    if (data === undefined) continue;
    const { left, right } = data.match;
    if ('payload' in left) rule.addresses = addressesOf(right);
    else rule.interfaces = elementsOf(right).flatMap((name) => text.safeParse(name).data ?? []);
  }
  return [{ interfaces: rule.interfaces, addresses: rule.addresses, family: of }];
}

/** A value, or those of a set that is written in the rule. */
function elementsOf(value: unknown): readonly unknown[] {
  const { data } = z.object({ set: z.array(z.unknown()) }).safeParse(value);
  return data?.set ?? [value];
}

/** Undefined where the addresses stand elsewhere, in a set with a name. */
function addressesOf(value: unknown): BlockList | undefined {
  const list = new BlockList();
  for (const one of elementsOf(value)) {
    const prefix = prefixSchema.safeParse(one).data?.prefix;
    const range = rangeSchema.safeParse(one).data?.range;
    const [first, last] = range ?? [prefix?.addr ?? text.safeParse(one).data ?? ''];
    const version = isIP(first);
    if (version === 0) return undefined;
    const kind = version === 4 ? 'ipv4' : 'ipv6';
    if (prefix !== undefined) list.addSubnet(first, prefix.len, kind);
    else if (last === undefined) list.addAddress(first, kind);
    else list.addRange(first, last, kind);
  }
  return list;
}
