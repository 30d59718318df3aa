/**
 * The root file system of the starter appliance as an initramfs: busybox, the guest agent with its
 * libraries, the kernel modules for QEMU's hardware, and the text files of starter/rootfs.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { present } from '#lib';
import { additionsEntries } from './additions.ts';
import type { CpioEntry } from './cpio.ts';
import { moduleEntries, packInitramfs, programEntries } from './initramfs-parts.ts';
import { readPackage } from './packages.ts';
import { moduleFolders, starterModules } from './starter-modules.ts';
import { starterVersion } from './version.ts';

/** Packages the initramfs takes files from; the kernel's is added by the caller. */
export const initramfsPackages = [
  'busybox-static',
  'qemu-guest-agent',
  'e2fsprogs',
  'libc6',
  'libblkid1',
  'libcom-err2',
  'libext2fs2',
  'libglib2.0-0',
  'libnuma1',
  'libpcre2-8-0',
  'libudev1',
  'liburing2',
  'libuuid1',
] as const;

/** Programs by the path in their package; each goes to /bin. */
const programs = ['bin/busybox', 'usr/sbin/qemu-ga', 'sbin/mke2fs', 'sbin/resize2fs'];

export interface Kernel {
  readonly image: Buffer;
  /** As in `uname -r`. */
  readonly release: string;
  readonly modules: ReadonlyMap<string, Buffer>;
  readonly builtin: ReadonlySet<string>;
}

/** The kernel's image and those of its modules that lie in the folders the starter takes from. */
export async function readKernel(debPath: string, signal?: AbortSignal): Promise<Kernel> {
  const inModules = (path: string): boolean =>
    moduleFolders.some((folder) => path.includes(`/kernel/${folder}/`)) && path.endsWith('.ko');
  const files = await readPackage(
    debPath,
    (path) =>
      path.startsWith('boot/vmlinuz-') || path.endsWith('/modules.builtin') || inModules(path),
    signal,
  );
  const modules = new Map<string, Buffer>();
  let image: Buffer | undefined;
  let release = '';
  let builtin = new Set<string>();
  for (const [path, file] of files) {
    if (file.kind !== 'file') continue;
    if (path.startsWith('boot/')) {
      image = file.data;
      release = basename(path).replace('vmlinuz-', '');
    } else if (path.endsWith('.ko')) modules.set(path.replace(/^usr\//, ''), file.data);
    else {
      const lines = file.data.toString('utf8').split('\n');
      builtin = new Set(
        lines.map((line) => basename(line).replace(/\.ko$/, '').replaceAll('-', '_')),
      );
    }
  }
  return { image: present(image, 'vmlinuz of the kernel package'), release, modules, builtin };
}

/** The compressed archive, as the kernel takes it. `facts` replace @NAME@ in the text files. */
export async function makeInitramfs(
  kernel: Kernel,
  debs: ReadonlyMap<string, string>,
  facts: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Buffer> {
  const entries = [
    ...skeleton(),
    ...(await programEntries({ debs, packages: initramfsPackages, programs, signal })),
    ...moduleEntries(kernel, starterModules),
    ...(await textEntries(facts)),
    ...(await additionsEntries()),
  ];
  return await packInitramfs(entries);
}

function skeleton(): CpioEntry[] {
  const folders = ['proc', 'sys', 'dev', 'run', 'data', 'mnt', 'root', 'bin', 'etc', 'lib', 'usr'];
  const links = [
    ['sbin', 'bin'],
    ['usr/bin', '../bin'],
    ['usr/sbin', '../bin'],
    ['usr/lib', '../lib'],
    ['lib64', 'lib'],
    ['var/run', '../run'],
    ['bin/sh', 'busybox'],
    ['bin/mount', 'busybox'],
    ['bin/mkdir', 'busybox'],
    ['bin/modprobe', 'busybox'],
  ] as const;
  return [
    ...folders.map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const),
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    ...links.map(([path, target]) => ({ kind: 'link', path, target }) as const),
    { kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
  ];
}

/** The files of starter/rootfs; those that begin with #! can be run. */
async function textEntries(facts: Readonly<Record<string, string>>): Promise<CpioEntry[]> {
  const root = join(import.meta.dirname, 'starter', 'rootfs');
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const entries: CpioEntry[] = [
    {
      kind: 'file',
      path: 'etc/os-release',
      mode: 0o644,
      data: Buffer.from(osRelease()),
    },
  ];
  for (const item of found) {
    if (!item.isFile()) continue;
    const source = join(item.parentPath, item.name);
    const text = (await readFile(source, 'utf8')).replace(/@([A-Z_]+)@/g, (_, name: string) =>
      present(facts[name], `fact ${name} in ${source}`),
    );
    const path = source.slice(root.length + 1);
    entries.push({ kind: 'file', path, mode: modeOf(path, text), data: Buffer.from(text) });
  }
  return entries;
}

function modeOf(path: string, text: string): number {
  if (text.startsWith('#!')) return 0o755;
  return path === 'etc/shadow' ? 0o600 : 0o644;
}

function osRelease(): string {
  return [
    'ID=gantry-starter',
    'NAME="Gantry starter appliance"',
    `VERSION_ID=${starterVersion}`,
    `VERSION="${starterVersion}"`,
    `PRETTY_NAME="Gantry starter appliance ${starterVersion}"`,
    '',
  ].join('\n');
}
