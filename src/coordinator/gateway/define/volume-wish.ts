/** A volume as somebody wants it, read from libvirt's "Storage volume XML format". */
import { attributeOf, find, memoryBytesOf, textOf, type XmlNode } from '#foreign';
import type { Disk } from '#api';
import { libvirtFault } from '#libvirt';
import { formatsByLibvirt } from '../../domain-xml/disk-formats.ts';
import { Lost, readRoot } from './xml-words.ts';

export interface VolumeWish {
  readonly name: string;
  readonly sizeBytes: number;
  readonly format: Disk['format'];
  /** Fixed: all of its space is taken at once. */
  readonly allocation: 'fixed' | 'dynamic';
  /** Path of the disk it is to be made from. */
  readonly parent: string | undefined;
  /** That nobody guesses, where it is said. */
  readonly parentFormat: Disk['format'] | undefined;
}

/** Of owners and labels, times and sizes that are found out, nothing is taken. */
const known = 'name key source capacity allocation physical target backingStore'.split(' ');
const knownOfTarget =
  'path format permissions timestamps label compat nocow features clusterSize'.split(' ');

/** Errors: XML_ERROR; CONFIG_UNSUPPORTED with all that a volume here cannot have. */
export function readVolume(text: string): VolumeWish {
  const root = readRoot(text, 'volume');
  const lost = new Lost();
  lost.others(root, '', known);
  const target = find(root, 'target');
  lost.others(target, 'target', knownOfTarget);
  const format = lost.choose(
    'volume format',
    attributeOf(find(target, 'format'), 'type') ?? 'raw',
    formatsByLibvirt,
  );
  const below = find(root, 'backingStore');
  const belowFormat = attributeOf(find(below, 'format'), 'type');
  const parentFormat =
    belowFormat === undefined || belowFormat === 'auto'
      ? undefined
      : lost.choose('format of the backing store', belowFormat, formatsByLibvirt);
  const sizeBytes = bytesOf(find(root, 'capacity')) ?? 0;
  const allocated = bytesOf(find(root, 'allocation')) ?? sizeBytes;
  const name = textOf(find(root, 'name')) ?? '';
  if (name === '' || name.includes('/'))
    throw libvirtFault('XML_ERROR', `XML error: '${name.slice(0, 100)}' is no name of a volume`);
  lost.refuse('volume');
  return {
    name,
    sizeBytes,
    format: format ?? 'raw',
    // As libvirt has it: what is allocated counts for raw disks, others grow.
    allocation: format === 'raw' && allocated >= sizeBytes ? 'fixed' : 'dynamic',
    parent: textOf(find(below, 'path')),
    parentFormat,
  };
}

/** In bytes where no unit is said, other than of memory. Errors: XML_ERROR. */
function bytesOf(node: XmlNode | undefined): number | undefined {
  if (node === undefined) return undefined;
  const attributes = new Map([['unit', 'bytes'], ...node.attributes]);
  const bytes = memoryBytesOf({ ...node, attributes });
  if (bytes !== undefined) return bytes;
  throw libvirtFault('XML_ERROR', `XML error: ${node.name} is no size`);
}
