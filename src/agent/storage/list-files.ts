/**
 * All files of a vm and what a delete would do with each (VM-12): it deletes what Gantry made for this vm
 * in the vm's folder; what others use, what lies elsewhere and what is not known is kept, and why is said.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isNative, type Disk } from '#api';
import type { FileRole, StoredFile } from '../drivers/storage.ts';
import { diskPaths, ownPlaces, resolveFile } from '../drivers/qemu/places.ts';
import { chainFrom, undoFiles } from '../machine/layers/layers.ts';
import { filesOfChain, servedChainOf } from '../machine/layers/served-chain.ts';
import type { MachineFile } from '../machine/record.ts';
import { realPath } from './allowed.ts';
import { readBacking } from './backing.ts';
import { parentsOf } from './disk-forest.ts';
import { readVolume } from './file-system.ts';
import { filesOfServed } from './served-layers.ts';

const maxFiles = 1000;

export async function listFiles(
  file: MachineFile,
  keep: ReadonlySet<string>,
  others: readonly MachineFile[],
): Promise<StoredFile[]> {
  // What a disk consists of goes before the file that names it: a delete that is cut off finds it again.
  const roles = new Map([...(await piecesOf(file)), ...rolesOf(file)]);
  const sizes = diskSizes(file);
  const free = new Map<number, number>();
  const paths = new Set(roles.keys());
  const entries = await readdir(file.folder).catch(() => []);
  for (const name of entries.slice(0, maxFiles)) paths.add(join(file.folder, name));
  const used = await usedByOthers(others);
  const shared = await findSharers(file, others);
  const files: StoredFile[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined);
    if (!stats) continue;
    const role = roles.get(path) ?? 'other';
    const real = await realPath(path);
    const keptBecause = reasonToKeep(
      file,
      path,
      role,
      used.get(real),
      keep.has(path) || keep.has(real),
    );
    const freeBytes = free.get(stats.dev) ?? (await readVolume(path)).freeBytes;
    free.set(stats.dev, freeBytes);
    const known = sizes.get(path);
    files.push({
      path,
      role,
      sizeBytes: stats.isDirectory() ? await sizeOf(path) : stats.blocks * 512,
      maxBytes: known?.sizeBytes ?? null,
      freeBytes,
      parent: known === undefined ? null : await parentOf(path, known.format),
      deleted: keptBecause === null,
      keptBecause,
      ...(shared.has(path) ? { sharedWith: shared.get(path) ?? [] } : {}),
    });
  }
  return files;
}

/** Further files of its disks, of which VMDK may have many, as the record knows them; else of a disk that cannot be read none are. */
async function piecesOf({
  definition,
  folder,
  layers,
}: MachineFile): Promise<Map<string, FileRole>> {
  const pieces = new Map<string, FileRole>();
  for (const disk of definition.hardware.disks) {
    if (isNative(disk)) continue;
    const place = { path: resolveFile(folder, disk.file), format: disk.format };
    const known = servedChainOf(layers, disk)?.parts.map((part) => resolveFile(folder, part));
    const files = known ?? (await filesOfServed(place, [folder]).catch(() => []));
    for (const path of files) pieces.set(path, 'disk');
  }
  return pieces;
}

/** By path, the machines that have a layer too under a name in their own folder (docs/rfd/0019): their ids. */
async function findSharers(
  { layers, folder }: MachineFile,
  others: readonly MachineFile[],
): Promise<ReadonlyMap<string, string[]>> {
  const sharers = new Map<string, string[]>();
  for (const { file, shared } of layers.files) {
    if (!shared) continue;
    const path = resolveFile(folder, file);
    const own = await stat(path).catch(() => undefined);
    if (own === undefined) continue;
    const found: string[] = [];
    for (const other of others) {
      if (!other.layers.files.some((layer) => layer.shared && layer.file === file)) continue;
      const theirs = await stat(resolveFile(other.folder, file)).catch(() => undefined);
      if (theirs?.ino === own.ino && theirs.dev === own.dev) found.push(other.definition.id);
    }
    sharers.set(path, found);
  }
  return sharers;
}

/** Where a qcow2 image has its parent is told even if it is not there. */
async function parentOf(path: string, format: Disk['format']): Promise<string | null> {
  if (format === 'qcow2') return (await readBacking(path)) ?? null;
  return (await parentsOf(path, format))[0] ?? null;
}

/** Files that belong to the vm, which may not be there. */
export function rolesOf(file: MachineFile): Map<string, FileRole> {
  const own = ownPlaces(file);
  const { disks, serialPorts, parallelPort } = file.definition.hardware;
  const roles = new Map<string, FileRole>([
    [file.file, 'configuration'],
    [own.saved, 'saved-state'],
    [own.layers, 'configuration'],
    [own.savedFacts, 'saved-state'],
    [own.savedScreen, 'saved-state'],
    [own.firmware, 'firmware'],
    [own.tpm, 'tpm'],
    [own.firstBoot, 'configuration'],
    [own.log, 'log'],
    [`${own.log}.1`, 'log'],
    [`${own.tpm}.log`, 'log'],
    [own.disksLog, 'log'],
  ]);
  for (const { file: layer, parent, borrowed } of file.layers.files)
    if (parent !== null && !borrowed) roles.set(resolveFile(file.folder, layer), 'snapshot');
  for (const { state } of file.layers.snapshots)
    roles.set(resolveFile(file.folder, state), 'snapshot');
  for (const disk of disks) roles.set(resolveFile(file.folder, disk.file), 'disk');
  for (const layer of undoFiles(file.layers)) roles.set(resolveFile(file.folder, layer), 'undo');
  for (const port of [...serialPorts, parallelPort]) {
    if (port.kind === 'file') roles.set(resolveFile(file.folder, port.file), 'port');
  }
  return roles;
}

/** Of all files of its disks, also of those that a snapshot alone needs. */
function diskSizes({
  definition,
  layers,
  folder,
}: MachineFile): ReadonlyMap<string, Pick<Disk, 'sizeBytes' | 'format'>> {
  const sizes = new Map<string, Pick<Disk, 'sizeBytes' | 'format'>>();
  for (const { file, format, sizeBytes } of definition.hardware.disks) {
    sizes.set(resolveFile(folder, file), { format, sizeBytes });
    for (const layer of layers.files)
      if (chainFrom(layers, layer.file).some((one) => one.file === file))
        sizes.set(resolveFile(folder, layer.file), { format: layer.format, sizeBytes });
  }
  return sizes;
}

function reasonToKeep(
  file: MachineFile,
  path: string,
  role: FileRole,
  user: string | undefined,
  asked: boolean,
): string | null {
  if (user !== undefined) return `${user} uses it`;
  if (asked) return 'another vm uses it';
  if (dirname(path) !== file.folder) return 'it lies outside of the folder of the vm';
  if (role !== 'other' || basename(path).endsWith('.part')) return null;
  return 'it is not known to belong to the vm';
}

/** Disks of other vms with all their parents, by path with links followed, with the name of one that uses it. */
export async function usedByOthers(others: readonly MachineFile[]): Promise<Map<string, string>> {
  const used = new Map<string, string>();
  for (const other of others) {
    for (const disk of other.definition.hardware.disks) {
      const paths = await Promise.all(diskPaths(other, disk).map(realPath));
      const chain = servedChainOf(other.layers, disk);
      const parents =
        chain === undefined
          ? await parentsOf(paths.at(-1) ?? '', disk.format)
          : await Promise.all(
              filesOfChain(chain).map((one) => realPath(resolveFile(other.folder, one))),
            );
      for (const path of [...paths, ...parents]) used.set(path, other.definition.name);
    }
  }
  return used;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    const stats = await stat(join(folder, name)).catch(() => undefined);
    bytes += (stats?.blocks ?? 0) * 512;
  }
  return bytes;
}
