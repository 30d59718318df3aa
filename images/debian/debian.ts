/**
 * A full Debian as a disk: cloud-init, guest agent, OpenSSH, additions; starts by BIOS and by UEFI, Secure Boot
 * included (shim and GRUB as Debian signed them). Made by mmdebstrap into the build's own folder, without mounting
 * and without root.
 *
 *   partition 1   GRUB's core for BIOS
 *   partition 2   EFI system partition
 *   partition 3   root, ext4, stretched to the end of the disk by cloud-init
 */
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, Fault, miB, present } from '#lib';
import { additionsFacts, additionsFolder } from '../additions.ts';
import type { BuildContext } from '../context.ts';
import { createFat, putFatFiles } from '../fat.ts';
import { writeGpt } from '../gpt.ts';
import { makeGrub, pointGrub, readGrubBootSector } from '../grub.ts';
import { sectorBytes } from '../mbr.ts';
import { readPackage } from '../packages.ts';
import { runTool } from '../run.ts';
import { imageEpochS } from '../version.ts';
import { readArchive, type Archive } from './archive.ts';

const rootUuid = '6764656e-7472-4879-8a01-000000000001';
const diskId = '6764656e-7472-4879-8a01-000000000002';
const partitionIds = [
  '6764656e-7472-4879-8a01-000000000003',
  '6764656e-7472-4879-8a01-000000000004',
  '6764656e-7472-4879-8a01-000000000005',
] as const;

/** The disk as the guest sees it; made larger by the user, never smaller. */
const diskBytes = 4096 * miB;
const sectorsPerMiB = miB / sectorBytes;
const biosStart = sectorsPerMiB;
const efiStart = 2 * sectorsPerMiB;
const efiBytes = 62 * miB;
const rootStart = 64 * sectorsPerMiB;
const rootBytes = diskBytes - 65 * miB;

/** What is installed in the image. */
const installed = [
  'ca-certificates',
  'cloud-guest-utils',
  'cloud-init',
  'dbus',
  'e2fsprogs',
  'fdisk',
  'initramfs-tools',
  'iproute2',
  'iputils-ping',
  'kmod',
  'less',
  'linux-image-cloud-amd64',
  'netbase',
  'openssh-server',
  'procps',
  'qemu-guest-agent',
  'sudo',
  'systemd-resolved',
  'systemd-sysv',
  'systemd-timesyncd',
  'udev',
  'vim-tiny',
  'zstd',
] as const;

/** Boot loaders, taken from their packages. */
export const debianLoaders = ['grub-pc-bin', 'grub-efi-amd64-signed', 'shim-signed'] as const;
/** Whose versions make the key; the rest is what apt brings along. */
export const debianPackages = [...installed, 'libc6', 'systemd'] as const;

export async function buildDebian(context: BuildContext): Promise<void> {
  const { workDir, outputPath, progress, signal } = context;
  const archive = await readArchive(signal);
  progress('installing Debian into a folder (minutes)');
  const tarPath = join(workDir, 'root.tar');
  await installInto(tarPath, archive, context);
  progress('making the root file system');
  const rootPath = join(workDir, 'root.ext4');
  const overlay = join(workDir, 'overlay');
  await writeOverlay(overlay, { ROOT_UUID: rootUuid, CODENAME: archive.codename });
  await (await open(rootPath, 'w')).close();
  await truncate(rootPath, rootBytes);
  const pack = join(import.meta.dirname, 'pack.sh');
  await runTool(['fakeroot', '--', 'sh', pack, tarPath, overlay, workDir, rootPath, rootUuid], {
    signal,
    env: { E2FSPROGS_FAKE_TIME: String(imageEpochS) },
  });
  await rm(tarPath);
  progress('making the boot loaders');
  const efiPath = await makeEfiPartition(context);
  progress('writing the disk');
  const rawPath = join(workDir, 'disk.raw');
  await writeDisk(context, rawPath, efiPath, rootPath);
  await runTool(['qemu-img', 'convert', '-q', '-f', 'raw', '-O', 'qcow2', rawPath, outputPath], {
    signal,
  });
}

/** Debian's packages as a root file system's archive. mmdebstrap unpacks and runs them in a folder of its own. */
async function installInto(
  tarPath: string,
  archive: Archive,
  context: BuildContext,
): Promise<void> {
  const { workDir, signal } = context;
  const isRoot = process.getuid?.() === 0;
  // An ordinary user's mmdebstrap works as a user of the namespace it makes, who must get through to the
  // folder; the way to the cache is often closed to others.
  const folder = isRoot ? workDir : await mkdtemp('/var/tmp/gantry-debian-');
  try {
    if (!isRoot) await chmod(folder, 0o755);
    const options = ['--quiet', '--variant=minbase', '--format=tar'];
    const wanted = [`--include=${installed.join(',')}`, '--aptopt=APT::Install-Recommends "false"'];
    await runTool(['mmdebstrap', ...options, ...wanted, archive.codename, tarPath, '-'], {
      signal,
      env: { TMPDIR: folder },
      input: Buffer.from(archive.sources),
    });
  } finally {
    if (!isRoot) await rm(folder, { recursive: true, force: true });
  }
}

/** Copies debian/overlay and the additions; @NAME@ is replaced. */
async function writeOverlay(
  target: string,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  const root = join(import.meta.dirname, 'overlay');
  const put = async (path: string, data: string | Buffer): Promise<void> => {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), data);
  };
  for (const item of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue;
    const source = join(item.parentPath, item.name);
    const text = await readFile(source, 'utf8');
    const filled = text.replaceAll(/@([A-Z_]+)@/g, (_, name: string) => present(facts[name], name));
    await put(source.slice(root.length + 1), filled);
  }
  const addition = async (name: string): Promise<Buffer> =>
    await readFile(join(additionsFolder, name));
  await put('usr/local/bin/gantry-guest', await addition('gantry-guest'));
  const rules = '70-gantry-hotplug.rules';
  await put(`etc/udev/rules.d/${rules}`, await addition(rules));
  await put('usr/share/gantry/additions.json', additionsFacts());
}

/** shim where firmware looks, GRUB beside it, and where that looks for its configuration. */
async function makeEfiPartition(context: BuildContext): Promise<string> {
  const { debs, workDir, signal } = context;
  const signed = async (name: string, path: string): Promise<Buffer> => {
    const deb = present(debs.get(name), name);
    const file = (await readPackage(deb, (found) => found === path, signal)).get(path);
    if (file?.kind !== 'file') throw new Fault('not-found', `package ${name} has no ${path}`);
    return file.data;
  };
  const config = [
    `search --no-floppy --fs-uuid --set=root ${rootUuid}`,
    'set prefix=($root)/boot/grub',
    'configfile $prefix/grub.cfg',
    '',
  ].join('\n');
  const grub = 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed';
  const shim = 'usr/lib/shim/shimx64.efi.signed';
  const efiPath = join(workDir, 'efi.fat');
  await createFat(efiPath, { sizeBytes: efiBytes, label: 'ESP', signal });
  await putFatFiles(
    efiPath,
    [
      { path: 'EFI/BOOT/BOOTX64.EFI', data: await signed('shim-signed', shim) },
      { path: 'EFI/BOOT/grubx64.efi', data: await signed('grub-efi-amd64-signed', grub) },
      { path: 'EFI/debian/grub.cfg', data: Buffer.from(config) },
    ],
    signal,
  );
  return efiPath;
}

async function writeDisk(
  context: BuildContext,
  rawPath: string,
  efiPath: string,
  rootPath: string,
): Promise<void> {
  const { debs, signal } = context;
  const core = await makeGrub('i386-pc', debs, {
    modules: ['part_gpt', 'ext2', 'normal', 'search', 'search_fs_uuid', 'linux', 'configfile'],
    config: `search.fs_uuid ${rootUuid} root\nset prefix=($root)/boot/grub\nnormal\n`,
    prefix: '/boot/grub',
    signal,
  });
  assert(core.length <= (efiStart - biosStart) * sectorBytes, 'the boot loader fits partition 1');
  const bootSector = await readGrubBootSector(debs, signal);
  pointGrub(bootSector, core, biosStart);
  const [biosId, efiId, rootId] = partitionIds;
  const table = writeGpt(diskBytes / sectorBytes, diskId, bootSector, [
    { type: 'bios-boot', id: biosId, name: 'bios', ...span(biosStart, efiStart) },
    { type: 'efi', id: efiId, name: 'efi', ...span(efiStart, rootStart) },
    {
      type: 'linux-root',
      id: rootId,
      name: 'root',
      startSector: rootStart,
      sectorCount: rootBytes / sectorBytes,
    },
  ]);
  // The root file system becomes the disk: sparse, so that moving it costs nothing.
  await runTool(
    [
      'dd',
      `if=${rootPath}`,
      `of=${rawPath}`,
      'bs=1M',
      `seek=${rootStart / sectorsPerMiB}`,
      'conv=sparse',
      'status=none',
    ],
    { signal },
  );
  await rm(rootPath);
  const disk = await open(rawPath, 'r+');
  try {
    if ((await stat(rawPath)).size < diskBytes) await disk.truncate(diskBytes);
    const efi = await readFile(efiPath);
    await disk.write(table.start, 0, table.start.length, 0);
    await disk.write(core, 0, core.length, biosStart * sectorBytes);
    await disk.write(efi, 0, efi.length, efiStart * sectorBytes);
    await disk.write(table.end, 0, table.end.length, table.endSector * sectorBytes);
  } finally {
    await disk.close();
  }
}

function span(start: number, end: number): { startSector: number; sectorCount: number } {
  return { startSector: start, sectorCount: end - start };
}
