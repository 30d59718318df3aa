/** The XML of one snapshot (libvirt's page "Snapshot XML format"): which of its disks are files of their own, and what the vm was then. Pure. */
import { attributeOf, find, findAll, XmlText, type XmlNode } from '#foreign';
import { Fault } from '#lib';

export interface DiskFile {
  readonly file: string;
  readonly format: string;
}

export interface SnapshotParts {
  /** Of the memory; `no` where it holds none. */
  readonly memory: 'no' | 'internal' | 'external';
  /** Files that the vm went on in, by the names of devices; the disks are left out that hold the snapshot in themselves. */
  readonly overlays: ReadonlyMap<string, string>;
  /** Files of disks as the vm had them when it was taken, by the names of devices. */
  readonly files: ReadonlyMap<string, DiskFile>;
  /** Whether any of its disks holds it in itself. */
  readonly inDisks: boolean;
}

/** Faults: `invalid`, `too-large` for what is no XML. */
export function readParts(xml: string): SnapshotParts {
  const { root } = new XmlText(xml);
  const memory = attributeOf(find(root, 'memory'), 'snapshot');
  const disks = findAll(find(root, 'disks'), 'disk');
  const ofKind = (kind: string) => disks.filter((disk) => attributeOf(disk, 'snapshot') === kind);
  const overlays = ofKind('external').flatMap((disk): [string, string][] => {
    const [name, file] = [attributeOf(disk, 'name'), attributeOf(find(disk, 'source'), 'file')];
    return name === undefined || file === undefined ? [] : [[name, file]];
  });
  return {
    memory: memory === 'internal' || memory === 'external' ? memory : 'no',
    overlays: new Map(overlays),
    files: filesOf(domainOf(root)),
    inDisks: ofKind('internal').length > 0,
  };
}

/** Files of its disks, as a domain names them, by the names of devices. */
export function filesOf(domain: XmlNode | undefined): ReadonlyMap<string, DiskFile> {
  const files = new Map<string, DiskFile>();
  for (const disk of findAll(find(domain, 'devices'), 'disk')) {
    const target = attributeOf(find(disk, 'target'), 'dev');
    const file = attributeOf(find(disk, 'source'), 'file');
    if (target === undefined || file === undefined) continue;
    if ((attributeOf(disk, 'device') ?? 'disk') !== 'disk') continue;
    files.set(target, { file, format: attributeOf(find(disk, 'driver'), 'type') ?? 'raw' });
  }
  return files;
}

/** As it was defined; of one that was off both are one. */
function domainOf(root: XmlNode): XmlNode | undefined {
  return find(root, 'inactiveDomain') ?? find(root, 'domain');
}

/**
 * The domain as it was when the snapshot was taken, with other files for some of its disks. Errors: `unsupported` for a
 * snapshot that does not say how it was.
 */
export function domainAtSnapshot(xml: string, files: ReadonlyMap<string, DiskFile>): string {
  const text = new XmlText(xml);
  const domain = domainOf(text.root);
  if (domain === undefined)
    throw new Fault('unsupported', 'the snapshot does not say what the vm was when it was taken');
  const alone = text.outer(domain).replace(/^<inactiveDomain\b/, '<domain');
  const edited = new XmlText(alone.replace(/<\/inactiveDomain\s*>$/, '</domain>'));
  for (const disk of findAll(find(edited.root, 'devices'), 'disk')) {
    const wanted = files.get(attributeOf(find(disk, 'target'), 'dev') ?? '');
    const source = find(disk, 'source');
    if (wanted === undefined || source === undefined) continue;
    edited.setAttribute(source, 'file', wanted.file);
    const driver = find(disk, 'driver');
    if (driver !== undefined) edited.setAttribute(driver, 'type', wanted.format);
    // It is that of the file before.
    const below = find(disk, 'backingStore');
    if (below !== undefined) edited.remove(below);
  }
  return edited.toString();
}

/** The snapshot with other files that the vm goes on in. */
export function withOverlays(xml: string, overlays: ReadonlyMap<string, string>): string {
  const text = new XmlText(xml);
  for (const disk of findAll(find(text.root, 'disks'), 'disk')) {
    const file = overlays.get(attributeOf(disk, 'name') ?? '');
    const source = find(disk, 'source');
    if (file !== undefined && source !== undefined) text.setAttribute(source, 'file', file);
  }
  return text.toString();
}
