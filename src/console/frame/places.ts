/** The pages that navigation and palette lead to, and what is begun from the navigation where one is in that part. */
import type { TextKey } from '../i18n/en.ts';
import type { VmsPlace } from '../vms/place.ts';

export const places: readonly (readonly [to: string, key: TextKey])[] = [
  ['/status', 'status'],
  ['/vms', 'virtualMachines'],
  ['/teams', 'teams'],
  ['/hosts', 'hosts'],
  ['/networks', 'networks'],
  ['/topology', 'topology'],
  ['/images', 'images'],
  ['/operations', 'operations'],
  ['/events', 'events'],
  ['/site', 'siteSettings'],
  ['/docs/', 'documentation'],
];

export const beginnings: Readonly<
  Record<string, readonly { readonly search: VmsPlace; readonly key: TextKey }[]>
> = {
  '/vms': [
    { search: { create: true }, key: 'createVm' },
    { search: { add: true }, key: 'addVm' },
  ],
};
