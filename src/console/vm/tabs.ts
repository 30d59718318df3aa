/** The tabs of a vm's page, as the address names them. */
export const vmTabs = [
  'summary',
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

export function parseVmTab(search: Readonly<Record<string, unknown>>): { readonly tab?: VmTab } {
  const tab = vmTabs.find((known) => known === search['tab']);
  return tab === undefined || tab === 'summary' ? {} : { tab };
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
  disks: ['hardware/disks', 'hardware/opticalDrives', 'hardware/floppy', 'hardware/scsiController'],
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
    'extensions',
    'id',
  ],
};
