/**
 * A domain as one look at its hypervisor shows it: neutral words for what libvirt's bulk statistics say
 * (its page "virConnectGetAllDomainStats"). Pure. What a hypervisor does not tell is null.
 */
import type { DiskUse, MachineSample, NetworkUse, VmState } from '#api';
import { kiB } from '#lib';
import {
  paramNumber,
  paramsByName,
  paramString,
  type DomainHandle,
  type TypedParam,
} from '#libvirt';
import type { OffCause } from '../machine/stop.ts';

export interface SeenDomain {
  readonly handle: DomainHandle;
  readonly state: VmState;
  /** Why it is off, as far as that is told. */
  readonly offCause: OffCause;
  readonly processors: number | null;
  readonly memoryBytes: number | null;
  readonly startsWithHost: boolean;
  readonly counters: Counters;
  /** Virtual sizes of its disks by the devices' names. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Another text as soon as its disks, media or adapters are others. */
  readonly shape: string;
}

/** Counters only grow while a domain runs. */
export interface Counters {
  readonly cpuNs: number | null;
  readonly residentBytes: number | null;
  readonly disk: Readonly<Record<keyof DiskUse, number>> | null;
  readonly network: Readonly<Record<keyof NetworkUse, number>> | null;
}

export const notCounted: Counters = {
  cpuNs: null,
  residentBytes: null,
  disk: null,
  network: null,
};

/** Groups of statistics that are asked for (virDomainStatsTypes). */
export const wantedStats = 1 | 2 | 4 | 8 | 16 | 32;

export interface Listed {
  /** Whether the hypervisor holds its saved memory. */
  readonly isSaved: boolean;
  readonly startsWithHost: boolean;
}

export function readDomain(
  handle: DomainHandle,
  params: readonly TypedParam[],
  { isSaved, startsWithHost }: Listed,
): SeenDomain {
  const byName = paramsByName(params);
  const number = (name: string): number | null => paramNumber(byName.get(name)) ?? null;
  const kibibytes = (name: string): number | null => {
    const value = number(name);
    return value === null ? null : value * kiB;
  };
  return {
    handle,
    state: stateOf(number('state.state') ?? 0, handle.id, isSaved),
    startsWithHost,
    offCause: offCauses[number('state.reason') ?? 0] ?? 'person',
    processors: number('vcpu.maximum'),
    memoryBytes: kibibytes('balloon.maximum'),
    ...readDevices(params),
    counters: {
      cpuNs: number('cpu.time'),
      residentBytes: kibibytes('balloon.rss'),
      disk: sums(params, 'block', {
        readBytesPerSecond: 'rd.bytes',
        writtenBytesPerSecond: 'wr.bytes',
        readsPerSecond: 'rd.reqs',
        writesPerSecond: 'wr.reqs',
      }),
      network: sums(params, 'net', {
        receivedBytesPerSecond: 'rx.bytes',
        sentBytesPerSecond: 'tx.bytes',
      }),
    },
  };
}

const deviceField = /^(block|net)\.\d+\.(name|path|capacity)$/;

function readDevices(params: readonly TypedParam[]): Pick<SeenDomain, 'sizes' | 'shape'> {
  const sizes = new Map<string, number>();
  const told: (string | number)[] = [];
  let name = '';
  for (const param of params) {
    const field = deviceField.exec(param.field);
    if (field === null) continue;
    const value = paramString(param) ?? paramNumber(param) ?? '';
    told.push(value);
    if (field[2] === 'name') name = String(value);
    else if (field[2] === 'capacity' && typeof value === 'number') sizes.set(name, value);
  }
  return { sizes, shape: told.join(' ') };
}

/** virDomainState; a domain without a state of its own runs where it has an id. */
function stateOf(number: number, id: number, saved: boolean): VmState {
  switch (number) {
    case 1:
    case 2:
    // Asleep by its guest's own will: it is there and can be woken, reset or turned off.
    case 7:
      return 'running';
    case 3:
      return 'paused';
    case 4:
      return 'shutting-down';
    default:
      if (id >= 0) return number === 6 ? 'paused' : 'running';
      return saved ? 'saved' : 'off';
  }
}

/** virDomainShutoffReason. */
const offCauses: Readonly<Record<number, OffCause>> = { 1: 'guest', 3: 'crash', 6: 'crash' };

/** Adds up `group.N.name` over all N; null where there is none. */
function sums<K extends string>(
  params: readonly TypedParam[],
  group: string,
  names: Readonly<Record<K, string>>,
): Readonly<Record<K, number>> | null {
  const wanted = new Map(Object.entries<string>(names).map(([key, name]) => [name, key]));
  const totals: Record<string, number> = Object.fromEntries(
    Object.keys(names).map((key) => [key, 0]),
  );
  let found = false;
  for (const param of params) {
    if (!param.field.startsWith(`${group}.`)) continue;
    const key = wanted.get(param.field.slice(param.field.indexOf('.', group.length + 1) + 1));
    if (key === undefined) continue;
    totals[key] = (totals[key] ?? 0) + (paramNumber(param) ?? 0);
    found = true;
  }
  return found ? (totals as Record<K, number>) : null;
}

const noAdditions: MachineSample['additions'] = {
  state: 'none',
  version: null,
  agentVersion: null,
  functions: {},
};

/** What passes, from two looks at the counters; rates are null after the first. */
export function sampleOf(
  id: string,
  now: SeenDomain,
  before: Counters | undefined,
  elapsedMs: number,
): MachineSample {
  const { cpuNs, residentBytes, disk, network } = now.counters;
  const perSecond = (after: number, earlier: number): number =>
    Math.max(0, ((after - earlier) * 1000) / elapsedMs);
  const rates = <K extends string>(
    after: Readonly<Record<K, number>> | null,
    earlier: Readonly<Record<K, number>> | null | undefined,
  ): Record<K, number> | null => {
    if (after === null || earlier === null || earlier === undefined || elapsedMs <= 0) return null;
    const keys = Object.keys(after) as K[];
    const pairs = keys.map((key) => [key, perSecond(after[key], earlier[key])]);
    return Object.fromEntries(pairs) as Record<K, number>;
  };
  const cpuBefore = before?.cpuNs ?? null;
  const processors = now.processors ?? 1;
  return {
    id,
    cpuPercent:
      cpuNs === null || cpuBefore === null || elapsedMs <= 0
        ? null
        : (perSecond(cpuNs, cpuBefore) / 1e9 / Math.max(1, processors)) * 100,
    memoryBytes: residentBytes,
    diskUse: rates(disk, before?.disk),
    networkUse: rates(network, before?.network),
    heartbeat: { state: 'none', lastAt: null, beats: 0 },
    guestHealth: null,
    additions: noAdditions,
    guest: null,
  };
}
