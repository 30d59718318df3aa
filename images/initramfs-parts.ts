/** What the initramfs of every appliance is put together from: programs with their libraries, modules, the packed archive. */
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { Fault, present } from '#lib';
import { writeCpio, type CpioEntry } from './cpio.ts';
import { readNeeded } from './elf.ts';
import type { Kernel } from './initramfs.ts';
import { chooseModules } from './kernel-modules.ts';
import { readPackage } from './packages.ts';
import type { PackageFile } from './tar.ts';

const isLibrary = /^(usr\/)?lib(64|\/x86_64-linux-gnu)?\/[^/]+\.so(\.[0-9.]+)?$/;

export interface ProgramRequest {
  /** Path of each downloaded package by its name. */
  readonly debs: ReadonlyMap<string, string>;
  /** The packages that programs and libraries are taken from. */
  readonly packages: readonly string[];
  /** Programs by the path in their package; each goes to /bin. */
  readonly programs: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The programs and every library they need, found in the packages rather than on this machine. */
export async function programEntries(request: ProgramRequest): Promise<CpioEntry[]> {
  const { debs, packages, programs, signal } = request;
  const files = new Map<string, PackageFile>();
  for (const name of packages) {
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

/** The named modules with all they need, and the tables by which modprobe finds them. */
export function moduleEntries(kernel: Kernel, names: readonly string[]): CpioEntry[] {
  const set = chooseModules(kernel.modules, kernel.builtin, names);
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

/** At the highest levels the last tenth of its size takes a dozen times as long as all before. */
const compressionLevel = 9;

/** The compressed archive, as the kernel takes it. */
export async function packInitramfs(entries: readonly CpioEntry[]): Promise<Buffer> {
  return await promisify(zstdCompress)(writeCpio(entries), {
    params: {
      [constants.ZSTD_c_compressionLevel]: compressionLevel,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}
