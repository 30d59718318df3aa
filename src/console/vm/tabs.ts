/** The tabs of a vm's page, as the address names them, and how far back its graphs go. */
import { parseRange, type Range } from '../graphs/ranges.ts';

export const vmTabs = [
  'summary',
  'graphs',
  'screen',
  'serial',
  'hardware',
  'disks',
  'network',
  'resources',
  'options',
  'events',
  'operations',
  'rights',
] as const;
export type VmTab = (typeof vmTabs)[number];

export interface VmPlace {
  readonly tab?: VmTab;
  readonly range?: Range;
}

export function parseVmPlace(search: Readonly<Record<string, unknown>>): VmPlace {
  const tab = vmTabs.find((known) => known === search['tab']);
  return { ...(tab === undefined || tab === 'summary' ? {} : { tab }), ...parseRange(search) };
}

/** Which settings a tab shows. Together they are all there are: `tabs.test.ts`. */
export const tabSettings: Readonly<Partial<Record<VmTab, readonly string[]>>> = {
  hardware: [
    'hardware/profile',
    'hardware/processor',
    'hardware/memory',
    'hardware/machine',
    'hardware/firmware',
    'hardware/bios',
    'hardware/graphics',
    'hardware/sound',
    'hardware/usb',
    'hardware/tablet',
    'hardware/tpm',
    'hardware/clock',
    'hardware/serialPorts',
    'hardware/parallelPort',
    'hardware/sharedFolders',
  ],
  disks: [
    'hardware/disks',
    'settings/undoDisks',
    'settings/snapshots',
    'hardware/opticalDrives',
    'hardware/floppy',
    'hardware/scsiController',
  ],
  network: ['hardware/adapters'],
  resources: ['resources'],
  options: [
    'name',
    'description',
    'tags',
    'guestOs',
    'production',
    'domainController',
    'portableTo',
    'settings/start',
    'settings/shutdown',
    'settings/failure',
    'settings/heartbeat',
    'settings/time',
    'settings/guestInformation',
    'settings/acceleration',
    'settings/runAs',
    'settings/evenPowerfulAccount',
    'settings/scripts',
    'extensions',
    'id',
  ],
};
