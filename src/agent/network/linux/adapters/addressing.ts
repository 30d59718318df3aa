/**
 * The addresses and routes that the host has on one interface, read so that they can be given to another one and
 * back again word for word: addresses as `ip -json address` tells them, routes as the words of `ip route` itself,
 * which reads what it writes (ip-route(8)). What the kernel makes of itself, such as its own routes, it makes
 * again. Pure but for `readAddressing`.
 */
import { z } from 'zod';
import { Fault } from '#lib';
import { forever } from '../links.ts';
import type { Call } from '../plan.ts';
import { run } from '../programs.ts';

export const hostAddressSchema = z.strictObject({
  /** With its length: `192.0.2.5/24`. */
  address: z.string().max(64),
  /** Further words of `ip address add`. */
  words: z.array(z.string().max(64)).max(16),
  label: z.string().max(15).nullable(),
});
export type HostAddress = z.infer<typeof hostAddressSchema>;

export const addressingSchema = z.strictObject({
  addresses: z.array(hostAddressSchema).max(1024),
  /** Words of `ip route add`, without the interface. */
  routes: z.array(z.array(z.string().max(64)).min(1).max(64)).max(4096),
});
export type Addressing = z.infer<typeof addressingSchema>;

export const noAddressing: Addressing = { addresses: [], routes: [] };

/** What is on an interface, and what of it cannot be moved. */
export interface ReadAddressing extends Addressing {
  /** Addresses of IPv6 that the interface gave itself on its link (RFC 4291 2.5.6). */
  readonly ofLink: readonly HostAddress[];
  /** Addresses with a lifetime: a DHCP client of the host, or a router, gives and renews them. */
  readonly leased: readonly string[];
  /** Destinations of routes with several ways, of which one leads over the interface. */
  readonly multipath: readonly string[];
}

const addressSchema = z.object({
  family: z.enum(['inet', 'inet6']),
  local: z.string().max(64),
  address: z.string().max(64).optional(),
  prefixlen: z.number().int(),
  broadcast: z.string().max(64).optional(),
  scope: z.string().max(16),
  label: z.string().max(15).optional(),
  metric: z.number().int().optional(),
  noprefixroute: z.boolean().optional(),
  valid_life_time: z.number(),
});
const interfacesSchema = z
  .array(z.object({ addr_info: z.array(z.unknown()).max(4096).default([]) }))
  .max(4);
const multipathSchema = z
  .array(
    z.object({
      dst: z.string().max(64),
      nexthops: z.array(z.object({ dev: z.string().max(15).optional() })).default([]),
    }),
  )
  .max(100_000);

/** Errors: `unavailable`; `corrupt` for what is no answer of `ip`. */
export async function readAddressing(ip: string, name: string): Promise<ReadAddressing> {
  const routes = (family: '-4' | '-6'): Promise<string> =>
    run(ip, [family, '-N', '-details', 'route', 'show', 'table', 'all', 'dev', name]);
  const all = (family: '-4' | '-6'): Promise<string> => run(ip, [family, '-json', 'route', 'show']);
  const told = await run(ip, ['-json', 'address', 'show', 'dev', name]);
  return {
    ...parseAddresses(told),
    routes: [...parseRoutes(await routes('-4'), '-4'), ...parseRoutes(await routes('-6'), '-6')],
    multipath: [...parseMultipath(await all('-4'), name), ...parseMultipath(await all('-6'), name)],
  };
}

/** Errors: `corrupt`. */
export function parseAddresses(text: string): Omit<ReadAddressing, 'routes' | 'multipath'> {
  const addresses: HostAddress[] = [];
  const ofLink: HostAddress[] = [];
  const leased: string[] = [];
  for (const { addr_info: all } of parseAnswer(interfacesSchema, text))
    for (const one of all) {
      const { success, data } = addressSchema.safeParse(one);
      if (!success) continue;
      const address = `${data.local}/${data.prefixlen}`;
      const isOfLink = data.family === 'inet6' && data.scope === 'link';
      if (data.valid_life_time !== forever) leased.push(address);
      const list = isOfLink ? ofLink : addresses;
      list.push({ address, words: wordsOf(data), label: data.label ?? null });
    }
  return { addresses, ofLink, leased };
}

function wordsOf(one: z.infer<typeof addressSchema>): string[] {
  return [
    ...(one.address === undefined ? [] : ['peer', `${one.address}/${one.prefixlen}`]),
    ...(one.broadcast === undefined ? [] : ['broadcast', one.broadcast]),
    ...(one.scope === 'global' ? [] : ['scope', one.scope]),
    ...(one.metric === undefined ? [] : ['metric', String(one.metric)]),
    ...(one.noprefixroute === true ? ['noprefixroute'] : []),
    // It was this host's before: nobody else has it.
    ...(one.family === 'inet6' ? ['nodad'] : []),
  ];
}

const unicast = '1';
const kernelMade = '2';
/** How the way stands at the moment, which nobody can ask for. */
const passing = new Set(['linkdown', 'dead', 'offload', 'trap']);

/** Those that somebody has made, each after what it needs: ways on the link come before ways over a router. */
export function parseRoutes(text: string, family: '-4' | '-6'): string[][] {
  const routes = text.split('\n').flatMap((line) => {
    const [type, destination = '', ...words] = line.trim().split(/\s+/);
    const at = words.indexOf('proto');
    if (type !== unicast || destination === '' || words[at + 1] === kernelMade) return [];
    const kept = words.filter((word) => !passing.has(word));
    const everywhere = family === '-4' ? '0.0.0.0/0' : '::/0';
    return [[destination === 'default' ? everywhere : destination, ...kept]];
  });
  const overRouter = (route: readonly string[]): number => (route.includes('via') ? 1 : 0);
  return routes.toSorted((one, other) => overRouter(one) - overRouter(other));
}

export function parseMultipath(text: string, name: string): string[] {
  return parseAnswer(multipathSchema, text === '' ? '[]' : text).flatMap(({ dst, nexthops }) =>
    nexthops.some(({ dev }) => dev === name) ? [dst] : [],
  );
}

function parseAnswer<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text === '' ? '[]' : text));
  } catch (cause) {
    throw new Fault('corrupt', 'cannot read the addresses of the host', { cause });
  }
}

/** Gives it to the interface; said again it changes nothing. */
export function giveCalls({ addresses, routes }: Addressing, name: string): readonly Call[] {
  return [
    ...addresses.map(({ address, words, label }): Call => {
      // A label begins with the name of its interface.
      const kept = label?.startsWith(`${name}:`) === true ? ['label', label] : [];
      return ['address', 'replace', address, ...words, ...kept, 'dev', name];
    }),
    ...routes.map((words): Call => ['route', 'replace', ...words, 'dev', name]),
  ];
}

/** Takes the addresses from the interface, and with them goes what is routed by them. */
export function takeCalls({ addresses, routes }: Addressing, name: string): readonly Call[] {
  return [
    ...routes.toReversed().map((words): Call => ['route', 'del', ...words, 'dev', name]),
    ...addresses.toReversed().map(({ address, words }): Call => {
      const peer = words[0] === 'peer' ? words.slice(0, 2) : [];
      return ['address', 'del', address, ...peer, 'dev', name];
    }),
  ];
}

/** What was there before and is not there now, in words for people. */
export function missingFrom(now: Addressing, before: Addressing): readonly string[] {
  const addresses = new Set(now.addresses.map(({ address }) => address));
  const routes = new Set(now.routes.map((words) => words.join(' ')));
  return [
    ...before.addresses.flatMap(({ address }) =>
      addresses.has(address) ? [] : [`the address ${address}`],
    ),
    ...before.routes.flatMap((words) =>
      routes.has(words.join(' ')) ? [] : [`the route ${words.slice(0, 3).join(' ')}`],
    ),
  ];
}

/** Of both; what stands in both is there once. */
export function joinAddressing(one: Addressing, other: Addressing): Addressing {
  const addresses = new Map([...one.addresses, ...other.addresses].map((it) => [it.address, it]));
  const routes = new Map([...one.routes, ...other.routes].map((it) => [it.join(' '), it]));
  return { addresses: [...addresses.values()], routes: [...routes.values()] };
}

/** Routers that the host sends to over the interface. */
export function routersOf({ routes }: Addressing): readonly string[] {
  const routers = routes.flatMap((words) => {
    const router = words[words.indexOf('via') + 1];
    return words.includes('via') && router !== undefined ? [router] : [];
  });
  return [...new Set(routers)];
}
