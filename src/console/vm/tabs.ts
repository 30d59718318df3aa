/** The tabs of a vm's page, as the address names them, the page of its configuration, and how far back its graphs go. */
import { parseRange, type Range } from '../graphs/ranges.ts';
import { configurationPages, type ConfigurationPage } from './configuration-pages.ts';

export const vmTabs = [
  'summary',
  'graphs',
  'screen',
  'serial',
  'configuration',
  'snapshots',
  'identity',
  'events',
  'operations',
] as const;
export type VmTab = (typeof vmTabs)[number];

export interface VmPlace {
  readonly tab?: VmTab;
  /** Of the configuration; the first where it is left out. */
  readonly section?: ConfigurationPage;
  readonly range?: Range;
}

export function parseVmPlace(search: Readonly<Record<string, unknown>>): VmPlace {
  const tab = vmTabs.find((known) => known === search['tab']);
  const section = configurationPages.find((known) => known === search['section']);
  return {
    ...(tab === undefined || tab === 'summary' ? {} : { tab }),
    ...(tab === 'configuration' && section !== undefined ? { section } : {}),
    ...parseRange(search),
  };
}
