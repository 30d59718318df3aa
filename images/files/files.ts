/**
 * The appliance that reads and writes files inside disks: a kernel, busybox, ntfs-3g and the modules of file
 * systems. It has no network, no login and no disk of its own; QEMU starts it with its kernel directly, so the image is the
 * initramfs, and the kernel lies beside it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { present } from '#lib';
import type { BuildContext } from '../context.ts';
import type { CpioEntry } from '../cpio.ts';
import { repackKernel } from '../fast-kernel/bzimage.ts';
import { moduleEntries, packInitramfs, programEntries } from '../initramfs-parts.ts';
import { readKernel } from '../initramfs.ts';

export const filesPackages = ['busybox-static', 'ntfs-3g', 'libntfs-3g89', 'libc6'] as const;
const programs = ['bin/busybox', 'bin/ntfs-3g'];
const kernelFile = 'vmlinuz';

/** The kernel of a built appliance. */
export function filesKernelPath(imagePath: string): string {
  return join(dirname(imagePath), kernelFile);
}

const modules = [
  'virtio_pci',
  'virtio_blk',
  'virtio_console',
  'crc32c_generic',
  'crc32c-intel',
  'btrfs',
  'exfat',
  'ext4',
  'fuse',
  'isofs',
  'nls_ascii',
  'nls_cp437',
  'nls_utf8',
  'udf',
  'vfat',
  'xfs',
];

export async function buildFilesAppliance(context: BuildContext): Promise<void> {
  const { debs, signal, progress, outputPath } = context;
  progress('reading the kernel');
  const kernel = await readKernel(present(debs.get('kernel'), 'kernel package'), signal);
  const fastKernel = await repackKernel(kernel.image, signal);
  progress('making the initramfs');
  const entries = [
    ...(await skeleton()),
    ...(await programEntries({ debs, packages: filesPackages, programs, signal })),
    ...moduleEntries(kernel, modules),
  ];
  const initramfs = await packInitramfs(entries);
  await writeFile(filesKernelPath(outputPath), fastKernel ?? kernel.image);
  await writeFile(outputPath, initramfs);
}

async function skeleton(): Promise<CpioEntry[]> {
  const folders = ['proc', 'sys', 'dev', 'tmp', 'mnt', 'bin', 'lib', 'etc'];
  const links = [
    ['sbin', 'bin'],
    ['lib64', 'lib'],
    ['bin/sh', 'busybox'],
    ['bin/mount', 'busybox'],
    ['bin/modprobe', 'busybox'],
  ] as const;
  const init = await readFile(join(import.meta.dirname, 'init'));
  return [
    ...folders.map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const),
    ...links.map(([path, target]) => ({ kind: 'link', path, target }) as const),
    { kind: 'file', path: 'init', mode: 0o755, data: init },
    { kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
  ];
}
