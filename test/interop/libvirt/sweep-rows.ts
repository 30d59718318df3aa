/**
 * What virsh can be asked, command by command, and how the gateway's answer stands to that of libvirtd's own QEMU driver for
 * a vm that is made the same way. One file because the rows are run in their order: each finds the vm as the one before it has
 * left it.
 *
 * In words: VM, the vm; POOL, its storage pool; FILE, a path of its own that ends in what follows.
 */

export interface Row {
  readonly words: string;
  /** Default: `equal`, but for names, ids, dates and paths. `form`: what it tells is told there, too, with other figures. */
  readonly like?: 'equal' | 'form';
  /** Only the lines that name the vm count: both list others, too. */
  readonly about?: 'vm';
  /** Asked for one of them alone: hypervisors of others do not do all that the agent does. */
  readonly of?: 'own' | 'far';
  /** What the gateway answers in place of what libvirtd does, and why that is so. */
  readonly deviates?: { readonly says: RegExp; readonly code: 0 | 1; readonly why: string };
}

const row = (words: string): Row => ({ words });
const form = (words: string): Row => ({ words, like: 'form' });
const listed = (words: string): Row => ({ words, about: 'vm' });
const deviates = (words: string, code: 0 | 1, says: RegExp, why: string): Row => ({
  words,
  deviates: { code, says, why },
});

const withAgent = (words: string): Row => ({ words, of: 'own' });

const nothing = /^\s*$/;
const notSupported = (procedure: string): RegExp =>
  new RegExp(`${procedure} is not supported here`);

/** Of the host, or of all of them. */
export const hostRows: readonly Row[] = [
  form('version'),
  form('version --daemon'),
  form('nodeinfo'),
  form('nodememstats'),
  form('nodecpumap'),
  form('freecell'),
  deviates(
    'nodecpustats',
    1,
    notSupported('NODE_GET_CPU_STATS'),
    'hosts tell a share of their time, and no sum of it',
  ),
  deviates('sysinfo', 1, notSupported('CONNECT_GET_SYSINFO'), 'a fleet has no mainboard'),
  deviates('hostname', 0, /^\S+$/, 'it is the name of the coordinator'),
  deviates('maxvcpus', 0, /^\d+$/, 'it is that of the host with the most'),
  deviates(
    'cpu-models x86_64',
    0,
    /^qemu64$/m,
    'they are the models of each QEMU, by its own names',
  ),
  deviates('capabilities', 0, /<guest>[^]*<arch name='x86_64'>/, 'a fleet has no single processor'),
  deviates('domcapabilities', 0, /<arch>x86_64<\/arch>/, 'they are what vms of Gantry can have'),
];

/** A vm that has not run yet. */
export const offRows: readonly Row[] = [
  listed('list --all'),
  listed('list --all --name'),
  listed('list --all --title'),
  listed('list --all --managed-save'),
  listed('list --all --uuid'),
  listed('list --inactive --name'),
  listed('list --name'),
  row('dominfo VM'),
  row('domstate VM --reason'),
  row('domid VM'),
  row('domuuid VM'),
  row('domname VM'),
  row('domcontrol VM'),
  row('domblklist VM --details'),
  row('domdisplay VM'),
  row('ttyconsole VM'),
  row('domblkstat VM vda'),
  row('domblkerror VM'),
  row('dommemstat VM'),
  row('cpu-stats VM'),
  row('domifaddr VM'),
  row('domjobabort VM'),
  row('domfsinfo VM'),
  row('guestinfo VM'),
  row('domhostname VM'),
  row('vcpucount VM'),
  form('vcpuinfo VM'),
  row('iothreadinfo VM'),
  row('perf VM'),
  row('blockjob VM vda'),
  withAgent('blockresize VM vda 80M'),
  row('checkpoint-list VM'),
  row('snapshot-list VM'),
  row('snapshot-list VM --tree'),
  row('snapshot-current VM'),
  row('metadata VM http://example.org/x'),
  row('desc VM --title'),
  form('schedinfo VM'),
  form('domstats VM'),
  form('domblkinfo VM vda'),
  row('managedsave-remove VM'),
  row('managedsave-dumpxml VM'),
  row('suspend VM'),
  row('resume VM'),
  row('destroy VM'),
  row('shutdown VM'),
  row('reboot VM'),
  row('reset VM'),
  row('managedsave VM'),
  deviates(
    'domjobinfo VM',
    0,
    /^Job type: +None$/,
    'also a vm that is off has jobs: it is moved and copied',
  ),
  deviates('domtime VM', 1, notSupported('DOMAIN_GET_TIME'), 'no guest is asked for its clock'),
  deviates(
    'domifstat VM net0',
    1,
    /domain is not running/,
    'libvirt names adapters by devices of the host',
  ),
  deviates(
    'domiflist VM',
    0,
    /^ net0 +user +- +virtio +\S+$/m,
    'adapters have names that stay, also while the vm is off',
  ),
  deviates('vcpupin VM', 0, /^ 0 +0-\d+$/m, 'it may run on any processor of any host'),
  deviates('emulatorpin VM', 0, /0-\d+/, 'it may run on any processor of any host'),
  deviates('memtune VM', 0, nothing, 'Gantry sets no such limits'),
  deviates('blkiotune VM', 0, nothing, 'Gantry sets no such limits'),
  deviates('numatune VM', 0, nothing, 'Gantry sets no such limits'),
  deviates('blkdeviotune VM vda', 0, nothing, 'Gantry sets no such limits'),
];

export const changedRows: readonly Row[] = [
  row('desc VM --config --new-desc other'),
  row('desc VM'),
  row('setmaxmem VM 128M --config'),
  row('setmem VM 64M --config'),
  row('setmem VM 256M --config'),
  row('setvcpus VM 2 --config --maximum'),
  row('setvcpus VM 1 --config'),
  row('setvcpus VM 5 --config'),
  row('vcpucount VM'),
  row('autostart VM'),
  row('dominfo VM'),
  listed('list --all --autostart --name'),
  row('autostart VM --disable'),
  row('domrename VM VM-new'),
  row('domuuid VM'),
  row('domrename VM-new VM'),
  row('attach-disk VM FILE.second vdb --config --subdriver qcow2'),
  row('domblklist VM'),
  row('detach-disk VM vdb --config'),
  row('domblklist VM'),
  withAgent('attach-disk VM FILE.second vdb --config'),
  withAgent('domblklist VM'),
  withAgent('detach-disk VM vdb --config'),
  row('change-media VM hda FILE.iso --insert --config'),
  row('domblklist VM'),
  row('change-media VM hda --eject --config'),
  row('change-media VM hda --eject --config'),
];

/** From its start on. */
export const runningRows: readonly Row[] = [
  row('start VM'),
  row('start VM'),
  row('domstate VM --reason'),
  listed('list'),
  listed('list --state-running --name'),
  row('domcontrol VM'),
  form('dominfo VM'),
  form('domid VM'),
  form('vcpuinfo VM'),
  row('vcpucount VM'),
  row('domblkerror VM'),
  row('domjobinfo VM'),
  row('iothreadinfo VM'),
  row('perf VM'),
  row('blockjob VM vda'),
  form('domblkstat VM vda'),
  form('dommemstat VM'),
  form('domstats VM --state --cpu-total --balloon --vcpu'),
  form('domdisplay VM'),
  form('screenshot VM FILE.png'),
  row('send-key VM KEY_A'),
  row('send-key VM KEY_LEFTCTRL KEY_LEFTALT KEY_DELETE'),
  row('suspend VM'),
  row('domstate VM --reason'),
  row('resume VM'),
  row('domstate VM'),
  row('reset VM'),
  row('domstate VM'),
  row('attach-disk VM FILE.second vdb --subdriver qcow2'),
  row('domblklist VM'),
  row('undefine VM-none'),
  row('snapshot-create-as VM one --description first'),
  form('snapshot-list VM'),
  row('snapshot-list VM --name'),
  row('snapshot-list VM --tree'),
  row('snapshot-current VM --name'),
  form('snapshot-info VM one'),
  row('snapshot-parent VM one'),
  row('snapshot-create-as VM two'),
  row('snapshot-list VM --tree'),
  row('snapshot-parent VM two'),
  row('snapshot-revert VM one'),
  row('domstate VM'),
  row('snapshot-current VM --name'),
  row('snapshot-delete VM two'),
  row('snapshot-delete VM one'),
  row('snapshot-delete VM one'),
  row('snapshot-list VM --name'),
  row('managedsave VM'),
  row('domstate VM --reason'),
  row('dominfo VM'),
  listed('list --all --with-managed-save --name'),
  deviates(
    'managedsave-dumpxml VM',
    0,
    /^<domain type='qemu'[^]*<name>\w+<\/name>/,
    'the description is that of Gantry',
  ),
  row('managedsave-remove VM'),
  row('domstate VM'),
  withAgent('start VM --paused'),
  withAgent('resume VM'),
  withAgent('destroy VM'),
  row('start VM'),
  deviates(
    'domfsinfo VM',
    1,
    /no guest agent of \S+ answers/,
    'Gantry listens for its own agent in all vms',
  ),
  deviates(
    'guestinfo VM',
    1,
    /no guest agent of \S+ answers/,
    'Gantry listens for its own agent in all vms',
  ),
  deviates('ttyconsole VM', 1, nothing, 'a terminal of another machine is none of this one'),
  deviates('domifaddr VM', 0, nothing, 'a network of its own has no leases'),
  deviates(
    'domifstat VM net0',
    0,
    /^net0 rx_bytes \d+$/m,
    'libvirt names adapters by devices of the host',
  ),
  deviates('cpu-stats VM', 1, /figures are not kept by processor of a host/, 'they are not kept'),
  deviates('inject-nmi VM', 1, /has a button for that: virsh reset/, 'Gantry has no such button'),
  deviates(
    'domfsfreeze VM',
    1,
    /held still by a snapshot: virsh snapshot-create-as --quiesce/,
    'libvirtd asks an agent of its own',
  ),
  deviates(
    'memtune VM --hard-limit 100000',
    1,
    /limits of vms are settings of Gantry/,
    'they are kept with the vm, whatever runs it',
  ),
  deviates(
    'qemu-monitor-command VM --hmp info',
    1,
    /reaches the monitor of a vm reaches its host/,
    'who reaches the monitor reaches the host',
  ),
  withAgent('blockresize VM vda 80M'),
  { ...row('domblkinfo VM vda'), of: 'own', like: 'form' },
  withAgent('blockresize VM vdz 80M'),
  withAgent('blockjob VM vda'),
  withAgent('blockjob VM vda --abort'),
  deviates(
    'blockcommit VM vda',
    1,
    /snapshot-delete merges the layer of a snapshot/,
    'chains are those of snapshots',
  ),
  deviates('blockpull VM vda', 1, /gantry vm flatten/, 'chains are those of snapshots'),
  deviates(
    'blockcopy VM vda FILE.copy',
    1,
    /gantry vm move-disk/,
    'copies are made by clones and moves',
  ),
  deviates(
    'checkpoint-create-as VM c1',
    1,
    /are not kept track of: copy \S+ whole/,
    'there are no backups by changed blocks',
  ),
  row('checkpoint-info VM c2'),
  row('checkpoint-delete VM c2'),
  deviates(
    'backup-begin VM',
    1,
    /are not kept track of: copy \S+ whole/,
    'there are no backups by changed blocks',
  ),
  row('backup-dumpxml VM'),
  deviates(
    'save VM FILE.sav',
    1,
    /kept with its vm, and in no other file: virsh managedsave/,
    'a state is kept with its vm: managedsave',
  ),
  deviates(
    'save-image-dumpxml FILE.sav',
    1,
    /kept with their vms: virsh managedsave-dumpxml/,
    'a state is kept with its vm',
  ),
  deviates(
    'restore FILE.sav',
    1,
    /kept with their vms, and in no other file/,
    'a state is kept with its vm',
  ),
  deviates(
    'dump VM FILE.dump',
    1,
    /is written to no file of a host: virsh snapshot-create-as/,
    'memory of guests is written nowhere else',
  ),
  row('shutdown VM --mode acpi'),
  row('destroy VM'),
  row('domstate VM --reason'),
  row('destroy VM'),
];

export const storageRows: readonly Row[] = [
  { words: 'pool-list --all', about: 'vm' },
  form('pool-info POOL'),
  row('pool-refresh POOL'),
  deviates(
    'pool-dumpxml POOL',
    0,
    /^<pool type='dir'>[^]*<path>\/\S+<\/path>/,
    'owner and mode of folders are not told',
  ),
  row('pool-start POOL'),
  withAgent('vol-create-as POOL a.raw 1M'),
  withAgent('vol-create-as POOL a.raw 1M'),
  withAgent('vol-create-as POOL b.qcow2 2M --format qcow2'),
  withAgent('vol-info a.raw POOL'),
  { ...form('vol-info b.qcow2 POOL'), of: 'own' },
  {
    ...deviates(
      'vol-dumpxml b.qcow2 POOL',
      0,
      /^<volume type='file'>[^]*<format type='qcow2'\/>/,
      'owner, mode and times of files are not told',
    ),
    of: 'own',
  },
  withAgent('vol-path a.raw POOL'),
  withAgent('vol-resize b.qcow2 4M POOL'),
  withAgent('vol-resize b.qcow2 1M POOL'),
  withAgent('vol-upload b.qcow2 FILE.second --pool POOL'),
  { ...form('vol-info b.qcow2 POOL'), of: 'own' },
  withAgent('vol-upload none.raw FILE.second --pool POOL'),
  deviates(
    'vol-upload VM.second FILE.qcow2 --pool POOL',
    1,
    /a vm uses it: (far|own)/,
    'libvirtd writes into disks of vms, too',
  ),
  row('vol-download VM.second FILE.fetched --pool POOL'),
  row('vol-download VM.second FILE.fetched --pool POOL --sparse'),
  row('vol-download VM.second FILE.fetched --pool POOL --offset 9 --length 9'),
  row('vol-download none.raw FILE.fetched --pool POOL'),
  row('vol-wipe a.raw POOL'),
  withAgent('vol-info a.raw POOL'),
  row('vol-wipe none.raw POOL'),
  {
    ...deviates(
      'vol-wipe a.raw POOL --algorithm dod',
      1,
      /with zeros, and with nothing else/,
      'it takes a program that hosts seldom have',
    ),
    of: 'own',
  },
  withAgent('vol-clone a.raw c.raw --pool POOL'),
  withAgent('vol-info c.raw POOL'),
  withAgent('vol-delete c.raw POOL'),
  withAgent('vol-delete c.raw POOL'),
  withAgent('vol-delete a.raw POOL'),
  withAgent('vol-delete b.qcow2 POOL'),
  deviates(
    'pool-destroy POOL',
    1,
    /gantry host set/,
    'which pools there are is a setting of the host',
  ),
  deviates(
    'pool-undefine POOL',
    1,
    /gantry host set/,
    'which pools there are is a setting of the host',
  ),
];

/** Where nothing else is said, of what nobody has. */
export const deviceRows: readonly Row[] = [
  row('secret-list'),
  row('secret-dumpxml 6fd3f62d-fef7-1bc3-baff-cbb3f96ec43c'),
  row('secret-undefine 6fd3f62d-fef7-1bc3-baff-cbb3f96ec43c'),
  row('secret-get-value 6fd3f62d-fef7-1bc3-baff-cbb3f96ec43c'),
  row('nodedev-dumpxml none'),
  row('nodedev-info none'),
  deviates('nodedev-list', 0, /^computer@own\s[^]*^computer@toy\s/m, 'names say whose they are'),
  deviates(
    'nodedev-dumpxml computer@toy',
    0,
    /<name>computer@toy<\/name>[^]*<vendor>Libvirt<\/vendor>/,
    'it is what that libvirtd tells',
  ),
  deviates(
    'nodedev-info computer@own',
    0,
    /^Name: +computer@own\s+Parent:\s+Active: +yes/m,
    'it is a host of Gantry',
  ),
  deviates(
    'nodedev-detach computer@own',
    1,
    /are shown here and not changed: use the tools of the host/,
    'devices of hosts are given to no vm',
  ),
];

/**
 * Of networks and of objects that Gantry has none of, beside libvirtd's test driver: it has a network `default` with the same
 * addresses, and devices.
 */
export const objectRows: readonly Row[] = [
  row('net-list'),
  row('net-list --all --name'),
  row('net-list --inactive'),
  row('net-uuid default'),
  form('net-info default'),
  deviates('net-dhcp-leases default', 0, nothing, 'the test driver has no leases'),
  row('net-info none'),
  deviates(
    'net-dumpxml default',
    0,
    /<ip address='192\.168\.122\.1' netmask='255\.255\.255\.0'>\s*<dhcp>/,
    'the description is that of Gantry',
  ),
  deviates(
    'net-destroy default',
    1,
    /made and changed by Gantry: gantry network create/,
    'networks are made and changed by Gantry',
  ),
  deviates(
    'net-undefine default',
    1,
    /made and changed by Gantry: gantry network create/,
    'networks are made and changed by Gantry',
  ),
  deviates('secret-list', 0, nothing, 'clients remember "not supported" for a whole connection'),
  deviates('nwfilter-list', 0, nothing, 'clients remember "not supported" for a whole connection'),
  deviates(
    'nwfilter-binding-list',
    0,
    nothing,
    'clients remember "not supported" for a whole connection',
  ),
  deviates(
    'nodedev-list',
    0,
    /^computer@h1\s+computer@h2$/m,
    'a host with an agent tells of itself and of its adapters',
  ),
  deviates(
    'iface-list',
    0,
    nothing,
    'adapters of hosts are shown by Gantry, not to clients of libvirt',
  ),
  deviates('domcapabilities', 0, /<domainCapabilities>/, 'the test driver tells nothing'),
];

/** In the order in which they are run, with what the vm is then. */
export const sweep: Readonly<Record<string, readonly Row[]>> = {
  'of the host': hostRows,
  'of a vm that is off': offRows,
  'that changes a vm': changedRows,
  'of a vm that runs': runningRows,
  'of storage': storageRows,
  'of devices and secrets': deviceRows,
};
