/**
 * GRUB for images: its core for BIOS (from disk or CD) and for UEFI, made from the distribution's grub
 * packages with a configuration built in, so that it needs no module and no menu at run time.
 */
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assert, present } from '#lib';
import { sectorBytes } from './mbr.ts';
import { readPackage } from './packages.ts';
import { runTool } from './run.ts';

const platforms = {
  /** BIOS, from the sectors behind the partition table. */
  'i386-pc': { package: 'grub-pc-bin', folder: 'i386-pc', disk: ['biosdisk'] },
  /** BIOS, from a CD without emulation (El Torito). */
  'i386-pc-eltorito': { package: 'grub-pc-bin', folder: 'i386-pc', disk: ['biosdisk'] },
  /** UEFI, as EFI/BOOT/BOOTX64.EFI. */
  'x86_64-efi': { package: 'grub-efi-amd64-bin', folder: 'x86_64-efi', disk: [] },
} as const;

export type GrubPlatform = keyof typeof platforms;

/** Packages that `makeGrub` reads from. */
export const grubPackages = ['grub-pc-bin', 'grub-efi-amd64-bin'] as const;

/**
 * The core image: GRUB with those of the modules that this version of it has, and the configuration, which
 * its simple parser runs: one command a line. Without one and with the module normal it reads grub.cfg from
 * its prefix: `prefix`, or the folder it was read from when that is empty.
 */
export async function makeGrub(
  platform: GrubPlatform,
  debs: ReadonlyMap<string, string>,
  options: {
    readonly modules: readonly string[];
    readonly config?: string | undefined;
    readonly prefix: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Buffer> {
  const { package: name, folder, disk } = platforms[platform];
  const root = `usr/lib/grub/${folder}/`;
  const isWanted = (path: string): boolean =>
    path.startsWith(root) && /\.(mod|img|lst)$/.test(path);
  const files = await readPackage(present(debs.get(name), name), isWanted, options.signal);
  const work = await mkdtemp(join(tmpdir(), 'gantry-grub-'));
  try {
    for (const [path, file] of files) {
      if (file.kind !== 'file') continue;
      await mkdir(join(work, dirname(path)), { recursive: true });
      await writeFile(join(work, path), file.data);
    }
    const config = join(work, 'load.cfg');
    await writeFile(config, options.config ?? '');
    const output = join(work, 'core');
    const target = ['-O', platform, '-d', join(work, root), '-p', options.prefix, '-o', output];
    const modules = [...disk, ...options.modules].filter((name) => files.has(`${root}${name}.mod`));
    const embedded = options.config === undefined ? [] : ['-c', config];
    await runTool(['grub-mkimage', ...target, ...embedded, ...modules], { signal: options.signal });
    return await readFile(output);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** GRUB's boot sector: it loads the core from the sector after it, which is what its fields say as shipped. */
export async function readGrubBootSector(
  debs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<Buffer> {
  const path = 'usr/lib/grub/i386-pc/boot.img';
  const deb = present(debs.get('grub-pc-bin'), 'grub-pc-bin');
  const file = (await readPackage(deb, (name) => name === path, signal)).get(path);
  assert(
    file?.kind === 'file' && file.data.length === sectorBytes,
    'grub-pc-bin has a boot sector',
  );
  return file.data;
}

/**
 * Tells GRUB for BIOS where its core lies, all of it in one piece from that sector of the disk on: the boot sector where the core's first sector is (offset 0x5c), and that
 * one where the rest is (the block list that ends it, offset 0x1f4).
 */
export function pointGrub(bootSector: Buffer, core: Buffer, sector: number): void {
  bootSector.writeBigUInt64LE(BigInt(sector), 0x5c);
  core.writeBigUInt64LE(BigInt(sector + 1), 0x1f4);
}
