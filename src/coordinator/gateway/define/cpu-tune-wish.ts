/** `<cputune>` of domain XML: shares and limits of the processors as somebody wants them. Where nothing is said they are as usual. */
import {
  find,
  percentOf,
  periodRangeUs,
  periodUs,
  quotaUsOf,
  textOf,
  type XmlNode,
} from '#foreign';
import type { VmResources } from '#api';
import { libvirtFault } from '#libvirt';
import type { Lost } from './xml-words.ts';

export type ProcessorShare = Pick<VmResources, 'cpuWeight' | 'cpuMaximumPercent'>;

const known = ['shares', 'period', 'quota', 'global_period', 'global_quota'];

/** `count`: of its processors. Errors: XML_ERROR. */
export function readCpuTune(root: XmlNode, count: number, lost: Lost): ProcessorShare {
  const cputune = find(root, 'cputune');
  lost.others(cputune, 'cputune', known);
  const told = (name: string): number | undefined => numberIn(find(cputune, name));
  const limits: Limits = {
    vcpu: { quotaUs: told('quota'), periodUs: told('period') },
    global: { quotaUs: told('global_quota'), periodUs: told('global_period') },
  };
  return {
    cpuWeight: requireWeight(told('shares') ?? 100),
    cpuMaximumPercent: maximumOf(limits, count) ?? 100,
  };
}

interface Limit {
  /** Undefined: nothing is said. */
  readonly quotaUs: number | undefined;
  readonly periodUs: number | undefined;
}

/** Of each processor, and of all of them together. */
export interface Limits {
  readonly vcpu: Limit;
  readonly global: Limit;
}

/** The narrower of both; undefined where nothing is said. Errors: INVALID_ARG. */
export function maximumOf({ vcpu, global }: Limits, count: number): number | undefined {
  const percents = [maximumOfOne(vcpu, 1), maximumOfOne(global, count)].flatMap(
    (percent) => percent ?? [],
  );
  return percents.length === 0 ? undefined : Math.min(...percents);
}

function maximumOfOne({ quotaUs, periodUs: said }: Limit, processors: number): number | undefined {
  const ofPeriodUs = said === undefined || said === 0 ? periodUs : said;
  if (ofPeriodUs < periodRangeUs.min || ofPeriodUs > periodRangeUs.max)
    throw libvirtFault(
      'INVALID_ARG',
      `invalid argument: a period of ${ofPeriodUs} us is not from ${periodRangeUs.min} to ${periodRangeUs.max}`,
    );
  if (quotaUs === undefined) return undefined;
  const percent = percentOf(quotaUs, ofPeriodUs * processors);
  if (percent >= 1) return percent;
  throw libvirtFault(
    'INVALID_ARG',
    `invalid argument: a quota of ${quotaUs} us is less than 1 % of the processors: a vm has at least that`,
  );
}

/** Errors: INVALID_ARG. */
export function requireWeight(shares: number): number {
  if (Number.isSafeInteger(shares) && shares >= 1 && shares <= 10_000) return shares;
  throw libvirtFault(
    'INVALID_ARG',
    `invalid argument: shares ${shares}: weights of vms are from 1 to 10000, and 100 is usual`,
  );
}

/** A merge patch. A limit that is told by the words that are wanted stays: a period has not all of its digits. */
export function sharePatch(
  before: VmResources,
  { cpuWeight, cpuMaximumPercent }: ProcessorShare,
): Partial<VmResources> {
  const isSame = quotaUsOf(before) === quotaUsOf({ ...before, cpuMaximumPercent });
  return {
    ...(cpuWeight === before.cpuWeight ? {} : { cpuWeight }),
    ...(isSame ? {} : { cpuMaximumPercent }),
  };
}

/** A quota may be less than none. Errors: XML_ERROR. */
function numberIn(node: XmlNode | undefined): number | undefined {
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  const number = /^-?\d{1,20}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isNaN(number)) return number;
  throw libvirtFault('XML_ERROR', `XML error: cputune/${node.name} is no number`);
}
