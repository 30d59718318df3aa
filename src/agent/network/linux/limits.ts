/**
 * How much ports may carry: token bucket filters (tc-tbf(8)). What a guest receives waits at its tap. What it sends
 * waits at an interface of the kind ifb that the tap's frames are led through before the bridge sees them.
 *
 *   bridge -> gtap0, tbf -> guest          guest -> gtap0, ingress -> gifb0, tbf -> gtap0 -> bridge
 *
 * Pure. A call that has been made is not planned again, so ports that are limited as they should be take none.
 */
import { z } from 'zod';
import type { Bandwidth } from '#api';
import { Fault } from '#lib';
import type { Link } from './links.ts';
import { freeName, makeLink, readAlias, writeAlias } from './names.ts';

export interface LimitedPort {
  readonly vm: string;
  readonly slot: number;
  readonly tap: string;
  readonly bandwidth: Bandwidth;
}

export interface TrafficCall {
  readonly program: 'ip' | 'tc';
  readonly args: readonly string[];
}

/** A queueing discipline of an interface. */
export interface Discipline {
  readonly dev: string;
  readonly kind: string;
  readonly handle: string | undefined;
  readonly place: 'root' | 'inner';
  readonly bytesPerSecond: number | undefined;
}

const disciplinesSchema = z
  .array(
    z.object({
      dev: z.string().max(15),
      kind: z.string().max(32),
      handle: z.string().max(16).optional(),
      root: z.boolean().optional(),
      options: z.object({ rate: z.number().optional() }).optional(),
    }),
  )
  .max(1_000_000);

/** What `tc -json qdisc show` says. Errors: `corrupt`. */
export function parseDisciplines(text: string): readonly Discipline[] {
  try {
    return disciplinesSchema.parse(JSON.parse(text === '' ? '[]' : text)).map((one) => ({
      dev: one.dev,
      kind: one.kind,
      handle: one.handle,
      place: one.root === true ? 'root' : 'inner',
      bytesPerSecond: one.options?.rate,
    }));
  } catch (cause) {
    throw new Fault('corrupt', 'cannot read the queueing disciplines of the host', { cause });
  }
}

/** What is there: interfaces, disciplines, and the taps whose frames are led to an interface, by its name. */
export interface Traffic {
  readonly links: readonly Link[];
  readonly disciplines: readonly Discipline[];
  readonly ledTo: ReadonlyMap<string, string>;
}

/** A frame that comes to a full queue is dropped. */
const longestWait = '50ms';
/** Whole frames of the largest size pass at once, and as much as a timer of the kernel can be late. */
const leastBurstBytes = 32 * 1024;
const burstsPerSecond = 100;

export function planLimits(
  hostId: string,
  ports: readonly LimitedPort[],
  { links, disciplines, ledTo }: Traffic,
): readonly TrafficCall[] {
  const taken = new Set(links.map(({ name }) => name));
  const root = (dev: string): Discipline | undefined =>
    disciplines.find((one) => one.dev === dev && one.place === 'root');
  const calls: TrafficCall[] = [];
  const needed = new Set<string>();
  for (const { vm, slot, tap, bandwidth } of ports) {
    calls.push(...planRate(tap, bandwidth.inboundBitsPerSecond, root(tap)));
    const purpose = { kind: 'limit', vm, slot } as const;
    const alias = writeAlias(hostId, purpose);
    const gate = links.find((link) => link.alias === alias);
    const isLed = disciplines.some(({ dev, kind }) => dev === tap && kind === 'clsact');
    if (bandwidth.outboundBitsPerSecond === null) {
      if (isLed) calls.push(tc('qdisc', 'del', 'dev', tap, 'clsact'));
      continue;
    }
    needed.add(alias);
    const name = gate?.name ?? freeName('limit', taken);
    taken.add(name);
    if (gate === undefined) {
      const made = makeLink(hostId, { name, purpose }, (one) => [
        'link',
        'add',
        'name',
        one,
        'type',
        'ifb',
      ]);
      calls.push(...made.map((args) => ip(...args)));
    }
    if (gate?.isUp !== true) calls.push(ip('link', 'set', 'dev', name, 'up'));
    calls.push(...planRate(name, bandwidth.outboundBitsPerSecond, root(name)));
    if (gate === undefined || !isLed || ledTo.get(tap) !== name)
      calls.push(...lead(tap, name, isLed ? 'led-elsewhere' : 'not-led'));
  }
  for (const { name, alias = '' } of links)
    if (readAlias(hostId, alias)?.kind === 'limit' && !needed.has(alias))
      calls.push(ip('link', 'del', 'dev', name));
  return calls;
}

function planRate(
  dev: string,
  bitsPerSecond: number | null,
  now: Discipline | undefined,
): readonly TrafficCall[] {
  const isLimited = now?.kind === 'tbf';
  if (bitsPerSecond === null) return isLimited ? [tc('qdisc', 'del', 'dev', dev, 'root')] : [];
  const bytesPerSecond = Math.floor(bitsPerSecond / 8);
  if (isLimited && now.bytesPerSecond === bytesPerSecond) return [];
  const burst = Math.max(leastBurstBytes, Math.ceil(bytesPerSecond / burstsPerSecond));
  const rate = ['rate', `${bitsPerSecond}bit`, 'burst', String(burst), 'latency', longestWait];
  return [tc('qdisc', 'replace', 'dev', dev, 'root', 'tbf', ...rate)];
}

function lead(
  tap: string,
  gate: string,
  before: 'led-elsewhere' | 'not-led',
): readonly TrafficCall[] {
  const everything = ['protocol', 'all', 'u32', 'match', 'u32', '0', '0'];
  const action = ['action', 'mirred', 'egress', 'redirect', 'dev', gate];
  return [
    ...(before === 'led-elsewhere' ? [tc('qdisc', 'del', 'dev', tap, 'clsact')] : []),
    tc('qdisc', 'add', 'dev', tap, 'clsact'),
    tc('filter', 'add', 'dev', tap, 'ingress', ...everything, ...action),
  ];
}

/** What the kernel gives an adapter by itself. Adapters with several queues keep them (mq). */
const usualKinds = new Set(['noqueue', 'fq_codel', 'fq', 'pfifo']);
/** Tells ours from what somebody else has set. */
const ownHandle = '4761:';

/**
 * Adapters of the host that are a network's alone send by priority (tc-pfifo_fast(8)) while a port of it asks for
 * that. What somebody else has set at an adapter stays.
 */
export function planUplinks(
  wanted: ReadonlySet<string>,
  disciplines: readonly Discipline[],
): readonly TrafficCall[] {
  const usual = ['root', 'handle', ownHandle, 'pfifo_fast'];
  return disciplines.flatMap(({ dev, kind, place, handle }): readonly TrafficCall[] => {
    if (place !== 'root') return [];
    if (wanted.has(dev))
      return usualKinds.has(kind) ? [tc('qdisc', 'replace', 'dev', dev, ...usual)] : [];
    return kind === 'pfifo_fast' && handle === ownHandle
      ? [tc('qdisc', 'del', 'dev', dev, 'root')]
      : [];
  });
}

const ledSchema = z
  .array(
    z.object({
      options: z
        .object({
          actions: z
            .array(z.object({ to_dev: z.string().max(15).optional() }))
            .max(32)
            .optional(),
        })
        .optional(),
    }),
  )
  .max(1000);

/** Where the frames of a tap are led to, as `tc -json filter show` says; undefined: nowhere. */
export function parseLead(text: string): string | undefined {
  const parsed = ledSchema.safeParse(JSON.parse(text === '' ? '[]' : text));
  if (!parsed.success) return undefined;
  for (const { options } of parsed.data)
    for (const { to_dev: dev } of options?.actions ?? []) if (dev !== undefined) return dev;
  return undefined;
}

const ip = (...args: readonly string[]): TrafficCall => ({ program: 'ip', args });
const tc = (...args: readonly string[]): TrafficCall => ({ program: 'tc', args });
