/** The adapters of a host as they are reported: what the kernel tells, and what they are for. */
import { readFile } from 'node:fs/promises';
import { macSchema, maxHostAdapters, type AdapterReport, type NetworkSpec } from '#api';
import type { Link } from '../links.ts';
import { isOwnName } from '../names.ts';
import { uplinkOf } from './plan-use.ts';
import type { Ways } from './ways.ts';

/** Kinds of interface that frames leave the host by; a physical one tells none. */
const kinds = new Set<string | undefined>([undefined, 'bond', 'team', 'vlan', 'veth', 'macvlan']);

/** One that belongs to a bond or to a bridge of others carries nothing by itself. */
export function isAdapter({ name, kind, master }: Link): boolean {
  if (name === 'lo' || isOwnName(name) || !kinds.has(kind)) return false;
  return master === undefined || isOwnName(master);
}

export interface AdapterFacts {
  readonly hostId: string;
  readonly links: readonly Link[];
  readonly ways: Ways;
  /** Bridged networks that are carried. */
  readonly carried: readonly NetworkSpec[];
}

export async function reportAdapters(
  { hostId, links, ways, carried }: AdapterFacts,
  usedAs: (name: string) => Pick<AdapterReport, 'use' | 'trial' | 'problem'>,
): Promise<readonly AdapterReport[]> {
  const adapters = links.filter(isAdapter).slice(0, maxHostAdapters);
  return Promise.all(
    adapters.map(async (link) => {
      const { name, mac, isUp, hasCarrier } = link;
      const at = uplinkOf(hostId, link, links) ?? link;
      return {
        name,
        mac: macSchema.safeParse(mac).data ?? null,
        link: isUp ? (hasCarrier ? 'up' : 'no-link') : 'disabled',
        speedMbps: await readSpeed(name),
        addresses: [...at.addresses, ...(at.addresses6 ?? [])].slice(0, 1024),
        carries: [
          ...(ways.coordinator === at.name ? (['coordinator'] as const) : []),
          ...(ways.defaultRoutes.has(at.name) ? (['default-route'] as const) : []),
        ],
        networks: carried.flatMap(({ id, adapter }) => (adapter === name ? [id] : [])),
        ...usedAs(name),
      } satisfies AdapterReport;
    }),
  );
}

/** Without a link, and for adapters that are made of software, the kernel tells none or -1. */
async function readSpeed(name: string): Promise<number | null> {
  const text = await readFile(`/sys/class/net/${name}/speed`, 'utf8').catch(() => '');
  const speed = Number.parseInt(text, 10);
  return speed >= 0 ? speed : null;
}
