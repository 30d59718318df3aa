/**
 * Who can read whose traffic on a network, out of its present configuration (NET-14): one table by type, and what
 * settings change of it. Pure. What is said here is held against captures on a real host
 * (src/agent/network/linux/isolation.nightly.ts).
 */
import { z } from 'zod';
import type { NetworkSpec } from './network.ts';

export const isolationReaders = {
  guests: 'the other guests of the network',
  host: 'the host',
  physical: 'devices of the physical network',
  others: 'guests of other networks',
} as const;
export type IsolationReader = keyof typeof isolationReaders;

export const isolationTraffic = {
  between: 'between two guests of the network',
  outside: 'between a guest and others than guests of the network',
  host: "the host's own",
  physical: 'of the physical network',
  others: 'of other networks',
} as const;
export type IsolationTraffic = keyof typeof isolationTraffic;

/** From nothing to everything: each includes those before it. */
export const isolationReads = {
  nothing: 'none of it',
  broadcasts: 'only broadcasts and multicasts',
  addressed: 'only what is addressed to them, broadcasts and multicasts',
  all: 'all of it',
} as const;
export type IsolationReads = keyof typeof isolationReads;

const keysOf = <K extends string>(table: Readonly<Record<K, string>>): [K, ...K[]] =>
  Object.keys(table) as [K, ...K[]];

export const isolationSchema = z
  .array(
    z.strictObject({
      reader: z.enum(keysOf(isolationReaders)),
      traffic: z.enum(keysOf(isolationTraffic)),
      reads: z.enum(keysOf(isolationReads)),
    }),
  )
  .max(20)
  .meta({
    id: 'NetworkIsolation',
    description:
      'who can read whose traffic; whoever administers a host can capture at any port of it besides',
  });
export type Isolation = z.infer<typeof isolationSchema>;

export interface IsolationSurroundings {
  /** Of a bridged network: a bridge of the host, which has addresses there, or an adapter that is the network's. */
  readonly adapter: 'bridge-of-host' | 'own';
}

type Isolated = Pick<NetworkSpec, 'type' | 'promiscuous' | 'span'>;
type Row = Readonly<Partial<Record<IsolationTraffic, IsolationReads>>>;
type Table = Readonly<Record<IsolationReader, Row>>;

const closed: Row = { between: 'nothing', outside: 'nothing' };

const tables: Readonly<Record<NetworkSpec['type'], Table>> = {
  internal: {
    guests: { between: 'addressed', host: 'nothing', physical: 'nothing', others: 'nothing' },
    host: closed,
    physical: closed,
    others: closed,
  },
  'host-only': {
    guests: { between: 'addressed', host: 'addressed', physical: 'nothing', others: 'nothing' },
    host: { between: 'broadcasts', outside: 'addressed' },
    physical: closed,
    others: closed,
  },
  nat: {
    guests: { between: 'addressed', host: 'addressed', physical: 'addressed', others: 'nothing' },
    host: { between: 'broadcasts', outside: 'all' },
    physical: { between: 'nothing', outside: 'addressed' },
    others: closed,
  },
  bridged: {
    guests: { between: 'addressed', host: 'nothing', physical: 'addressed', others: 'nothing' },
    host: { between: 'broadcasts', outside: 'all' },
    physical: { between: 'broadcasts', outside: 'addressed' },
    others: closed,
  },
};

export function isolationOf(network: Isolated, { adapter }: IsolationSurroundings): Isolation {
  const table = tables[network.type];
  const changes: Partial<Record<IsolationReader, Row>> = {
    ...(isPromiscuous(network, adapter) ? promiscuousChanges(network) : {}),
    // Tunnels between hosts are not encrypted.
    ...(network.span === null ? {} : { physical: { between: 'all', outside: 'all' } }),
  };
  const rows = keysOf(isolationReaders).flatMap((reader) => {
    const row = { ...table[reader], ...changes[reader] };
    return keysOf(isolationTraffic).flatMap((traffic) => {
      const reads = row[traffic];
      return reads === undefined ? [] : [{ reader, traffic, reads }];
    });
  });
  return rows.map((line) =>
    adapter === 'bridge-of-host' && line.reader === 'guests' && line.traffic === 'host'
      ? { ...line, reads: 'addressed' }
      : line,
  );
}

/** A bridge of the host is taken as it is. */
function isPromiscuous(
  { type, promiscuous }: Isolated,
  adapter: IsolationSurroundings['adapter'],
): boolean {
  return promiscuous && !(type === 'bridged' && adapter === 'bridge-of-host');
}

/** A switch that remembers no address sends everything everywhere, also to the adapter that it is joined to. */
function promiscuousChanges({ type }: Isolated): Partial<Record<IsolationReader, Row>> {
  const guests: Row = { between: 'all' };
  return type === 'bridged'
    ? { guests, host: { between: 'all' }, physical: { between: 'all', outside: 'all' } }
    : { guests };
}
