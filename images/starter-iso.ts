/**
 * The starter appliance as a live CD: boots by BIOS and by UEFI (El Torito) without any disk (HW-40).
 * GRUB for UEFI lies in a small FAT image on the CD and finds the CD by a file that only it has.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { createFat, putFatFiles } from './fat.ts';
import { makeGrub } from './grub.ts';
import { createIso } from './iso.ts';
import { makeStarterSystem } from './starter.ts';
import { starterVersion } from './version.ts';

const markerFile = 'gantry-starter.txt';
/** Room for GRUB and its configuration. */
const efiImageBytes = 2 * 1024 * 1024;

export async function buildStarterIso(context: BuildContext): Promise<void> {
  const { debs, signal, progress, workDir, outputPath } = context;
  const { kernel, fastKernel, initramfs } = await makeStarterSystem(context);
  progress('making the boot loaders');
  const bios = await makeGrub('i386-pc-eltorito', debs, {
    modules: [...biosModules, 'iso9660'],
    config: biosConfig(fastKernel === undefined ? kernelFile : fastKernelFile),
    prefix: '/',
    signal,
  });
  const efi = await makeGrub('x86_64-efi', debs, {
    modules: [...efiModules, 'fat', 'iso9660', 'part_msdos', 'search', 'search_fs_file'],
    prefix: '',
    signal,
  });
  const config = efiConfig([`search --no-floppy --set=root --file /${markerFile}`]);
  const efiPath = join(workDir, 'efi.img');
  await createFat(efiPath, { sizeBytes: efiImageBytes, label: 'GANTRY', signal });
  await putFatFiles(
    efiPath,
    [
      { path: 'EFI/BOOT/BOOTX64.EFI', data: efi },
      { path: 'EFI/BOOT/grub.cfg', data: Buffer.from(config) },
    ],
    signal,
  );
  progress('writing the CD');
  await createIso({
    path: outputPath,
    label: 'GANTRY-STARTER',
    files: [
      { path: markerFile, data: Buffer.from(`Gantry starter appliance ${starterVersion}\n`) },
      { path: 'boot/bios.img', data: bios },
      { path: 'boot/efi.img', data: await readFile(efiPath) },
      // GRUB looks on the CD itself; firmware that shows the FAT image as the boot device finds it there.
      { path: 'EFI/BOOT/grub.cfg', data: Buffer.from(config) },
      { path: kernelFile, data: kernel.image },
      ...(fastKernel === undefined ? [] : [{ path: fastKernelFile, data: fastKernel }]),
      { path: initramfsFile, data: initramfs },
    ],
    boot: { biosPath: 'boot/bios.img', efiPath: 'boot/efi.img' },
    signal,
  });
}
