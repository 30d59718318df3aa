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
  networks: 'networks of Gantry are carried by hosts with an agent',
  'file-copy': `copying and moving files of vms of a libvirt connection ${elsewhere}`,
  create:
    "vms and images are made on hosts with an agent, and what is here is deleted with its hypervisor's own tools",
  configure: `changing vms of a libvirt connection ${elsewhere}`,
};

const driverAbilities = {
  screen: 'screens',
  serial: 'serial consoles',
  screenshot: 'pictures of screens',
  keyboard: 'keys',
  snapshot: 'snapshots',
} as const satisfies Partial<Record<Ability, string>>;
type DriverAbility = keyof typeof driverAbilities;

/**
 * What libvirt's drivers carry of consoles and snapshots, by what they call themselves, in lower case (its page "Hypervisor support
 * matrix", and for screens the graphics of the type vnc that they know).
 */
const carriedByDriver: Readonly<Record<string, readonly DriverAbility[]>> = {
  qemu: ['screen', 'serial', 'screenshot', 'keyboard', 'snapshot'],
  xen: ['screen', 'serial'],
  bhyve: ['screen', 'serial'],
  lxc: ['serial'],
  ch: ['serial'],
  vz: ['screen', 'snapshot'],
  parallels: ['screen', 'snapshot'],
  vbox: ['screenshot', 'keyboard', 'snapshot'],
  esx: ['screen', 'screenshot', 'snapshot'],
  'hyper-v': ['screenshot', 'keyboard'],
  test: ['screenshot', 'keyboard', 'snapshot'],
};

/** `type` as libvirt's driver calls itself. */
export function missingWith(type: string): Missing {
  const carried = carriedByDriver[type.toLowerCase()] ?? [];
  const lacking = Object.entries(driverAbilities)
    .filter(([ability]) => !carried.includes(ability as DriverAbility))
    .map(([ability, what]) => [ability, `libvirt's driver for ${type} carries no ${what}`]);
  return { ...missingAbilities, ...(Object.fromEntries(lacking) as Missing) };
}
