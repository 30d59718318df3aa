/** The guest's networks and file systems (GA-25; qga/qapi-schema.json). */
import { isIP } from 'node:net';
import { finite, integer, list, map, optional, record, text } from '../../parse.ts';
import type { GuestCommandOptions } from '../client.ts';
import { ask, label, type Agent } from './ask.ts';

export interface GuestAddress {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefixLength: number;
}

export interface GuestInterface {
  readonly name: string;
  /** Lower case; absent where the interface has none. */
  readonly mac: string | undefined;
  readonly addresses: readonly GuestAddress[];
  readonly receivedBytes: number | undefined;
  readonly sentBytes: number | undefined;
}

const parseAddress = record({
  'ip-address': text(64),
  'ip-address-type': text(16),
  prefix: integer(0, 128),
});

const parseInterface = map(
  record({
    name: label(64),
    'hardware-address': optional(text(64)),
    'ip-addresses': optional(list(parseAddress, 1024)),
    statistics: optional(record({ 'rx-bytes': finite, 'tx-bytes': finite })),
  }),
  (source): GuestInterface => ({
    name: source.name,
    mac: parseMac(source['hardware-address']),
    addresses: (source['ip-addresses'] ?? []).flatMap((entry) => {
      const address = entry['ip-address'].split('%')[0] ?? '';
      const version = isIP(address);
      if (version === 0) return [];
      const family = version === 4 ? 'ipv4' : 'ipv6';
      return [{ address, family, prefixLength: entry.prefix } as const];
    }),
    receivedBytes: source.statistics?.['rx-bytes'],
    sentBytes: source.statistics?.['tx-bytes'],
  }),
);

function parseMac(value: string | undefined): string | undefined {
  const mac = value?.toLowerCase().replaceAll('-', ':');
  return mac !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : undefined;
}

/** What is no address is left out; the rest of the answer stands. */
export function networkGetInterfaces(
  agent: Agent,
  options?: GuestCommandOptions,
): Promise<readonly GuestInterface[]> {
  const parser = list(parseInterface, 1024);
  return ask(agent, 'guest-network-get-interfaces', undefined, parser, options);
}

export interface GuestFileSystem {
  /** `sda1`. */
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  /** Absent where the guest's agent is too old to tell. */
  readonly usedBytes: number | undefined;
  readonly totalBytes: number | undefined;
}

const parseFileSystem = map(
  record({
    name: label(1024),
    mountpoint: label(4096),
    type: label(64),
    'used-bytes': optional(finite),
    'total-bytes': optional(finite),
  }),
  (source): GuestFileSystem => ({
    device: source.name,
    mountPoint: source.mountpoint,
    type: source.type,
    usedBytes: source['used-bytes'],
    totalBytes: source['total-bytes'],
  }),
);

export function getFsinfo(
  agent: Agent,
  options?: GuestCommandOptions,
): Promise<readonly GuestFileSystem[]> {
  return ask(agent, 'guest-get-fsinfo', undefined, list(parseFileSystem, 1024), options);
}

export interface GuestTrim {
  readonly mountPoint: string;
  /** Absent where it was not done, or the guest does not tell. */
  readonly trimmedBytes: number | undefined;
  readonly error: string | undefined;
}

const parseTrim = map(
  record({
    paths: list(
      record({ path: label(4096), trimmed: optional(finite), error: optional(label(512)) }),
      1024,
    ),
  }),
  ({ paths }): readonly GuestTrim[] =>
    paths.map(({ path, trimmed, error }) => ({
      mountPoint: path,
      trimmedBytes: trimmed,
      error,
    })),
);

/** Gives back what is free on each file system that can. `minimumBytes`: pieces of less are left. */
export function fstrim(
  agent: Agent,
  minimumBytes: number,
  options?: GuestCommandOptions,
): Promise<readonly GuestTrim[]> {
  return ask(agent, 'guest-fstrim', { minimum: minimumBytes }, parseTrim, options);
}
