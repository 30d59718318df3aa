/**
 * `<cputune>` of a domain as the resources of a definition: weight and maximum of its processors. Pure. What has no word in them, here and
 * in `<memtune>`, is told by its name.
 */
import { vmResourcesSchema, type VmResources } from '#api';
import { find, percentOf, periodUs, textOf, type XmlNode } from '#foreign';

export interface ReadShare {
  readonly resources: VmResources;
  readonly others: readonly string[];
}

export const usualWeight = 100;
const known = new Set('shares period quota global_period global_quota'.split(' '));
const digits = 1e6;

/** `count`: of its processors. */
export function readShare(domain: XmlNode, count: number): ReadShare {
  const cputune = find(domain, 'cputune');
  const told = (name: string): number | undefined => {
    const text = textOf(find(cputune, name))?.trim() ?? '';
    return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  };
  const others = [
    ...namesIn(cputune)
      .filter((name) => !known.has(name))
      .map((name) => `cputune ${name}`),
    ...namesIn(find(domain, 'memtune')).map((name) => `memtune ${name}`),
  ];
  const ofEach = percentOf(told('quota') ?? 0, told('period') || periodUs);
  const ofAll = percentOf(told('global_quota') ?? 0, (told('global_period') || periodUs) * count);
  const read = vmResourcesSchema.safeParse({
    cpuWeight: told('shares') ?? usualWeight,
    // A quota that was made of a percentage gives that again.
    cpuMaximumPercent: Math.round(Math.min(ofEach, ofAll) * digits) / digits,
  });
  if (read.success) return { resources: read.data, others };
  const [path] = read.error.issues.map((issue) => issue.path[0]);
  const what = path === 'cpuWeight' ? `shares ${told('shares')}` : 'quota below 1 %';
  return { resources: vmResourcesSchema.parse({}), others: [...others, `cputune ${what}`] };
}

function namesIn(node: XmlNode | undefined): string[] {
  return [...new Set((node?.children ?? []).map(({ name }) => name))];
}
