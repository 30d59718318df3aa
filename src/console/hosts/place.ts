/** The tabs of a host's page, how far back its graphs go, and where one is in its list of vms, as the address says it. */
import type { Host } from '#api';
import { parseRange, type Range } from '../graphs/ranges.ts';
import { parseListPlace, type ListPlace } from '../list/place.ts';

export const hostTabs = [
  'summary',
  'settings',
  'graphs',
  'virtualMachines',
  'resourceAllocation',
  'adapters',
  'viewers',
  'eventScripts',
  'virtualDisks',
  'hypervisorPlaces',
  'checks',
  'events',
  'operations',
] as const;
export type HostTab = (typeof hostTabs)[number];

/** What is set of a host stands under one tab, below which there is one for each: twelve are more than a window shows. */
export const settingTabs = [
  'settings',
  'viewers',
  'eventScripts',
] as const satisfies readonly HostTab[];
type SettingTab = (typeof settingTabs)[number];

export const isSettingTab = (tab: HostTab): tab is SettingTab =>
  settingTabs.some((known) => known === tab);

const mainTabs: readonly HostTab[] = hostTabs.filter(
  (tab) => tab === 'settings' || !isSettingTab(tab),
);

/** Networks and pools of its own has a hypervisor that others run. */
export function mainTabsOf({ facts }: Pick<Host, 'facts'>): readonly HostTab[] {
  return facts?.foreign === undefined
    ? mainTabs.filter((tab) => tab !== 'hypervisorPlaces')
    : mainTabs;
}

export interface HostPlace extends ListPlace {
  readonly tab?: HostTab;
  readonly range?: Range;
}

export function parseHostPlace(search: Readonly<Record<string, unknown>>): HostPlace {
  const tab = hostTabs.find((known) => known === search['tab']);
  return {
    ...parseListPlace(search),
    ...parseRange(search),
    ...(tab === undefined || tab === 'summary' ? {} : { tab }),
  };
}

export interface HostsPlace extends ListPlace {
  /** The form that connects a hypervisor is open. */
  readonly connect?: true;
}

export function parseHostsPlace(search: Readonly<Record<string, unknown>>): HostsPlace {
  return { ...parseListPlace(search), ...(search['connect'] === true ? { connect: true } : {}) };
}
