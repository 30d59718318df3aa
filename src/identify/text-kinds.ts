/** Files that are told by their text: configurations of vms and networks, ours and those of other products. */
import { detectConfiguration } from '#foreign';
import { use, type Found, type TextKind } from './kind.ts';

const importVm = [use('take the vm over', 'gantry vm import FILE --dry-run')];
const none: readonly never[] = [];

/** The first element of an XML document with its attributes. */
const rootPattern =
  /^\s*(?:<\?xml[^>]{0,200}\?>)?(?:\s|<!--[\s\S]{0,4000}?-->)*<([\w:.-]{1,80})((?:\s[^<>]{0,4000})?)\/?>/;

interface Root {
  readonly name: string;
  readonly attributes: string;
}

function rootOf(text: string): Root | undefined {
  const match = rootPattern.exec(text.slice(0, 65_536));
  if (match === null) return undefined;
  const [, name = '', attributes = ''] = match;
  return { name: name.replace(/^.*:/, ''), attributes };
}

const attribute = ({ attributes }: Root, name: string): string | null =>
  new RegExp(String.raw`\s${name}\s*=\s*["']([^"'<]{0,200})["']`).exec(attributes)?.[1] ?? null;

/** XML that begins with the element; the version is in an attribute of it, where it has one. */
const xml =
  (
    element: string,
    versionIn: string | null,
    isIt: (root: Root, text: string) => boolean = () => true,
  ) =>
  (text: string): Found | undefined => {
    const root = rootOf(text);
    if (root?.name !== element || !isIt(root, text)) return undefined;
    return { version: versionIn === null ? null : attribute(root, versionIn) };
  };

function findVmc(text: string): Found | undefined {
  if (detectConfiguration(text) !== 'vmc') return undefined;
  const version = /<version[^<>]{0,80}>\s*([\w. ]{1,40}?)\s*<\/version>/i.exec(text)?.[1] ?? null;
  const writer = /<creator>[\s\S]{0,400}?<name[^<>]{0,80}>\s*([^<]{1,80}?)\s*</i.exec(text)?.[1];
  return { version, details: writer === undefined ? [] : [`written by ${writer}`] };
}

function findVmx(text: string): Found | undefined {
  if (detectConfiguration(text) !== 'vmx') return undefined;
  const value = (key: string): string | undefined =>
    new RegExp(String.raw`^\s*${key}\s*=\s*"?([^"\r\n]{1,80})"?`, 'im').exec(text)?.[1];
  const hardware = value(String.raw`virtualhw\.version`);
  return {
    version: value(String.raw`config\.version`) ?? null,
    details: hardware === undefined ? [] : [`virtual hardware of version ${hardware}`],
  };
}

/** Documents of `apply` and `vm.json` name what they are and the version of their form. */
const gantry =
  (kind: string) =>
  (text: string): Found | undefined => {
    const key = (name: string, value: string): RegExp =>
      new RegExp(String.raw`^[\s{]{0,8}"?${name}"?\s*:\s*"?(${value})"?\s*,?\s*$`, 'm');
    if (!key('gantry', kind).test(text.slice(0, 65_536))) return undefined;
    return { version: key('format', String.raw`\d{1,9}`).exec(text)?.[1] ?? null };
  };

const takeDisk = [use('take a disk of it over', 'gantry vm attach-disk VM --import DISK')];

export const textKinds: readonly TextKind[] = [
  {
    group: 'configuration',
    format: 'vmc',
    title: 'configuration of a vm of Virtual PC or Virtual Server',
    uses: importVm,
    find: findVmc,
  },
  {
    group: 'configuration',
    format: 'vmx',
    title: 'configuration of a vm of VMware',
    uses: importVm,
    find: findVmx,
  },
  {
    group: 'snapshots',
    format: 'vmsd',
    title: 'list of snapshots of a vm of VMware',
    uses: [use('is read with the vm', 'gantry vm import VMX --snapshots import')],
    find: (text) =>
      /^\s*snapshot\.(lastUID|numSnapshots|current|mru)/im.test(text) ? {} : undefined,
  },
  {
    group: 'configuration',
    format: 'vmxf',
    title: 'further settings of a vm or team of VMware',
    uses: none,
    find: xml('Foundry', null),
  },
  {
    group: 'configuration',
    format: 'ovf',
    title: 'OVF descriptor of a vm',
    uses: importVm,
    find: findOvf,
  },
  {
    group: 'configuration',
    format: 'vbox',
    title: 'configuration of a vm of VirtualBox',
    uses: takeDisk,
    find: xml('VirtualBox', 'version'),
  },
  {
    group: 'configuration',
    format: 'libvirt-domain',
    title: 'definition of a vm of libvirt',
    uses: [use('make the vm, through Gantry as a libvirt server', 'virsh define FILE')],
    find: findDomain,
  },
  {
    group: 'snapshots',
    format: 'libvirt-snapshot',
    title: 'description of a snapshot of libvirt',
    uses: none,
    find: xml('domainsnapshot', null),
  },
  {
    group: 'network',
    format: 'libvirt-network',
    title: 'definition of a network of libvirt',
    uses: none,
    find: xml('network', null),
  },
  {
    group: 'configuration',
    format: 'gantry-vm',
    title: 'definition of a vm of Gantry',
    uses: [use('make or change the vm', 'gantry apply -f FILE')],
    find: gantry('vm'),
  },
  {
    group: 'network',
    format: 'gantry-network',
    title: 'definition of a network of Gantry',
    uses: [use('make or change the network', 'gantry apply -f FILE')],
    find: gantry('network'),
  },
  {
    group: 'document',
    format: 'disk-pieces',
    title: 'list of the pieces of a split disk',
    uses: [use('put them together', 'gantry disk join FILE')],
    find: (text) => (/"pieces"\s*:\s*\[/.test(text) && /"sha256"/.test(text) ? {} : undefined),
  },
  {
    group: 'document',
    format: 'cloud-config',
    title: 'settings for the first start of a guest (cloud-init)',
    uses: none,
    find: (text) => (/^#cloud-config\s/.test(text) ? {} : undefined),
  },
];

/** The namespace names the version of the standard. */
function findOvf(text: string): Found | undefined {
  const root = rootOf(text);
  if (root?.name !== 'Envelope') return undefined;
  const version = /\/ovf\/envelope\/(\d)/.exec(root.attributes)?.[1];
  return version === undefined ? undefined : { version };
}

/** The version of libvirt's XML is that of the libvirt that reads it. */
function findDomain(text: string): Found | undefined {
  const root = rootOf(text);
  const hypervisor = root?.name === 'domain' ? attribute(root, 'type') : null;
  return hypervisor === null ? undefined : { details: [`for ${hypervisor}`] };
}
