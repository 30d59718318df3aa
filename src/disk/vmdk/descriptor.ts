/**
 * The text that describes a VMDK: identity, parent, extents, data base. Read with tolerance for line ends,
 * blanks and letter case, as writers differ; bounded in length, lines and extents.
 */
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { maxExtentFiles, maxNameBytes, sectorBytes } from '../limits.ts';
import { fileFault, type StructurePlace } from '../structure.ts';

export const maxDescriptorBytes = 1024 * 1024;
/** A `parentCID` that says: no parent. */
export const noParent = 'ffffffff';

export type ExtentKind = 'flat' | 'sparse' | 'zero';

export interface ExtentLine {
  readonly kind: ExtentKind;
  readonly lengthBytes: number;
  readonly name: string;
  /** Where in a flat file the extent starts. */
  readonly offsetBytes: number;
}

export interface Descriptor {
  readonly createType: string;
  /** Content identity: eight hexadecimal digits, new whenever the content changes. */
  readonly cid: string;
  readonly parentCid: string;
  readonly parentHint: string | undefined;
  readonly extents: readonly ExtentLine[];
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
  /** How many the CID has in the text: qemu-img leaves out zeros at its head. */
  readonly cidDigits: number;
  /** Of the digits of the CID, in bytes of the text. */
  readonly cidAt: number | undefined;
}

const kinds: Readonly<Record<string, ExtentKind>> = {
  FLAT: 'flat',
  VMFS: 'flat',
  SPARSE: 'sparse',
  VMFSSPARSE: 'sparse',
  ZERO: 'zero',
};

/** Access, sectors, kind, name, sector of the file: a line without the blanks around it. */
export const extentPattern =
  /^(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+(\w+)(?:\s+"([^"]*)"(?:\s+(\d{1,15}))?)?/i;

/** Faults: `corrupt`; `unsupported` for extents of kinds that are not known (raw devices, SE sparse). */
export function parseDescriptor(file: DiskFile, offset: number, bytes: Buffer): Descriptor {
  const place = { format: 'vmdk', structure: 'descriptor', offset };
  const end = bytes.indexOf(0);
  const text = bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  const fields: Record<string, string> = {};
  const extents: ExtentLine[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const extent = extentPattern.exec(trimmed);
    if (extent !== null) {
      extents.push(parseExtent(file, place, extent));
      if (extents.length > maxExtentFiles) throw fileFault(file, place, 'has too many extents');
      continue;
    }
    const pair = /^([\w.]+)\s*=\s*"?([^"]*)"?$/.exec(trimmed);
    if (pair?.[1] !== undefined && Object.keys(fields).length < 4096) {
      fields[pair[1].toLowerCase()] = pair[2] ?? '';
    }
  }
  const [cid, parentCid] = [fields['cid'] ?? '', fields['parentcid'] ?? noParent];
  if (!/^[0-9a-f]{1,8}$/i.test(cid) || !/^[0-9a-f]{1,8}$/i.test(parentCid)) {
    throw fileFault(file, place, 'has no content identity (CID)');
  }
  const hint = fields['parentfilenamehint'];
  if (hint !== undefined && Buffer.byteLength(hint) > maxNameBytes) {
    throw fileFault(file, place, 'the name of its parent is too long');
  }
  const cidAt = /(?:^|[\r\n])\s*CID\s*=\s*(?=[0-9a-f]{1,8}\b)/i.exec(text);
  return {
    createType: fields['createtype'] ?? '',
    cid: cid.toLowerCase().padStart(8, '0'),
    cidDigits: cid.length,
    parentCid: parentCid.toLowerCase().padStart(8, '0'),
    parentHint: hint === '' ? undefined : hint,
    extents,
    fields,
    text,
    cidAt:
      cidAt === null ? undefined : Buffer.byteLength(text.slice(0, cidAt.index + cidAt[0].length)),
  };
}

function parseExtent(file: DiskFile, place: StructurePlace, found: RegExpExecArray): ExtentLine {
  const kind = kinds[(found[3] ?? '').toUpperCase()];
  if (kind === undefined) {
    throw fileFault(file, place, `an extent of kind ${found[3]} is not known`, 'unsupported');
  }
  const name = found[4] ?? '';
  if ((name === '') !== (kind === 'zero') || Buffer.byteLength(name) > maxNameBytes) {
    throw fileFault(file, place, 'an extent without a usable name');
  }
  return {
    kind,
    lengthBytes: Number(found[2]) * sectorBytes,
    name,
    offsetBytes: Number(found[5] ?? 0) * sectorBytes,
  };
}

export interface NewDescriptor {
  readonly createType: string;
  readonly cid: string;
  readonly parent: { readonly cid: string; readonly hint: string } | undefined;
  readonly extents: readonly string[];
  readonly sizeBytes: number;
}

export function buildDescriptor(descriptor: NewDescriptor): string {
  const { parent } = descriptor;
  if (parent !== undefined && /["\r\n]/.test(parent.hint)) {
    throw new Fault('invalid', 'the name of the parent has a quote or a line end in it');
  }
  const cylinders = Math.min(65535, Math.floor(descriptor.sizeBytes / sectorBytes / (16 * 63)));
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${descriptor.cid}`,
    `parentCID=${parent?.cid ?? noParent}`,
    `createType="${descriptor.createType}"`,
    ...(parent === undefined ? [] : [`parentFileNameHint="${parent.hint}"`]),
    '',
    '# Extent description',
    ...descriptor.extents,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    'ddb.geometry.heads = "16"',
    'ddb.geometry.sectors = "63"',
    'ddb.adapterType = "ide"',
    '',
  ].join('\n');
}
