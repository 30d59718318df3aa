/**
 * What belongs to us among the interfaces of a host. Names are short and say nothing, since Linux allows 15
 * letters; whose an interface is stands in its alias, which outlives every agent.
 */
import { createHash } from 'node:crypto';
import { formatIpv6, isUuid } from '#api';

export type Purpose =
  | { readonly kind: 'network'; readonly network: string }
  | { readonly kind: 'service'; readonly network: string }
  | { readonly kind: 'tunnel'; readonly network: string }
  | { readonly kind: 'vlan'; readonly network: string }
  /** The bridge that the host shares an adapter by (adapters/plan-use.ts). */
  | { readonly kind: 'uplink'; readonly adapter: string }
  | { readonly kind: 'adapter'; readonly vm: string; readonly slot: number }
  /** What an adapter sends waits there for its turn (limits.ts). */
  | { readonly kind: 'limit'; readonly vm: string; readonly slot: number };

export const prefixes: Readonly<Record<Purpose['kind'], string>> = {
  network: 'gbr',
  uplink: 'gbr',
  service: 'gsvc',
  tunnel: 'gvx',
  vlan: 'gvl',
  adapter: 'gtap',
  limit: 'gifb',
};

const ownName = /^g(br|svc|tap|ifb|vx|vl)\d{1,10}$/;

/** Whether Gantry gives such names, on behalf of whichever installation. */
export function isOwnName(name: string): boolean {
  return ownName.test(name);
}

/** Whether what comes in there is from outside: an adapter of the host, or a VLAN of one. */
export function leadsOutside(name: string): boolean {
  return !isOwnName(name) || name.startsWith(prefixes.vlan);
}

export function writeAlias(hostId: string, purpose: Purpose): string {
  return `gantry ${hostId} ${purpose.kind} ${subjectOf(purpose)}`;
}

function subjectOf(purpose: Purpose): string {
  if ('vm' in purpose) return `${purpose.vm}/${purpose.slot}`;
  return 'adapter' in purpose ? purpose.adapter : purpose.network;
}

/** Undefined for what is not this host's. */
export function readAlias(hostId: string, alias: string | undefined): Purpose | undefined {
  const match = /^gantry (\S+) (network|service|tunnel|vlan|uplink|adapter|limit) (\S+)$/.exec(
    alias ?? '',
  );
  if (match === null || match[1] !== hostId) return undefined;
  const [, , kind, what = ''] = match;
  if (kind === 'adapter' || kind === 'limit') {
    const [vm = '', slot = ''] = what.split('/');
    return isUuid(vm) && /^\d{1,2}$/.test(slot) ? { kind, vm, slot: Number(slot) } : undefined;
  }
  if (kind === 'uplink') return { kind, adapter: what };
  const isOfNetwork =
    kind === 'network' || kind === 'service' || kind === 'tunnel' || kind === 'vlan';
  return isOfNetwork && isUuid(what) ? { kind, network: what } : undefined;
}

/** The lowest number that is free: `gtap7`. */
export function freeName(kind: Purpose['kind'], taken: ReadonlySet<string>): string {
  for (let number = 0; ; number += 1) {
    const name = `${prefixes[kind]}${number}`;
    if (!taken.has(name)) return name;
  }
}

/** Of the one that is being made: what bears it was left by an agent that was killed over it. */
export function unfinishedName(hostId: string): string {
  return `gnew-${hostId.slice(0, 8)}`;
}

/**
 * An interface is made under a name that tells whose it is, and has its short one once it has its alias: so none is
 * ever there that nobody owns. `make` gives the arguments of `ip` that make it.
 */
export function makeLink(
  hostId: string,
  { name, purpose }: { readonly name: string; readonly purpose: Purpose },
  make: (name: string) => readonly string[],
): readonly (readonly string[])[] {
  const unfinished = unfinishedName(hostId);
  const set = ['link', 'set', 'dev', unfinished];
  return [make(unfinished), [...set, 'alias', writeAlias(hostId, purpose)], [...set, 'name', name]];
}

/** Whether the call is the last one of those that make an interface. */
export function givesName(call: readonly string[]): boolean {
  return call[1] === 'set' && call.at(-2) === 'name';
}

/** Of the tables with rules, one in each family. */
export function tableName(hostId: string): string {
  return `gantry-${hostId.slice(0, 8)}`;
}

/**
 * Bridge and service keep one address for good, whichever ports come and go and however often the service is
 * started: guests remember their gateway and their name server by it.
 */
export function macOf(kind: 'network' | 'service', network: string): string {
  const hex = network.replaceAll('-', '').slice(0, 6);
  const third = kind === 'network' ? '5a' : '5b';
  return `52:47:${third}:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** Of the bridge on a host that takes part in a network which another one serves: none has it twice. */
export function memberMac(hostId: string, network: string): string {
  const hex = createHash('sha256').update(`${hostId} ${network}`).digest('hex');
  return `52:47:5c:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** The address that an interface gives itself on its link (RFC 4291 2.5.1, appendix A). */
export function linkLocalOf(mac: string): string {
  const [first = 0, ...rest] = mac.split(':').map((part) => Number.parseInt(part, 16));
  const bytes = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return formatIpv6((0xfe80n << 112n) + value);
}
