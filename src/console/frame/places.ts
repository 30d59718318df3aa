/** The pages that navigation and palette lead to, and what is begun from the navigation where one is in that part. */
import type { Verb } from '#api';
import type { TextKey } from '../i18n/en.ts';

export const places: readonly (readonly [to: string, key: TextKey])[] = [
  ['/status', 'status'],
  ['/summary', 'summary'],
  ['/vms', 'virtualMachines'],
  ['/self-service', 'selfService'],
  ['/folders', 'folders'],
  ['/teams', 'teams'],
  ['/hosts', 'hosts'],
  ['/disks', 'virtualDisks'],
  ['/networks', 'networks'],
  ['/topology', 'topology'],
  ['/images', 'images'],
  ['/operations', 'operations'],
  ['/events', 'events'],
  ['/people', 'people'],
  ['/site', 'siteSettings'],
  ['/docs/', 'documentation'],
];

/** Those that belong to the virtual server stand in a group of their own. */
export const serverPlaces: ReadonlySet<string> = new Set(['/people', '/site', '/docs/']);

export interface Beginning {
  readonly search: Readonly<Record<string, string | true>>;
  readonly key: TextKey;
  /** That it takes, on something at least. */
  readonly right?: Verb;
}

export const beginnings: Readonly<Record<string, readonly Beginning[]>> = {
  '/vms': [
    { search: { create: true }, key: 'createVm', right: 'vm.create' },
    { search: { add: true }, key: 'addVm', right: 'vm.create' },
    { search: { import: true }, key: 'importVm', right: 'vm.create' },
  ],
  '/disks': [
    { search: { begin: 'dynamic' }, key: 'beginDynamic', right: 'host.disks' },
    { search: { begin: 'fixed' }, key: 'beginFixed', right: 'host.disks' },
    { search: { begin: 'differencing' }, key: 'beginDifferencing', right: 'host.disks' },
    { search: { begin: 'floppy' }, key: 'beginFloppy', right: 'host.disks' },
    { search: { begin: 'inspect' }, key: 'inspectDisk' },
  ],
  '/networks': [
    { search: { create: true }, key: 'createNetwork', right: 'network.manage' },
    { search: { add: true }, key: 'addNetwork', right: 'network.manage' },
    { search: {}, key: 'configureNetworks' },
  ],
};
