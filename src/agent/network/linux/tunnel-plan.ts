/**
 * The tunnel of a network that spans hosts: a VXLAN interface (RFC 7348) as a port of the network's bridge, and
 * the forwarding table that says which MAC address is behind which host. Nothing is learned from frames. Pure.
 */
import { z } from 'zod';
import { Fault, type Reason } from '#lib';
import { tunnelBytes, type NetworkSpan, type NetworkSpec, type SpanStanding } from '#api';
import type { Link } from './links.ts';
import { freeName, macOf, makeLink, writeAlias } from './names.ts';
import type { Call } from './plan.ts';

/** RFC 7348 8. */
export const tunnelPort = 4789;
/** Frames for all, and for those that are known nowhere, go by this entry. */
const toAll = '00:00:00:00:00:00';

export interface TunnelPlan {
  /** Undefined where there can be none. */
  readonly name: string | undefined;
  readonly calls: readonly Call[];
  readonly degraded: readonly Reason[];
}

export function planTunnel(
  hostId: string,
  network: NetworkSpec & { readonly span: NetworkSpan },
  bridge: string,
  { address }: Pick<SpanStanding, 'address'>,
  links: readonly Link[],
): TunnelPlan {
  const { vni, mtu } = network.span;
  const purpose = { kind: 'tunnel', network: network.id } as const;
  const alias = writeAlias(hostId, purpose);
  const old = links.find((link) => link.alias === alias);
  const under = links.find(({ addresses }) =>
    addresses.some((one) => one.slice(0, one.indexOf('/')) === address),
  );
  const remove: Call[] = old === undefined ? [] : [['link', 'del', 'dev', old.name]];
  if (address === null || under === undefined)
    return { name: undefined, calls: remove, degraded: [noAddress(address)] };
  const tunnel = old?.tunnel;
  const fits =
    tunnel?.vni === vni &&
    tunnel.address === address &&
    tunnel.port === tunnelPort &&
    !tunnel.learns;
  const link = fits ? old : undefined;
  const name = old?.name ?? freeName('tunnel', new Set(links.map((one) => one.name)));
  const calls: Call[] = [];
  if (link === undefined) {
    const vxlan = ['id', String(vni), 'local', address, 'dstport', String(tunnelPort)];
    const type = ['type', 'vxlan', ...vxlan, 'nolearning'];
    const make = (made: string): Call => ['link', 'add', 'name', made, ...type];
    calls.push(...remove, ...makeLink(hostId, { name, purpose }, make));
  }
  if (link?.mtu !== mtu) calls.push(['link', 'set', 'dev', name, 'mtu', String(mtu)]);
  const isPort = link?.master === bridge;
  if (!isPort) calls.push(['link', 'set', 'dev', name, 'master', bridge]);
  const flood = network.forgedAddresses || network.promiscuous;
  if (!isPort || link.port?.learns !== false || link.port.floods !== flood) {
    const port = ['learning', 'off', 'flood', flood ? 'on' : 'off'];
    calls.push(['link', 'set', 'dev', name, 'type', 'bridge_slave', ...port]);
  }
  if (link?.isUp !== true) calls.push(['link', 'set', 'dev', name, 'up']);
  return { name, calls, degraded: judgeMtu(under, mtu) };
}

function noAddress(address: string | null): Reason {
  return {
    code: 'span-without-address',
    text:
      address === null
        ? 'this host has no address for tunnels to other hosts, so its vms reach no other host'
        : `${address}, the address of this host for tunnels, is on none of its adapters`,
    remedy: 'set it: gantry host set HOST settings.spanAddress=ADDRESS',
  };
}

function judgeMtu({ name, mtu }: Link, wanted: number): Reason[] {
  if (mtu === undefined || mtu >= wanted + tunnelBytes) return [];
  const text = `${name} carries packets of ${mtu} bytes, the network needs ${wanted + tunnelBytes}`;
  return [{ code: 'mtu-too-small', text, remedy: 'raise the MTU of the adapter and its switches' }];
}

/** A line of a forwarding table: of the tunnel itself where it names a host, else of its bridge. */
interface Entry {
  readonly mac: string;
  readonly to: string | undefined;
}

const entriesSchema = z
  .array(
    z.object({
      mac: z.string().max(32),
      dst: z.string().max(64).optional(),
      master: z.string().max(15).optional(),
      state: z.string().max(32).optional(),
    }),
  )
  .max(1_000_000);

/** Errors: `corrupt` for what is no answer of `bridge`. */
export function parseEntries(text: string): readonly Entry[] {
  try {
    return entriesSchema
      .parse(JSON.parse(text === '' ? '[]' : text))
      .filter(({ dst, state }) => dst !== undefined || state === 'static')
      .map(({ mac, dst }) => ({ mac, to: dst }));
  } catch (cause) {
    throw new Fault('corrupt', 'cannot read the forwarding table of a tunnel', { cause });
  }
}

/** Where everybody is that is not here. The service has addresses of its own. */
export function wantedEntries(
  network: NetworkSpec,
  { peers, service }: SpanStanding,
  here: ReadonlySet<string>,
): readonly Entry[] {
  return peers.flatMap(({ host, address, adapters }): Entry[] => {
    if (address === null) return [];
    const served = host === service ? (['network', 'service'] as const) : [];
    const macs = new Set([
      ...adapters.map(({ mac }) => mac).filter((mac) => !here.has(mac)),
      ...served.map((kind) => macOf(kind, network.id)),
    ]);
    const behind = [...macs].flatMap((mac) => [
      { mac, to: address },
      { mac, to: undefined },
    ]);
    return [{ mac: toAll, to: address }, ...behind];
  });
}

/** Lines of `bridge -batch`: first what goes, so that an address that has moved is free. */
export function planEntries(
  tunnel: string,
  present: readonly Entry[],
  wanted: readonly Entry[],
): readonly string[] {
  const key = ({ mac, to }: Entry): string => `${mac} ${to ?? ''}`;
  const has = new Set(present.map(key));
  const needs = new Set(wanted.map(key));
  const line = (verb: string, { mac, to }: Entry): string =>
    to === undefined
      ? `fdb ${verb} ${mac} dev ${tunnel} master${verb === 'del' ? '' : ' static'}`
      : `fdb ${verb} ${mac} dev ${tunnel} dst ${to} self${verb === 'del' ? '' : ' permanent'}`;
  return [
    ...present.filter((entry) => !needs.has(key(entry))).map((entry) => line('del', entry)),
    ...wanted
      .filter((entry) => !has.has(key(entry)))
      .map((entry) => line(entry.mac === toAll ? 'append' : 'replace', entry)),
  ];
}

/** Reasons that are about other hosts. */
export function judgePeers(
  { peers }: SpanStanding,
  silent: ReadonlySet<string>,
): readonly Reason[] {
  return peers.flatMap(({ name, address }): Reason[] => {
    if (address === null)
      return [
        {
          code: 'peer-without-address',
          text: `host ${name} has no address for tunnels`,
          remedy: `set it: gantry host set ${name} settings.spanAddress=ADDRESS`,
        },
      ];
    if (!silent.has(address)) return [];
    const text = `nothing comes from host ${name} (${address}) over UDP port ${tunnelPort}`;
    const remedy = 'look whether it runs, and at firewalls between the two hosts';
    return [{ code: 'peer-silent', text, remedy }];
  });
}
