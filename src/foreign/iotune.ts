/**
 * Limits of a disk in libvirt's words (its page "Domain XML format", element `iotune`; the same words are those of
 * virDomainSetBlockIoTune): a number each, of which 0 is none. Pure.
 */
export interface IotuneRate {
  readonly perSecond: number;
  readonly burstPerSecond?: number | null | undefined;
  readonly burstSeconds?: number | null | undefined;
}

/** In libvirt's order: all bytes, read and written, and the same of operations. */
export const iotuneRates = {
  bytes: 'total_bytes_sec',
  readBytes: 'read_bytes_sec',
  writtenBytes: 'write_bytes_sec',
  operations: 'total_iops_sec',
  reads: 'read_iops_sec',
  writes: 'write_iops_sec',
} as const;
type RateName = keyof typeof iotuneRates;

/** What is absent or null is not limited. */
export type IotuneLimits = { readonly [Name in RateName]?: IotuneRate | null | undefined } & {
  readonly operationSizeBytes?: number | null | undefined;
};

const rateWords = Object.values(iotuneRates);
const burstWord = (word: string): string => `${word}_max`;
const secondsWord = (word: string): string => `${word}_max_length`;
const sizeWord = 'size_iops_sec';

/** Those that have a number, in libvirt's order; disks that share their limits have the word `group_name`, too. */
export const iotuneWords: readonly string[] = [
  ...rateWords,
  ...rateWords.map(burstWord),
  sizeWord,
  ...rateWords.map(secondsWord),
];

/** What was said is what comes back; it may be limits that nobody keeps, such as a burst above none. */
export function limitsOfIotune(told: ReadonlyMap<string, number>): IotuneLimits {
  const count = (word: string): number => told.get(word) ?? 0;
  const rates = Object.entries(iotuneRates).flatMap(([name, word]) => {
    const [perSecond, burst, seconds] = [word, burstWord(word), secondsWord(word)].map(count);
    if (!perSecond && !burst && !seconds) return [];
    const rate: IotuneRate = {
      perSecond: perSecond ?? 0,
      ...(burst ? { burstPerSecond: burst } : {}),
      ...(seconds ? { burstSeconds: seconds } : {}),
    };
    return [[name, rate] as const];
  });
  const size = count(sizeWord);
  return { ...Object.fromEntries(rates), ...(size === 0 ? {} : { operationSizeBytes: size }) };
}

/** Only what is no 0, in libvirt's order. */
export function iotuneOf(limits: IotuneLimits | null | undefined): ReadonlyMap<string, number> {
  const said = new Map<string, number | null | undefined>([[sizeWord, limits?.operationSizeBytes]]);
  for (const [name, word] of Object.entries(iotuneRates)) {
    const rate = limits?.[name as RateName];
    said.set(word, rate?.perSecond);
    said.set(burstWord(word), rate?.burstPerSecond);
    said.set(secondsWord(word), rate?.burstSeconds);
  }
  return new Map(
    iotuneWords.flatMap((word) => {
      const number = said.get(word) ?? 0;
      return number === 0 ? [] : [[word, number] as const];
    }),
  );
}
