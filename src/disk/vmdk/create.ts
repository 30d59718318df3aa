/** Lays out an empty VMDK of each kind that is written. */
import { basename, extname } from 'node:path';
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { fillFile } from '../file/fill.ts';
import type { CreateOptions } from '../format.ts';
import { sectorBytes } from '../limits.ts';
import { buildDescriptor } from './descriptor.ts';
import { buildHostedHeader, headerFlags, type SparseHeader } from './sparse-header.ts';

export const vmdkVariants = [
  'monolithicSparse',
  'streamOptimized',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
] as const;

/** Extents of split disks end below 2 GiB, as VMware makes them. */
const splitBytes = 2047 * 1024 * 1024;
const usualGrainBytes = 65536;
const entriesPerTable = 512;
const leastDescriptorSectors = 20;

export async function createVmdk(file: DiskFile, options: CreateOptions): Promise<void> {
  const variant = options.variant ?? 'monolithicSparse';
  const cid = options.newIdentity().toString('hex', 0, 4);
  const { parent, sizeBytes } = options;
  if (parent !== undefined && (parent.format !== 'vmdk' || parent.identity === undefined)) {
    throw new Fault(
      'unsupported',
      `${parent.path} cannot be the parent of a vmdk: it is ${parent.format}`,
      {
        hint: 'make a qcow2 over it instead',
      },
    );
  }
  if (parent !== undefined && variant !== 'monolithicSparse') {
    throw new Fault(
      'unsupported',
      `cannot create ${file.name}: a child is always monolithicSparse`,
    );
  }
  const name = options.name ?? basename(file.name);
  const describe = (extents: readonly string[]): string =>
    buildDescriptor({
      createType: variant,
      cid: cid === 'ffffffff' ? 'fffffffe' : cid,
      parent: parent && { cid: parent.identity ?? '', hint: parent.relativePath },
      extents,
      sizeBytes,
    });
  const stem = name.slice(0, name.length - extname(name).length);
  switch (variant) {
    case 'monolithicSparse':
      await layOutSparse(file, options, sizeBytes, describe([line(sizeBytes, 'SPARSE', name)]));
      return;
    case 'streamOptimized':
      await layOutStream(file, options, describe([line(sizeBytes, 'SPARSE', name)]));
      return;
    case 'monolithicFlat':
      await layOutFlat(file, options, [{ name: `${stem}-flat.vmdk`, sizeBytes }], describe);
      return;
    case 'twoGbMaxExtentFlat':
      await layOutFlat(
        file,
        options,
        split(sizeBytes, (n) => `${stem}-f${n}.vmdk`),
        describe,
      );
      return;
    case 'twoGbMaxExtentSparse': {
      const parts = split(sizeBytes, (n) => `${stem}-s${n}.vmdk`);
      for (const part of parts) {
        const piece = await neighbour(file, options, part.name);
        await layOutSparse(piece, options, part.sizeBytes, '');
        await piece.close();
      }
      const lines = parts.map((part) => line(part.sizeBytes, 'SPARSE', part.name));
      await file.write(Buffer.from(describe(lines)), 0);
      return;
    }
    default:
      throw new Fault('unsupported', `cannot create ${file.name}: no vmdk variant "${variant}"`);
  }
}

function line(sizeBytes: number, kind: string, name: string): string {
  if (/["\r\n]/.test(name)) {
    throw new Fault('invalid', `${name}: a vmdk's name must not have quotes or line ends`);
  }
  return `RW ${sizeBytes / sectorBytes} ${kind} "${name}"${kind === 'FLAT' ? ' 0' : ''}`;
}

interface Part {
  readonly name: string;
  readonly sizeBytes: number;
}

function split(sizeBytes: number, nameOf: (number: string) => string): Part[] {
  const parts: Part[] = [];
  for (let done = 0; done < sizeBytes; done += splitBytes) {
    const name = nameOf(String(parts.length + 1).padStart(3, '0'));
    parts.push({ name, sizeBytes: Math.min(splitBytes, sizeBytes - done) });
  }
  return parts;
}

function neighbour(file: DiskFile, options: CreateOptions, name: string): Promise<DiskFile> {
  if (options.createNeighbour !== undefined) return options.createNeighbour(name);
  throw new Fault('unsupported', `cannot create ${file.name}: it needs further files beside it`);
}

async function layOutFlat(
  file: DiskFile,
  options: CreateOptions,
  parts: readonly Part[],
  describe: (extents: readonly string[]) => string,
): Promise<void> {
  for (const { name, sizeBytes } of parts) {
    const piece = await neighbour(file, options, name);
    await piece.truncate(sizeBytes);
    if (options.preallocation === 'full') await fillFile(piece, 0, sizeBytes, options);
    await piece.sync();
    await piece.close();
  }
  const lines = parts.map((part) => line(part.sizeBytes, 'FLAT', part.name));
  await file.write(Buffer.from(describe(lines)), 0);
}

/** Header, descriptor, redundant directory and tables, directory and tables; then grains. */
export async function layOutSparse(
  file: DiskFile,
  options: Pick<CreateOptions, 'blockBytes' | 'sizeBytes'>,
  sizeBytes: number,
  descriptor: string,
): Promise<void> {
  const grainBytes = grainOf(file, options);
  const tables = Math.ceil(sizeBytes / grainBytes / entriesPerTable);
  const tableSectors = (entriesPerTable * 4) / sectorBytes;
  const directorySectors = Math.ceil((tables * 4) / sectorBytes);
  const hasDescriptor = descriptor !== '';
  const textSectors = Math.ceil(Buffer.byteLength(descriptor) / sectorBytes);
  const descriptorSectors = Math.max(leastDescriptorSectors, textSectors);
  const redundant = 1 + (hasDescriptor ? descriptorSectors : 0);
  const directory = redundant + directorySectors + tables * tableSectors;
  const end = (directory + directorySectors + tables * tableSectors) * sectorBytes;
  const header: SparseHeader = {
    kind: 'hosted',
    version: 1,
    flags: headerFlags.newlines | headerFlags.redundantTables,
    capacityBytes: sizeBytes,
    grainBytes,
    entriesPerTable,
    descriptorOffset: hasDescriptor ? sectorBytes : 0,
    descriptorBytes: hasDescriptor ? descriptorSectors * sectorBytes : 0,
    redundantOffset: redundant * sectorBytes,
    directoryOffset: directory * sectorBytes,
    overheadBytes: Math.ceil(end / grainBytes) * grainBytes,
  };
  for (const start of [redundant, directory]) {
    const entries = Buffer.alloc(directorySectors * sectorBytes);
    for (let index = 0; index < tables; index += 1) {
      entries.writeUInt32LE(start + directorySectors + index * tableSectors, index * 4);
    }
    await file.write(entries, start * sectorBytes);
  }
  await file.truncate(header.overheadBytes);
  await file.write(buildHostedHeader(header), 0);
  if (hasDescriptor) await file.write(Buffer.from(descriptor), sectorBytes);
}

async function layOutStream(
  file: DiskFile,
  options: CreateOptions,
  descriptor: string,
): Promise<void> {
  const grainBytes = grainOf(file, options);
  const header: SparseHeader = {
    kind: 'hosted',
    version: 3,
    flags: headerFlags.newlines | headerFlags.compressed | headerFlags.markers,
    capacityBytes: options.sizeBytes,
    grainBytes,
    entriesPerTable,
    descriptorOffset: sectorBytes,
    descriptorBytes: leastDescriptorSectors * sectorBytes,
    redundantOffset: 0,
    directoryOffset: undefined,
    overheadBytes: Math.max(grainBytes, 65536),
  };
  await file.write(buildHostedHeader(header), 0);
  await file.write(Buffer.from(descriptor), sectorBytes);
  await file.truncate(header.overheadBytes);
}

function grainOf(file: DiskFile, options: Pick<CreateOptions, 'blockBytes' | 'sizeBytes'>): number {
  const grainBytes = options.blockBytes ?? usualGrainBytes;
  const isSound =
    grainBytes >= 4096 && grainBytes <= 2 ** 21 && Number.isInteger(Math.log2(grainBytes));
  if (!isSound)
    throw new Fault('invalid', `cannot create ${file.name}: grains of ${grainBytes} bytes`);
  if (Math.ceil(options.sizeBytes / grainBytes / entriesPerTable) * 4 > 2 ** 24) {
    throw new Fault('too-large', `cannot create ${file.name}: ${options.sizeBytes} bytes`, {
      hint: 'use larger grains',
    });
  }
  return grainBytes;
}
