/**
 * The starter appliance as a disk: a partition table with GRUB for BIOS behind it, an EFI system partition
 * with GRUB for UEFI, kernel and initramfs, and an empty partition that becomes /data on the first start.
 *
 *   sector 0       boot sector, partition table, signature
 *   1 .. 2047      GRUB's core for BIOS
 *   2048 ..        partition 1, FAT: EFI/BOOT/BOOTX64.EFI, vmlinuz, initrd
 *   dataStart ..   partition 2, ext4, stretched to the end of the disk
 */
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, miB, present } from '#lib';
import {
  biosConfig,
  biosModules,
  efiConfig,
  efiModules,
  fastKernelFile,
  initramfsFile,
  kernelFile,
} from './boot-config.ts';
import type { BuildContext } from './context.ts';
import { repackKernel } from './fast-kernel/bzimage.ts';
import { createFat, putFatFiles } from './fat.ts';
import { grubPackages, makeGrub, readGrubBootSector } from './grub.ts';
import { initramfsPackages, makeInitramfs, readKernel, type Kernel } from './initramfs.ts';
import { sectorBytes, writeMbr } from './mbr.ts';
import { runTool } from './run.ts';

/** The disk as the guest sees it; files on the host hold what was written only. */
const diskBytes = 1024 * miB;
const bootStart = (1 * miB) / sectorBytes;
const bootBytes = 47 * miB;
const dataStart = bootStart + bootBytes / sectorBytes;
/** Four bytes by which the appliance knows its boot disk (starter/rootfs/lib/gantry/data). */
const signature = Buffer.from('gntr', 'latin1');

export const starterPackages = [...initramfsPackages, ...grubPackages] as const;

export interface StarterSystem {
  readonly kernel: Kernel;
  /** The kernel for BIOS, repacked; undefined when it is not packed as expected. */
  readonly fastKernel: Buffer | undefined;
  readonly initramfs: Buffer;
}

export async function makeStarterSystem(context: BuildContext): Promise<StarterSystem> {
  const { debs, signal, progress } = context;
  progress('reading the kernel');
  const kernel = await readKernel(present(debs.get('kernel'), 'kernel package'), signal);
  progress('making the initramfs');
  const facts = { DATA_START: String(dataStart) };
  const [initramfs, fastKernel] = await Promise.all([
    makeInitramfs(kernel, debs, facts, signal),
    repackKernel(kernel.image, signal),
  ]);
  return { kernel, fastKernel, initramfs };
}

export async function buildStarter(context: BuildContext): Promise<void> {
  const { debs, signal, progress, workDir } = context;
  const { kernel, fastKernel, initramfs } = await makeStarterSystem(context);
  progress('making the boot loaders');
  const [bios, efi] = await Promise.all([
    makeGrub('i386-pc', debs, {
      modules: [...biosModules, 'part_msdos', 'fat'],
      config: biosConfig(fastKernel === undefined ? kernelFile : fastKernelFile),
      prefix: '(,msdos1)/',
      signal,
    }),
    makeGrub('x86_64-efi', debs, {
      modules: [...efiModules, 'part_msdos', 'fat'],
      prefix: '',
      signal,
    }),
  ]);
  const fatPath = join(workDir, 'boot.fat');
  await createFat(fatPath, { sizeBytes: bootBytes, label: 'GANTRY', signal });
  await putFatFiles(
    fatPath,
    [
      { path: 'EFI/BOOT/BOOTX64.EFI', data: efi },
      { path: 'EFI/BOOT/grub.cfg', data: Buffer.from(efiConfig([])) },
      { path: kernelFile, data: kernel.image },
      ...(fastKernel === undefined ? [] : [{ path: fastKernelFile, data: fastKernel }]),
      { path: initramfsFile, data: initramfs },
    ],
    signal,
  );
  progress('writing the disk');
  assert(bios.length <= (bootStart - 1) * sectorBytes, 'the boot loader fits before partition 1');
  const table = writeMbr(await readGrubBootSector(debs, signal), signature, [
    { type: 0xef, startSector: bootStart, sectorCount: bootBytes / sectorBytes, active: true },
    { type: 0x83, startSector: dataStart, sectorCount: diskBytes / sectorBytes - dataStart },
  ]);
  const rawPath = join(workDir, 'disk.raw');
  const disk = await open(rawPath, 'w');
  try {
    await disk.truncate(diskBytes);
    await disk.write(table, 0, table.length, 0);
    await disk.write(bios, 0, bios.length, sectorBytes);
    const boot = await readFile(fatPath);
    await disk.write(boot, 0, boot.length, bootStart * sectorBytes);
  } finally {
    await disk.close();
  }
  await runTool(
    ['qemu-img', 'convert', '-q', '-f', 'raw', '-O', 'qcow2', rawPath, context.outputPath],
    { signal },
  );
  await rm(rawPath);
  await rm(fatPath);
}
