/** What has passed at ports, as the kernel counts it, and what their firewalls remember of it. */
import { z } from 'zod';
import {
  isOpen,
  maxPortFlows,
  portFlowSchema,
  type HostPort,
  type NetworkSpec,
  type PortFlow,
} from '#api';
import { readAlias, tableName } from './names.ts';
import { portKey, type TappedPort } from './ports.ts';
import { run, type Programs } from './programs.ts';

const counts = z.object({ bytes: z.number(), packets: z.number(), dropped: z.number() });
const linksSchema = z.array(
  z.object({
    ifname: z.string().max(15),
    ifindex: z.number().int(),
    ifalias: z.string().max(256).optional(),
    flags: z.array(z.string().max(32)),
    stats64: z.object({ rx: counts, tx: counts }),
  }),
);
const queuesSchema = z.array(
  z.object({ dev: z.string().max(15), kind: z.string().max(32), drops: z.number().optional() }),
);
const element = z.object({
  elem: z.object({
    val: z.object({
      concat: z.tuple([z.string(), z.string(), z.string(), z.number(), z.number()]),
    }),
  }),
});
const setSchema = z.object({
  nftables: z.array(z.object({ set: z.object({ elem: z.array(element).optional() }).optional() })),
});

interface CountingHost {
  readonly programs: Pick<Programs, 'ip' | 'tc' | 'nft'>;
  readonly hostId: string;
}

/** A port's tap, as the kernel counts what passes it. */
export interface CountedPort extends TappedPort {
  /** As no other tap is called while this host runs. */
  readonly ifindex: number;
  readonly link: HostPort['link'];
  readonly received: HostPort['received'];
  readonly sent: HostPort['sent'];
}

/** A port that goes meanwhile is left out. */
export async function countPorts(
  { programs, hostId }: CountingHost,
  ports: readonly TappedPort[],
): Promise<readonly CountedPort[]> {
  if (ports.length === 0) return [];
  const [linksText, queuesText] = await Promise.all([
    run(programs.ip, ['-json', '-statistics', 'link', 'show']),
    run(programs.tc, ['-json', '-statistics', 'qdisc', 'show']),
  ]);
  const links = linksSchema.parse(JSON.parse(linksText));
  const queues = queuesSchema.parse(JSON.parse(queuesText));
  const droppedAt = (dev: string | undefined): number =>
    queues.find((queue) => queue.dev === dev && queue.kind === 'tbf')?.drops ?? 0;
  const gates = new Map<string, string>();
  for (const { ifname, ifalias } of links) {
    const purpose = readAlias(hostId, ifalias);
    if (purpose?.kind === 'limit') gates.set(portKey(purpose.vm, purpose.slot), ifname);
  }
  return ports.flatMap((port) => {
    const { vm, tap, adapter } = port;
    const link = links.find(({ ifname }) => ifname === tap);
    if (link === undefined) return [];
    // What the guest receives is what its tap sends.
    const { rx: sent, tx: received } = link.stats64;
    return [
      {
        ...port,
        ifindex: link.ifindex,
        link: link.flags.includes('LOWER_UP') ? ('up' as const) : ('down' as const),
        received: add(received, droppedAt(tap)),
        sent: add(sent, droppedAt(gates.get(portKey(vm, adapter.slot)))),
      },
    ];
  });
}

/** Those on the network. */
export async function readPorts(
  host: CountingHost,
  ports: readonly TappedPort[],
  network: NetworkSpec | undefined,
): Promise<readonly HostPort[]> {
  if (network === undefined) return [];
  const counted = await countPorts(
    host,
    ports.filter((port) => port.network === network.id),
  );
  const states: HostPort[] = [];
  for (const { vm, tap, adapter, link, received, sent } of counted) {
    const isWatched = !(isOpen(adapter.firewall) && isOpen(network.firewall));
    states.push({
      vm,
      slot: adapter.slot,
      mac: adapter.mac,
      interface: tap,
      link,
      received,
      sent,
      flows: isWatched ? await readFlows(host.programs.nft, host.hostId, tap) : null,
    });
  }
  return states;
}

function add(
  { bytes, packets, dropped }: z.infer<typeof counts>,
  droppedToo: number,
): HostPort['sent'] {
  return { bytes, packets, dropped: dropped + droppedToo };
}

async function readFlows(nft: string, hostId: string, tap: string): Promise<PortFlow[]> {
  const flows: PortFlow[] = [];
  for (const set of [`flows-${tap}`, `flows6-${tap}`]) {
    const call = ['--json', 'list', 'set', 'bridge', tableName(hostId), set];
    const text = await run(nft, call).catch(() => '{"nftables":[]}');
    for (const { set } of setSchema.parse(JSON.parse(text)).nftables)
      for (const { elem } of set?.elem ?? []) {
        const [address, farAddress, protocol, port, farPort] = elem.val.concat;
        flows.push(portFlowSchema.parse({ protocol, address, port, farAddress, farPort }));
      }
  }
  return flows.slice(0, maxPortFlows);
}
