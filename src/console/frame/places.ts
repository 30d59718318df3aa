/** The pages that navigation and palette lead to, and what is begun from the navigation where one is in that part. */
import type { TextKey } from '../i18n/en.ts';

export const places: readonly (readonly [to: string, key: TextKey])[] = [
  ['/status', 'status'],
  ['/summary', 'summary'],
  ['/vms', 'virtualMachines'],
  ['/self-service', 'selfService'],
  ['/teams', 'teams'],
  ['/hosts', 'hosts'],
  ['/disks', 'virtualDisks'],
  ['/networks', 'networks'],
  ['/topology', 'topology'],
  ['/images', 'images'],
  ['/operations', 'operations'],
  ['/events', 'events'],
  ['/site', 'siteSettings'],
  ['/docs/', 'documentation'],
];

/** Those that belong to the virtual server stand in a group of their own. */
export const serverPlaces: ReadonlySet<string> = new Set(['/site', '/docs/']);

export interface Beginning {
  readonly search: Readonly<Record<string, string | true>>;
  readonly key: TextKey;
}

export const beginnings: Readonly<Record<string, readonly Beginning[]>> = {
  '/vms': [
    { search: { create: true }, key: 'createVm' },
    { search: { add: true }, key: 'addVm' },
    { search: { import: true }, key: 'importVm' },
  ],
  '/disks': [
    { search: { begin: 'dynamic' }, key: 'beginDynamic' },
    { search: { begin: 'fixed' }, key: 'beginFixed' },
    { search: { begin: 'differencing' }, key: 'beginDifferencing' },
    { search: { begin: 'floppy' }, key: 'beginFloppy' },
    { search: { begin: 'inspect' }, key: 'inspectDisk' },
  ],
  '/networks': [
    { search: { create: true }, key: 'createNetwork' },
    { search: { add: true }, key: 'addNetwork' },
    { search: {}, key: 'configureNetworks' },
  ],
};
