/** Weight and maximum of a domain's processors, written into its XML and set while it runs. What else is in `<cputune>` stays. */
import { isDeepStrictEqual } from 'node:util';
import type { VmResources } from '#api';
import { find, noQuota, periodUs, quotaUsOf, XmlText } from '#foreign';
import { Fault } from '#lib';
import { uhyperParam, type TypedParam } from '#libvirt';
import { readShare, usualWeight } from '../hardware/processor-share.ts';

export interface ShareChange {
  readonly base: VmResources;
  readonly wanted: VmResources;
}

/** Errors: `stale` where somebody else has changed them in another way meanwhile. */
export function editShare(text: string, { base, wanted }: ShareChange, count: number): string {
  if (isDeepStrictEqual(base, wanted)) return text;
  const xml = new XmlText(text);
  const { root } = xml;
  const { resources: there } = readShare(root, count);
  if (isDeepStrictEqual(there, wanted)) return text;
  if (!isDeepStrictEqual(there, base))
    throw new Fault('stale', 'resources have been changed on its hypervisor meanwhile', {
      hint: 'look at it as it is now, and change that',
    });
  const cputune = find(root, 'cputune');
  const added: string[] = [];
  const write = (name: string, value: number | null): void => {
    const node = find(cputune, name);
    if (value === null) {
      if (node !== undefined) xml.remove(node);
    } else if (node === undefined) added.push(`<${name}>${value}</${name}>`);
    else xml.setText(node, String(value));
  };
  if (wanted.cpuWeight !== there.cpuWeight)
    write('shares', wanted.cpuWeight === usualWeight ? null : wanted.cpuWeight);
  if (wanted.cpuMaximumPercent !== there.cpuMaximumPercent) {
    const quotaUs = quotaUsOf(wanted);
    write('period', quotaUs === noQuota ? null : periodUs);
    write('quota', quotaUs === noQuota ? null : quotaUs);
    // The narrower of both counts.
    write('global_period', null);
    write('global_quota', null);
  }
  if (cputune === undefined) xml.append(root, `<cputune>${added.join('')}</cputune>`);
  else for (const one of added) xml.append(cputune, one);
  return withoutEmpty(xml.toString());
}

function withoutEmpty(text: string): string {
  const xml = new XmlText(text);
  const cputune = find(xml.root, 'cputune');
  if (cputune === undefined || cputune.children.length > 0) return text;
  xml.remove(cputune);
  return xml.toString();
}

/** As its hypervisor takes them while it runs (virDomainSetSchedulerParametersFlags); empty: nothing changes. */
export function shareParams({ base, wanted }: ShareChange): readonly TypedParam[] {
  const isOther = base.cpuMaximumPercent !== wanted.cpuMaximumPercent;
  const quota = (of: string, value: number): TypedParam => ({
    field: `${of}_quota`,
    type: 'hyper',
    value: BigInt(value),
  });
  return [
    ...(base.cpuWeight === wanted.cpuWeight ? [] : [uhyperParam('cpu_shares', wanted.cpuWeight)]),
    ...(isOther
      ? [
          uhyperParam('vcpu_period', periodUs),
          quota('vcpu', quotaUsOf(wanted)),
          quota('global', noQuota),
        ]
      : []),
  ];
}
