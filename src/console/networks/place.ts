/** The tabs of a network's page, and where one is in its list of vms, as the address says it. */
import { parseListPlace, type ListPlace } from '../list/place.ts';

export const networkTabs = [
  'summary',
  'addresses',
  'virtualMachines',
  'ports',
  'topology',
  'events',
] as const;
export type NetworkTab = (typeof networkTabs)[number];

export interface NetworkPlace extends ListPlace {
  readonly tab?: NetworkTab;
}

export function parseNetworkPlace(search: Readonly<Record<string, unknown>>): NetworkPlace {
  const tab = networkTabs.find((known) => known === search['tab']);
  return {
    ...parseListPlace(search),
    ...(tab === undefined || tab === 'summary' ? {} : { tab }),
  };
}

export interface NetworksPlace extends ListPlace {
  /** Which form is open. */
  readonly create?: true;
  readonly add?: true;
}

export function parseNetworksPlace(search: Readonly<Record<string, unknown>>): NetworksPlace {
  return {
    ...parseListPlace(search),
    ...(search['create'] === true ? { create: true } : {}),
    ...(search['add'] === true ? { add: true } : {}),
  };
}
