/** For tests: disks of a machine of two virtio disks, and what they are on the command line. */
import { execFileSync } from 'node:child_process';
import type { Disk } from '../command-line/spec-storage.ts';
import { diskDevice } from '../command-line/storage.ts';

const board = {
  chipset: 'pc',
  processor: { sockets: 1, cores: 1, threads: 1 },
} as unknown as Parameters<typeof diskDevice>[0];

/** An image of 8 MiB, made at once; `parent`: what it lies on. */
export function makeDisk(id: string, position: number, path: string, parent?: string): Disk {
  const onto = parent === undefined ? [] : ['-b', parent, '-F', 'qcow2'];
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...onto, path, '8M']);
  const image = { source: { kind: 'file', path }, format: 'qcow2' } as const;
  const below = { source: { kind: 'file', path: parent ?? '' }, format: 'qcow2' } as const;
  return {
    id,
    attach: { bus: 'virtio', position },
    image: parent === undefined ? image : { ...image, backing: below },
    access: 'read-write',
    cache: 'writeback',
    discard: 'unmap',
  };
}

export function argumentsOf(disks: readonly Disk[]): readonly string[] {
  return disks.flatMap((disk) => {
    const { nodes, device } = diskDevice(board, disk);
    return [
      ...nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
      '-device',
      JSON.stringify(device),
    ];
  });
}
