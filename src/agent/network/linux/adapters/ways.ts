/** Over which interfaces the host is managed: its way to the coordinator, and its default routes. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { z } from 'zod';
import type { Link } from '../links.ts';
import { run } from '../programs.ts';
import type { Endpoint } from './reach.ts';

export interface Ways {
  /** Interface over which the coordinator is reached; undefined where it is on this host, or unknown. */
  readonly coordinator: string | undefined;
  readonly defaultRoutes: ReadonlySet<string>;
}

const routesSchema = z
  .array(
    z.object({
      dev: z.string().max(15).optional(),
      gateway: z.string().max(64).optional(),
      nexthops: z.array(z.object({ dev: z.string().max(15).optional() })).default([]),
    }),
  )
  .max(10_000);
type Routes = z.infer<typeof routesSchema>;

export async function findWays(ip: string, coordinator: Endpoint | undefined): Promise<Ways> {
  const defaults = await Promise.all(
    (['-4', '-6'] as const).map((family) =>
      askRoutes(ip, [family, '-json', 'route', 'show', 'default']),
    ),
  );
  const names = defaults
    .flat()
    .flatMap(({ dev, nexthops }) => [dev, ...nexthops.map((one) => one.dev)]);
  const address = await addressOf(coordinator);
  const [way] =
    address === undefined ? [] : await askRoutes(ip, ['-json', 'route', 'get', address]);
  return {
    coordinator: way?.dev === 'lo' ? undefined : way?.dev,
    defaultRoutes: new Set(names.flatMap((name) => name ?? [])),
  };
}

/** Whether the coordinator may be reached over the interface: so it is where that is on this host itself. */
export async function leadsToCoordinator(
  ip: string,
  coordinator: Endpoint | undefined,
  { name, addresses, addresses6 = [] }: Link,
): Promise<boolean> {
  const address = await addressOf(coordinator);
  if (address === undefined) return true;
  const [usual] = await askRoutes(ip, ['-json', 'route', 'get', address]);
  if (usual?.dev === 'lo') return true;
  const [way] = await askRoutes(ip, ['-json', 'route', 'get', address, 'oif', name]);
  if (way === undefined) return false;
  // Without a route the kernel takes everything to be on the link of an interface that is named.
  return way.gateway !== undefined || isOnLink([...addresses, ...addresses6], address);
}

function isOnLink(own: readonly string[], address: string): boolean {
  const subnets = new BlockList();
  for (const one of own) {
    const [net = '', bits = ''] = one.split('/');
    subnets.addSubnet(net, Number(bits), isIPv6(net) ? 'ipv6' : 'ipv4');
  }
  return subnets.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

async function addressOf(coordinator: Endpoint | undefined): Promise<string | undefined> {
  if (coordinator === undefined) return undefined;
  return lookup(coordinator.host).then(
    ({ address }) => address,
    () => undefined,
  );
}

/** Of a question that has no answer none. */
async function askRoutes(ip: string, call: readonly string[]): Promise<Routes> {
  const text = await run(ip, call).catch(() => '');
  return routesSchema.safeParse(JSON.parse(text === '' ? '[]' : text)).data ?? [];
}
