/** The tabs of a host's page, and where one is in its list of vms, as the address says it. */
import { parseListPlace, type ListPlace } from '../list/place.ts';

export const hostTabs = ['summary', 'virtualMachines', 'checks', 'events', 'operations'] as const;
export type HostTab = (typeof hostTabs)[number];

export interface HostPlace extends ListPlace {
  readonly tab?: HostTab;
}

export function parseHostPlace(search: Readonly<Record<string, unknown>>): HostPlace {
  const tab = hostTabs.find((known) => known === search['tab']);
  return {
    ...parseListPlace(search),
    ...(tab === undefined || tab === 'summary' ? {} : { tab }),
  };
}
