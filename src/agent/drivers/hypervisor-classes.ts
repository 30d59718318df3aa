/**
 * Which class hypervisors have, by what they or libvirt's drivers for them call themselves. Those that have their privileged
 * partition beside the guests (Xen, Hyper-V) are under it all the same, so that they are no hosted ones.
 */
import type { HypervisorClass } from '#api';

const named: Readonly<Record<HypervisorClass, readonly string[]>> = {
  'bare-metal': [
    'xen',
    'xenapi',
    'hyper-v',
    'esx',
    'esxi',
    'vpx',
    'phyp',
    'lynxsecure',
    'oracle vm',
    'rts hypervisor',
    'sun xvm server',
    'virtuallogix vlx',
    'wind river vxworks',
  ],
  // Virtuozzo's machines run by KVM.
  'kernel-resident': ['kvm', 'bhyve', 'ch', 'vz'],
  hosted: [
    'gsx',
    'parallels desktop',
    'uml',
    'vbox',
    'virtual server',
    'vmware',
    'vmware fusion',
    'vmware player',
    'vmware server',
    'vmware workstation',
    'windows virtual pc',
  ],
  'os-level': ['lxc', 'openvz', 'containers'],
  emulator: ['qemu', 'test', 'simulated', 'wind river simics'],
};

const classes = new Map(
  Object.entries(named).flatMap(([name, products]) =>
    products.map((product) => [product, name as HypervisorClass] as const),
  ),
);

/** A product that is not known runs on something: hosted. QEMU with KVM is KVM. */
export function classOfHypervisor(name: string, accelerator: 'kvm' | 'none'): HypervisorClass {
  const product = name.toLowerCase();
  const known = product === 'qemu' && accelerator === 'kvm' ? 'kvm' : product;
  return classes.get(known) ?? 'hosted';
}
