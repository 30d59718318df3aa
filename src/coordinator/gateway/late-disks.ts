/**
 * Disks of vms whose files come after the vm. Programs of libvirt define a domain first, to see whether its XML is right, and make
 * its volumes then; virt-clone does. Until the file is there the vm cannot start, and nothing is known of the disk but its
 * format. A file that was made in the folder of another vm goes into the own one: each vm has a folder to itself, which
 * no other one gets into.
 */
import { posix } from 'node:path';
import { placeName, type Disk, type Vm } from '#api';
import { isFault } from '#lib';
import type { Connection } from './connection.ts';
import type { FoundDisk } from './define/merge-wish.ts';
import type { BlockWish } from './define/block-wish.ts';
import { inspectFiles } from './inspect-files.ts';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';

/** As `inspectFiles`; a file that is not there is what it is said to become. */
export async function inspectWanted(
  connection: Connection,
  hostId: string,
  files: readonly string[],
  blocks: readonly BlockWish[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundDisk>> {
  const found = new Map<string, FoundDisk>();
  for (const file of files) {
    try {
      const told = await inspectFiles(connection, hostId, [file], signal);
      for (const [path, disk] of told) found.set(path, disk);
    } catch (error) {
      if (!isFault(error, 'not-found')) throw error;
      const { format = 'raw' } = blocks.find((block) => block.file === file) ?? {};
      found.set(file, { format, sizeBytes: 0 });
    }
  }
  return found;
}

/**
 * A file is there now: what is to be known of it is written into the vms that have waited for it. Answers where the file is
 * afterwards. Errors: those of vm.disk.relocate and vm.update.
 */
export async function meetLateDisk(
  connection: Connection,
  hostId: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const waiting = connection
    .list()
    .find((vm) => vm.hostId === hostId && lateAt(connection, vm, path));
  if (waiting === undefined) return path;
  const late = lateAt(connection, waiting, path);
  if (late === undefined) return path;
  const found = await inspectFiles(connection, hostId, [path], signal);
  const place = placeName(late);
  if (isInFolderOfAnother(connection, waiting, path))
    await connection.work(
      'vm.disk.relocate',
      { params: { vm: waiting.id, place }, body: { path: null } },
      signal,
    );
  const moved = connection.find(waiting.id);
  const disks = moved.definition.hardware.disks.map((disk) =>
    placeName(disk) === place ? { ...disk, ...found.get(path) } : disk,
  );
  await connection.change(moved, { hardware: { disks } }, signal);
  const after = connection.blockDevicesOf(connection.find(waiting.id));
  return after[disks.findIndex((disk) => placeName(disk) === place)]?.file ?? path;
}

/** The disk with that file of which nothing is known yet. */
function lateAt(connection: Connection, vm: Vm, path: string): Disk | undefined {
  const { disks } = vm.definition.hardware;
  const shown = connection.blockDevicesOf(vm);
  return disks.find(({ sizeBytes }, index) => sizeBytes === 0 && shown[index]?.file === path);
}

function isInFolderOfAnother({ parts }: Connection, vm: Vm, path: string): boolean {
  const { inventory } = parts.coordinator;
  if (isForeignHost(inventory, vm.hostId)) return false;
  for (const { id } of inventory.documents('vm')) {
    const other = inventory.vm(id);
    if (other === undefined || id === vm.id || other.hostId !== vm.hostId) continue;
    if (posix.resolve(path).startsWith(`${other.path}/`)) return true;
  }
  return false;
}
