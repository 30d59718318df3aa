/**
 * The one way to ask what a file is (FMT-01). Formats with a structure come before those that are told by a word in them, and raw
 * disks last, since their content is the guest's: who knows the format of a disk names it and never asks here.
 *
 * Invariants: (1) the name decides nothing; where it says something else, that is told; (2) of what is no disk at most 4 MiB are read.
 */
import { stat } from 'node:fs/promises';
import { openNodeFile, type DiskFile } from '#disk';
import { decodeText, fileKindOf, maxFileBytes } from '#foreign';
import { Fault, isFault } from '#lib';
import { binaryKinds } from './binary-kinds.ts';
import { describeDisk, findDiskFormat, usesOfDisk } from './disks.ts';
import { use, type FileGroup, type FileUse, type Found, type Kind, type Looks } from './kind.ts';
import { rawKinds } from './raw-kinds.ts';
import { textKinds } from './text-kinds.ts';

const headBytes = 72 * 1024;
const lookBytes = 4096;

export interface FileIdentity {
  readonly path: string;
  readonly sizeBytes: number;
  readonly group: FileGroup;
  /** One word: `vhd`, `iso`, `vmx`; `text` or `unknown` for what is none of them. */
  readonly format: string;
  readonly title: string;
  /** Null where the format has none, or the file does not tell. */
  readonly version: string | null;
  readonly details: readonly string[];
  /** Empty: nothing, but to keep it. */
  readonly uses: readonly FileUse[];
}

/** Faults: `not-found`, `forbidden`; `invalid` for a folder and what else is no file. */
export async function identifyFile(path: string): Promise<FileIdentity> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true)
    throw new Fault('invalid', `${path} is a folder`, { hint: 'name a file in it' });
  const file = await openNodeFile(path, 'read');
  try {
    const looks = await lookAt(file);
    const { kind, found } = await findKind(path, file, looks);
    const { group, format, title, uses } = kind;
    return {
      path,
      sizeBytes: looks.sizeBytes,
      group,
      format,
      title,
      version: found.version ?? null,
      details: [...(found.details ?? []), ...otherName(path, format)],
      uses,
    };
  } finally {
    await file.close();
  }
}

async function lookAt(file: DiskFile): Promise<Looks> {
  const sizeBytes = await file.size();
  const at = async (offset: number, length = lookBytes): Promise<Buffer> => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - offset)));
    return bytes.subarray(0, await file.read(bytes, offset));
  };
  return { sizeBytes, head: await at(0, headBytes), at: (offset) => at(offset) };
}

interface Known {
  readonly kind: Kind;
  readonly found: Found;
}

async function findKind(path: string, file: DiskFile, looks: Looks): Promise<Known> {
  const format = await findDiskFormat(file);
  if (format !== undefined) {
    const { name, title } = format;
    const kind = { group: 'disk', format: name, title, uses: usesOfDisk(format) } as const;
    return { kind, found: await describeDisk(path, format, looks) };
  }
  for (const kind of binaryKinds) {
    const found = await kind.find(looks);
    if (found !== undefined) return { kind, found };
  }
  const text = await readText(file, looks);
  for (const kind of text === undefined ? [] : textKinds) {
    const found = kind.find(text ?? '');
    if (found !== undefined) return { kind, found };
  }
  for (const kind of text === undefined ? rawKinds : []) {
    const found = await kind.find(looks);
    if (found !== undefined) return { kind, found };
  }
  return { kind: text === undefined ? unknown : plainText, found: {} };
}

/** Undefined for what is no text; nobody keeps a configuration of more than 4 MiB. */
async function readText(file: DiskFile, { sizeBytes, head }: Looks): Promise<string | undefined> {
  if (sizeBytes === 0 || sizeBytes > maxFileBytes) return undefined;
  const isWide =
    head[1] === 0 || [0xfffe, 0xfeff].includes(head.readUIntBE(0, Math.min(2, head.length)));
  if (!isWide && head.includes(0)) return undefined;
  const bytes = Buffer.alloc(sizeBytes);
  await file.read(bytes, 0);
  try {
    return decodeText(bytes, file.name);
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

const plainText: Kind = { group: 'document', format: 'text', title: 'text', uses: [] };
const unknown: Kind = {
  group: 'unknown',
  format: 'unknown',
  title: 'of no kind that is known',
  uses: [use('if it is a raw disk', 'gantry disk inspect FILE --format raw')],
};

/** What the name would say, where the content says something else or nothing. */
function otherName(path: string, format: string): readonly string[] {
  const kind = fileKindOf(path);
  if (kind === undefined || sameFormat(kind.suffix, format)) return [];
  const said = `${kind.kind.replace('-', ' ')} of ${kind.product}`;
  return [`by its name it would be: ${said}`];
}

const alike: Readonly<Record<string, readonly string[]>> = {
  vud: ['vhd'],
  flp: ['vfd'],
  vmss: ['vmware'],
  vmsn: ['vmware'],
};

const sameFormat = (suffix: string, format: string): boolean =>
  suffix === format || alike[suffix]?.includes(format) === true;
