/** What cannot be done with a vm of a libvirt connection, each with the reason (FED-07). */
import type { Ability } from '#api';

const elsewhere = "is done with its hypervisor's own tools";

/** Of what hosts with an agent do beside running vms. */
export const notForeign = 'images and files of hosts are the matter of hosts with an agent';

type Missing = Readonly<Partial<Record<Ability, string>>>;

/** Whatever the hypervisor. */
export const missingAbilities: Missing = {
  hold: 'libvirt cannot hold a vm before its first instruction',
  'additions-update': "Gantry's guest additions are not installed over libvirt connections",
  'undo-disks': 'libvirt knows no undo disks',
  networks: 'networks of Gantry are carried by hosts with an agent',
  'file-copy': `moving files of vms of a libvirt connection ${elsewhere}`,
  move: `moving files of vms of a libvirt connection ${elsewhere}`,
};

const driverAbilities = {
  screen: 'screens',
  serial: 'serial consoles',
  screenshot: 'pictures of screens',
  keyboard: 'keys',
  nmi: 'interrupts that no guest can mask',
  snapshot: 'snapshots',
  create: 'vms that Gantry makes or deletes',
  configure: 'changes of definitions',
  'media-change': 'changes of media',
  'disk-hotplug': 'changes of disks while a vm runs',
  'adapter-hotplug': 'changes of adapters while a vm runs',
  'processor-hotplug': 'changes of processors while a vm runs',
  'memory-hotplug': 'changes of memory while a vm runs',
  clone: 'copies of vms',
  migrate: 'moves of vms to other hosts',
  adopt: 'vms that Gantry runs itself',
} as const satisfies Partial<Record<Ability, string>>;
type DriverAbility = keyof typeof driverAbilities;

const consoles = ['screen', 'serial', 'screenshot', 'keyboard'] as const;
/** What is kept of a vm that is off, media among it. */
const definitions = ['configure', 'media-change'] as const;
const hotplug = ['disk-hotplug', 'adapter-hotplug', 'processor-hotplug', 'memory-hotplug'] as const;

/**
 * What libvirt's drivers carry, by what they call themselves, in lower case (its page "libvirt API support matrix",
 * https://libvirt.org/hvsupport.html, the tables at the end of the drivers' own sources, and for screens the graphics of the
 * type vnc that they know). Those for ESX and VirtualBox define domains, and none anew that is there ("editing existing
 * domains is not supported yet"; each definition makes a machine).
 */
const carriedByDriver: Readonly<Record<string, readonly DriverAbility[]>> = {
  qemu: [
    ...consoles,
    'nmi',
    'snapshot',
    'create',
    'clone',
    'migrate',
    'adopt',
    ...definitions,
    ...hotplug,
  ],
  xen: ['screen', 'serial', ...definitions, ...hotplug],
  bhyve: ['screen', 'serial', ...definitions],
  lxc: ['serial', ...definitions, 'disk-hotplug', 'adapter-hotplug', 'memory-hotplug'],
  ch: ['serial', ...definitions],
  vz: ['screen', 'snapshot', ...definitions],
  parallels: ['screen', 'snapshot', ...definitions],
  vbox: ['screenshot', 'keyboard', 'snapshot'],
  esx: ['screen', 'screenshot', 'snapshot'],
  'hyper-v': ['screenshot', 'keyboard'],
  test: [
    'screenshot',
    'keyboard',
    'snapshot',
    'create',
    'clone',
    ...definitions,
    'processor-hotplug',
    'memory-hotplug',
  ],
};

/** What every driver is taken to do, and these cannot. */
const basicAbilities = {
  pause: 'pauses',
  save: 'saved states of vms',
  reset: 'resets',
  'acpi-shutdown': 'power buttons',
} as const satisfies Partial<Record<Ability, string>>;

/**
 * By the same sources. Some that lack the power button take a shutdown for one: those for VirtualBox and bhyve; VirtualBox saves a
 * state that it tells nobody of afterwards.
 */
const lackedByDriver: Readonly<Record<string, readonly (keyof typeof basicAbilities)[]>> = {
  xen: ['reset'],
  bhyve: ['pause', 'save', 'reset', 'acpi-shutdown'],
  lxc: ['save', 'reset', 'acpi-shutdown'],
  ch: ['save', 'reset'],
  vz: ['reset', 'acpi-shutdown'],
  parallels: ['reset', 'acpi-shutdown'],
  vbox: ['save', 'reset', 'acpi-shutdown'],
  esx: ['save', 'reset', 'acpi-shutdown'],
  'hyper-v': ['acpi-shutdown'],
  vmware: ['save', 'reset', 'acpi-shutdown'],
  openvz: ['save', 'reset', 'acpi-shutdown'],
};

/** `type` as libvirt's driver calls itself. */
export function missingWith(type: string): Missing {
  const driver = type.toLowerCase();
  const carried = carriedByDriver[driver] ?? [];
  const lacking = [
    ...Object.entries(driverAbilities).filter(
      ([ability]) => !carried.includes(ability as DriverAbility),
    ),
    ...(lackedByDriver[driver] ?? []).map((ability) => [ability, basicAbilities[ability]] as const),
  ].map(([ability, what]) => [ability, `libvirt's driver for ${type} carries no ${what}`]);
  return { ...missingAbilities, ...(Object.fromEntries(lacking) as Missing) };
}
