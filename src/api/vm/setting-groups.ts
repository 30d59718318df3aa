/**
 * The groups in which the configuration of a vm is offered (VM-19), in this order, to everybody who offers it.
 * Every setting of a definition is in one place: a group, a part of one, or what the vm is called.
 */
interface Settings {
  /** For people, in English. */
  readonly title: string;
  /** Paths of names with slashes; all that lies below one belongs to it. */
  readonly settings: readonly string[];
}

export const hardwareParts = {
  memory: { title: 'memory', settings: ['hardware/memory', 'settings/memoryUse'] },
  network: { title: 'network', settings: ['hardware/adapters'] },
  storage: {
    title: 'storage',
    settings: [
      'hardware/disks',
      'hardware/scsiController',
      'settings/undoDisks',
      'settings/snapshots',
      'settings/diskSpace',
    ],
  },
  floppy: { title: 'floppy', settings: ['hardware/floppy'] },
  cd: { title: 'CD', settings: ['hardware/opticalDrives'] },
  ports: {
    title: 'ports',
    settings: ['hardware/serialPorts', 'hardware/parallelPort', 'hardware/usb', 'hardware/tablet'],
  },
} as const satisfies Readonly<Record<string, Settings>>;
export type HardwarePart = keyof typeof hardwareParts;

export const settingGroups = {
  'host-actions': {
    title: 'default actions on host start and stop',
    settings: [
      'settings/start',
      'settings/shutdown',
      'settings/onGuestReboot',
      'settings/failure',
      'settings/runAs',
      'settings/evenPowerfulAccount',
    ],
  },
  // Grants are things of their own, and not part of the definition.
  access: { title: 'access rights', settings: ['settings/console'] },
  hardware: {
    title: 'hardware',
    settings: [
      'hardware/profile',
      'hardware/machine',
      'hardware/firmware',
      'hardware/bios',
      'hardware/graphics',
      'hardware/sound',
      'hardware/tpm',
      'hardware/clock',
      'settings/acceleration',
    ],
  },
  processor: {
    title: 'processor resources',
    settings: ['hardware/processor', 'resources', 'settings/processorUse'],
  },
  additions: {
    title: 'installation of guest additions',
    settings: [
      'guestOs',
      'domainController',
      'settings/heartbeat',
      'settings/time',
      'settings/guestInformation',
      'hardware/sharedFolders',
    ],
  },
  scripts: { title: 'scripts attached to events', settings: ['settings/scripts'] },
} as const satisfies Readonly<Record<string, Settings>>;
export type SettingGroup = keyof typeof settingGroups;

/** What the vm is called and what is said of it, which is in no group. */
export const identitySettings: readonly string[] = [
  'name',
  'description',
  'tags',
  'production',
  'portableTo',
  'extensions',
  'id',
];

/** A group, or a part of the hardware, which follows the hardware itself. */
export type SettingSection = SettingGroup | HardwarePart;

export const settingSections = (Object.keys(settingGroups) as readonly SettingGroup[]).flatMap(
  (group): readonly SettingSection[] =>
    group === 'hardware' ? [group, ...(Object.keys(hardwareParts) as HardwarePart[])] : [group],
);

export function isHardwarePart(section: SettingSection): section is HardwarePart {
  return Object.hasOwn(hardwareParts, section);
}

export function settingsOf(section: SettingSection): readonly string[] {
  return isHardwarePart(section)
    ? hardwareParts[section].settings
    : settingGroups[section].settings;
}

/** As people read it: `hardware, memory`. */
export function titleOfSection(section: SettingSection): string {
  return isHardwarePart(section)
    ? `${settingGroups.hardware.title}, ${hardwareParts[section].title}`
    : settingGroups[section].title;
}

/** Where a setting is, by its path of names with slashes; undefined: it is no configuration, or unknown. */
export function sectionOf(path: string): SettingSection | undefined {
  return settingSections.find((section) =>
    settingsOf(section).some((top) => `${path}/`.startsWith(`${top}/`)),
  );
}
