/**
 * The driver names of connection addresses: those of libvirt, those that it had once, those that were
 * never any. What a given libvirtd was built with, only that libvirtd can say (it answers code 5).
 */

export interface DriverFacts {
  readonly name: string;
  /** `current`: in libvirt today. `gone`: was once. `ours`: answered by Gantry. `unknown`: never was. */
  readonly status: 'current' | 'gone' | 'ours' | 'unknown';
  /** What it drives. */
  readonly title: string;
  /** The release of libvirt that dropped it, where known. */
  readonly goneSince?: string;
  readonly hint?: string;
  /** The daemon of its own that it has where libvirt is split up. */
  readonly daemon?: string;
}

const known: readonly DriverFacts[] = [
  { name: 'qemu', status: 'current', title: 'QEMU and KVM', daemon: 'virtqemud' },
  { name: 'lxc', status: 'current', title: 'Linux containers', daemon: 'virtlxcd' },
  { name: 'xen', status: 'current', title: 'Xen with libxl', daemon: 'virtxend' },
  { name: 'vbox', status: 'current', title: 'VirtualBox', daemon: 'virtvboxd' },
  { name: 'bhyve', status: 'current', title: 'bhyve of FreeBSD', daemon: 'virtbhyved' },
  { name: 'vz', status: 'current', title: 'Virtuozzo', daemon: 'virtvzd' },
  { name: 'ch', status: 'current', title: 'Cloud Hypervisor', daemon: 'virtchd' },
  { name: 'network', status: 'current', title: 'virtual networks', daemon: 'virtnetworkd' },
  { name: 'storage', status: 'current', title: 'storage pools', daemon: 'virtstoraged' },
  { name: 'nodedev', status: 'current', title: 'host devices', daemon: 'virtnodedevd' },
  { name: 'secret', status: 'current', title: 'secrets', daemon: 'virtsecretd' },
  { name: 'interface', status: 'current', title: 'host interfaces', daemon: 'virtinterfaced' },
  { name: 'nwfilter', status: 'current', title: 'packet filters', daemon: 'virtnwfilterd' },
  { name: 'openvz', status: 'current', title: 'OpenVZ containers' },
  { name: 'test', status: 'current', title: "libvirt's simulated host" },
  { name: 'esx', status: 'current', title: 'VMware ESX' },
  { name: 'vpx', status: 'current', title: 'VMware vCenter' },
  { name: 'gsx', status: 'current', title: 'VMware Server' },
  { name: 'vmwareplayer', status: 'current', title: 'VMware Player' },
  { name: 'vmwarews', status: 'current', title: 'VMware Workstation' },
  { name: 'vmwarefusion', status: 'current', title: 'VMware Fusion' },
  { name: 'hyperv', status: 'current', title: 'Hyper-V', hint: 'many builds leave it out' },
  { name: 'remote', status: 'current', title: 'whatever the other side finds' },
  { name: 'uml', status: 'gone', title: 'User Mode Linux', goneSince: '5.0.0' },
  { name: 'xenapi', status: 'gone', title: 'XenServer', goneSince: '5.8.0' },
  { name: 'phyp', status: 'gone', title: 'IBM POWER Hypervisor', goneSince: '6.0.0' },
  { name: 'one', status: 'gone', title: 'OpenNebula' },
  { name: 'gantry', status: 'ours', title: 'the fleet of a Gantry' },
  { name: 'scvmm', status: 'ours', title: 'the System Center hosts of a Gantry' },
  { name: 'lxe', status: 'unknown', title: 'lxe', hint: 'write lxc' },
];

/** What is known of a driver's name. Never fails: an unknown name is an answer too. */
export function describeDriver(name: string): DriverFacts {
  return (
    known.find((facts) => facts.name === name) ?? {
      name,
      status: 'unknown',
      title: name,
      hint: 'a libvirt server may still know it',
    }
  );
}

export const driverNames: readonly DriverFacts[] = known;
