/** `<cputune>` of domain XML, of what is not as usual. Pure. */
import type { VmResources } from '#api';
import { noQuota, periodUs, quotaUsOf } from '#foreign';
import { element, type Element } from './xml.ts';

export function cpuTuneOf(resources: VmResources): Element[] {
  const quotaUs = quotaUsOf(resources);
  const shares = resources.cpuWeight === 100 ? [] : [element('shares', {}, resources.cpuWeight)];
  const limit =
    quotaUs === noQuota ? [] : [element('period', {}, periodUs), element('quota', {}, quotaUs)];
  const content = [...shares, ...limit];
  return content.length === 0 ? [] : [element('cputune', {}, content)];
}
