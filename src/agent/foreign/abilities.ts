/** What cannot be done with a vm of a libvirt connection, each with the reason (FED-07). */
import type { Ability } from '#api';

const elsewhere = "is done with its hypervisor's own tools";

export const missingAbilities: Readonly<Partial<Record<Ability, string>>> = {
  hold: 'libvirt cannot hold a vm before its first instruction',
  'additions-update': "Gantry's guest additions are not installed over libvirt connections",
  screen: 'screens are not carried over libvirt connections',
  serial: 'serial ports are not carried over libvirt connections',
  screenshot: 'pictures of screens are not carried over libvirt connections',
  keyboard: 'keys are not carried over libvirt connections',
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
