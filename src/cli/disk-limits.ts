/** Limits of disks in the words of the command line: `100M`, with a burst `100M:400M`, and for ten seconds `100M:400M:10`. */
import type { DiskLimits, DiskRate, DiskRateName } from '#api';
import { Fault, formatBytes, parseBytes } from '#lib';
import type { Values } from './command.ts';

const rateOption = (meaning: string) =>
  ({ type: 'text', value: 'RATE[:BURST[:SECONDS]]', meaning }) as const;

export const limitOptions = {
  rate: rateOption('most bytes per second, read and written together, for example 100M, or none'),
  'read-rate': rateOption('most bytes per second that the guest reads, or none'),
  'write-rate': rateOption('most bytes per second that the guest writes, or none'),
  operations: rateOption('most operations per second, for example 500, or none'),
  reads: rateOption('most operations per second that read, or none'),
  writes: rateOption('most operations per second that write, or none'),
  'operation-size': {
    type: 'text',
    value: 'SIZE',
    meaning: 'an operation of more bytes counts as several, for example 16K, or none',
  },
} as const;

type Options = Values<typeof limitOptions>;
type RateOption = Exclude<keyof typeof limitOptions, 'operation-size'>;

const names = {
  rate: 'bytes',
  'read-rate': 'readBytes',
  'write-rate': 'writtenBytes',
  operations: 'operations',
  reads: 'reads',
  writes: 'writes',
} as const satisfies Readonly<Record<RateOption, DiskRateName>>;
const rateOptions = Object.keys(names) as readonly RateOption[];

/** What was not said stays. Undefined where nothing was said. Errors: `invalid` naming the option. */
export function limitsOf(options: Options, before: DiskLimits): DiskLimits | undefined {
  const said = rateOptions.flatMap((option) => {
    const text = options[option];
    return text === undefined ? [] : [[names[option], rateOf(option, text)] as const];
  });
  const size = options['operation-size'];
  if (said.length === 0 && size === undefined) return undefined;
  return {
    ...before,
    ...Object.fromEntries(said),
    ...(size === undefined
      ? {}
      : { operationSizeBytes: size === 'none' ? null : parseBytes(size) }),
  };
}

function rateOf(option: RateOption, text: string): DiskRate | null {
  if (text === 'none') return null;
  const [limit = '', burst, seconds, ...more] = text.split(':');
  const amount = option.endsWith('rate') ? parseBytes : countOf;
  const burstSeconds = seconds === undefined ? undefined : Number(seconds);
  const isRight = burstSeconds === undefined || /^\d{1,6}$/.test(seconds ?? '');
  if (more.length > 0 || !isRight)
    throw new Fault('invalid', `"${text.slice(0, 60)}" is no limit`, {
      hint: `write for example --${option} 100M, with a burst 100M:400M, for ten seconds 100M:400M:10`,
    });
  return {
    perSecond: amount(limit),
    ...(burst === undefined ? {} : { burstPerSecond: amount(burst) }),
    ...(burstSeconds === undefined ? {} : { burstSeconds }),
  };
}

function countOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Fault('invalid', `"${text.slice(0, 40)}" is no number of operations`, {
    hint: 'write operations per second, for example 500',
  });
}

const whatOf: Readonly<Record<DiskRateName, string>> = {
  bytes: 'read and written',
  readBytes: 'read',
  writtenBytes: 'written',
  operations: 'operations',
  reads: 'reads',
  writes: 'writes',
};

/** `at most 100 MiB/s read (bursts of 400 MiB/s for 10 s)` for each. */
export function limitWords(limits: DiskLimits | null | undefined): readonly string[] {
  const { operationSizeBytes: size } = limits ?? {};
  return Object.values(names).flatMap((name) => {
    const rate = limits?.[name];
    if (!rate) return [];
    const isBytes = /bytes$/i.test(name);
    const write = (amount: number): string => (isBytes ? formatBytes(amount) : String(amount));
    const { perSecond, burstPerSecond, burstSeconds } = rate;
    const burst = burstPerSecond
      ? ` (bursts of ${write(burstPerSecond)}/s for ${burstSeconds ?? 1} s)`
      : '';
    const each = !isBytes && size ? ` of ${formatBytes(size)}` : '';
    return isBytes
      ? [`at most ${write(perSecond)}/s ${whatOf[name]}${burst}`]
      : [`at most ${perSecond} ${whatOf[name]}/s${each}${burst}`];
  });
}
