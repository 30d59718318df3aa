/** What cannot be done with a vm of a libvirt connection, each with the reason (FED-07). */
import type { Ability } from '#api';

const elsewhere = "is done with its hypervisor's own tools";

type Missing = Readonly<Partial<Record<Ability, string>>>;

/** Whatever the hypervisor. */
export const missingAbilities: Missing = {
  hold: 'libvirt cannot hold a vm before its first instruction',
  'additions-update': "Gantry's guest additions are not installed over libvirt connections",
  'media-change': `changing media of vms of a libvirt connection ${elsewhere}`,
  'disk-hotplug': `changing disks of vms of a libvirt connection ${elsewhere}`,
  'adapter-hotplug': `changing adapters of vms of a libvirt connection ${elsewhere}`,
  'processor-hotplug': `changing processors of vms of a libvirt connection ${elsewhere}`,
  'memory-hotplug': `changing memory of vms of a libvirt connection ${elsewhere}`,
  'undo-disks': 'libvirt knows no undo disks',
  snapshot: `taking snapshots of vms of a libvirt connection ${elsewhere}`,
  networks: 'networks of Gantry are carried by hosts with an agent',
  'file-copy': `copying and moving files of vms of a libvirt connection ${elsewhere}`,
  create:
    "vms and images are made on hosts with an agent, and what is here is deleted with its hypervisor's own tools",
  configure: `changing vms of a libvirt connection ${elsewhere}`,
};

const consoleAbilities = {
  screen: 'screens',
  serial: 'serial consoles',
  screenshot: 'pictures of screens',
  keyboard: 'keys',
} as const satisfies Partial<Record<Ability, string>>;
type ConsoleAbility = keyof typeof consoleAbilities;

/**
 * What libvirt's drivers carry of consoles, by what they call themselves, in lower case (its page "Hypervisor support
 * matrix", and for screens the graphics of the type vnc that they know).
 */
const carriedConsoles: Readonly<Record<string, readonly ConsoleAbility[]>> = {
  qemu: ['screen', 'serial', 'screenshot', 'keyboard'],
  xen: ['screen', 'serial'],
  bhyve: ['screen', 'serial'],
  lxc: ['serial'],
  ch: ['serial'],
  vz: ['screen'],
  parallels: ['screen'],
  vbox: ['screenshot', 'keyboard'],
  esx: ['screen', 'screenshot'],
  'hyper-v': ['screenshot', 'keyboard'],
  test: ['screenshot', 'keyboard'],
};

/** `type` as libvirt's driver calls itself. */
export function missingWith(type: string): Missing {
  const carried = carriedConsoles[type.toLowerCase()] ?? [];
  const consoles = Object.entries(consoleAbilities)
    .filter(([ability]) => !carried.includes(ability as ConsoleAbility))
    .map(([ability, what]) => [ability, `libvirt's driver for ${type} carries no ${what}`]);
  return { ...missingAbilities, ...(Object.fromEntries(consoles) as Missing) };
}
