/**
 * The root file system of the starter appliance as an initramfs: busybox, the guest agent with its
 * libraries, the kernel modules for QEMU's hardware, and the text files of starter/rootfs.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { Fault, present } from '#lib';
import { additionsEntries } from './additions.ts';
import { writeCpio, type CpioEntry } from './cpio.ts';
import { readNeeded } from './elf.ts';
import { chooseModules } from './kernel-modules.ts';
import { readPackage } from './packages.ts';
import type { PackageFile } from './tar.ts';
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
const isLibrary = /^(usr\/)?lib(64|\/x86_64-linux-gnu)?\/[^/]+\.so(\.[0-9.]+)?$/;

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
  const entries: CpioEntry[] = [
    ...skeleton(),
    ...(await programEntries(debs, signal)),
    ...moduleEntries(kernel),
    ...(await textEntries(facts)),
    ...(await additionsEntries()),
  ];
  const archive = writeCpio(entries);
  return await promisify(zstdCompress)(archive, {
    params: {
      [constants.ZSTD_c_compressionLevel]: 17,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
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

/** The programs and every library they need, found in the packages rather than on this machine. */
async function programEntries(
  debs: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<CpioEntry[]> {
  const files = new Map<string, PackageFile>();
  for (const name of initramfsPackages) {
    const select = (path: string): boolean => programs.includes(path) || isLibrary.test(path);
    const found = await readPackage(present(debs.get(name), name), select, signal);
    for (const [path, file] of found) files.set(path, file);
  }
  const libraries = new Map([...files.keys()].map((path) => [basename(path), path]));
  const entries = new Map<string, CpioEntry>();
  const queue: [string, string][] = programs.map((path) => [path, `bin/${basename(path)}`]);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [source, target] = next;
    if (entries.has(target)) continue;
    const data = contentOf(files, source);
    entries.set(target, { kind: 'file', path: target, mode: 0o755, data });
    for (const library of readNeeded(data)) {
      const path = libraries.get(library);
      if (path === undefined) throw new Fault('not-found', `no package has ${library}`);
      const isLoader = library.startsWith('ld-linux');
      queue.push([path, isLoader ? `lib/${library}` : `lib/x86_64-linux-gnu/${library}`]);
    }
  }
  return [...entries.values()];
}

function contentOf(files: ReadonlyMap<string, PackageFile>, path: string): Buffer {
  let at = path;
  for (let hops = 0; hops < 4; hops += 1) {
    const file = files.get(at);
    if (file === undefined) break;
    if (file.kind === 'file') return file.data;
    at = file.target.startsWith('/') ? file.target.slice(1) : join(at, '..', file.target);
  }
  throw new Fault('not-found', `no package has ${path}`);
}

function moduleEntries(kernel: Kernel): CpioEntry[] {
  const set = chooseModules(kernel.modules, kernel.builtin, starterModules);
  const root = `lib/modules/${kernel.release}`;
  const text = (name: string, content: string): CpioEntry => ({
    kind: 'file',
    path: `${root}/${name}`,
    mode: 0o644,
    data: Buffer.from(content),
  });
  return [
    ...[...set.files].map(
      ([path, data]) => ({ kind: 'file', path, mode: 0o644, data }) satisfies CpioEntry,
    ),
    text('modules.dep', set.dependencies),
    text('modules.alias', set.aliases),
    text('modules.builtin', [...kernel.builtin].toSorted().join('\n')),
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
