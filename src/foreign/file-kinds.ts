/**
 * What files of other products are, by their suffixes, for those whose content does not tell, and what an import does with
 * each (DISK-64). `vmd` and `vuo`, printed in one report, are misprints of `vmc` and `vud`.
 */
export interface FileKind {
  readonly suffix: string;
  readonly kind:
    | 'configuration'
    | 'disk'
    | 'undo'
    | 'saved-state'
    | 'floppy'
    | 'network'
    | 'firmware'
    | 'snapshots'
    | 'team'
    | 'manifest'
    | 'lock';
  readonly product: 'Virtual Server' | 'VMware' | 'OVF';
  readonly onImport: string;
}

const row = (
  suffix: string,
  kind: FileKind['kind'],
  product: FileKind['product'],
  onImport: string,
): FileKind => ({ suffix, kind, product, onImport });

const kinds: readonly FileKind[] = [
  row('vmc', 'configuration', 'Virtual Server', 'it is read'),
  row('vhd', 'disk', 'Virtual Server', 'disks that the configuration names are converted'),
  row(
    'vud',
    'undo',
    'Virtual Server',
    'its changes are taken over, left out or put above a snapshot',
  ),
  row('vsv', 'saved-state', 'Virtual Server', 'it is left out; it fits no other product'),
  row('vfd', 'floppy', 'Virtual Server', 'it stays where it is, as the medium of the drive'),
  row(
    'vnc',
    'network',
    'Virtual Server',
    'it is left out; what its network is here is said with --map',
  ),
  row('vmx', 'configuration', 'VMware', 'it is read'),
  row('vmdk', 'disk', 'VMware', 'disks that the configuration names are converted'),
  row('vmss', 'saved-state', 'VMware', 'it is left out; it fits no other product'),
  row('vmsn', 'snapshots', 'VMware', 'it is left out; memory of snapshots fits no other product'),
  row('vmsd', 'snapshots', 'VMware', 'it is left out; the present state of the disks counts'),
  row('nvram', 'firmware', 'VMware', 'it is left out; firmware settings start anew'),
  row('flp', 'floppy', 'VMware', 'it stays where it is, as the medium of the drive'),
  row('vmtm', 'team', 'VMware', 'it is left out; make a team of the vms once they are here'),
  row('ovf', 'configuration', 'OVF', 'it is read'),
  row('mf', 'manifest', 'OVF', 'files are compared with it'),
  row('cert', 'manifest', 'OVF', 'it is told who signed the manifest'),
  row('lck', 'lock', 'VMware', 'it is left out; end the vm there before its disks are read'),
];

const misprints: Readonly<Record<string, string>> = { vmd: 'vmc', vuo: 'vud' };

export function fileKindOf(name: string): FileKind | undefined {
  const suffix = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  const meant = Object.hasOwn(misprints, suffix) ? misprints[suffix] : suffix;
  return kinds.find((one) => one.suffix === meant);
}
