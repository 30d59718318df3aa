/**
 * A floppy that boots over the network: iPXE of the distribution, started by GRUB, for machines whose firmware has
 * no network boot for their card (HW-42). GRUB's core is the first file put on the empty floppy, which makes
 * it lie in one piece at the start of the data area; the boot sector loads it from there.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, present } from '#lib';
import type { BuildContext } from '../context.ts';
import { createFat, floppyBytes, putFatFiles } from '../fat.ts';
import { makeGrub, pointGrub, readGrubBootSector } from '../grub.ts';
import { readPackage } from '../packages.ts';

export const netbootPackages = ['grub-pc-bin', 'ipxe'] as const;
const ipxePath = 'boot/ipxe.lkrn';
/** First sector of the data area of a 1.44 MB floppy: boot sector, two FATs of 9, root directory of 14. */
const dataSector = 1 + 2 * 9 + 14;

export async function buildNetbootFloppy(context: BuildContext): Promise<void> {
  const { debs, outputPath, workDir, signal } = context;
  const deb = present(debs.get('ipxe'), 'ipxe');
  const ipxe = (await readPackage(deb, (path) => path === ipxePath, signal)).get(ipxePath);
  if (ipxe?.kind !== 'file') throw new Fault('not-found', `package ipxe has no ${ipxePath}`);
  const core = await makeGrub('i386-pc', debs, {
    modules: ['fat', 'linux16', 'boot'],
    config: 'linux16 /ipxe.krn\nboot\n',
    prefix: '(fd0)/',
    signal,
  });
  const bootSector = await readGrubBootSector(debs, signal);
  pointGrub(bootSector, core, dataSector);
  const bootSectorPath = join(workDir, 'boot-sector');
  await writeFile(bootSectorPath, bootSector);
  await createFat(outputPath, {
    sizeBytes: floppyBytes,
    label: 'NET BOOT',
    bootSectorPath,
    signal,
  });
  const files = [
    { path: 'grub.bin', data: core },
    { path: 'ipxe.krn', data: ipxe.data },
  ];
  await putFatFiles(outputPath, files, signal);
}
