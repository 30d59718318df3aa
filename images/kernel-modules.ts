/**
 * Chooses the kernel modules for an initramfs: those named, with all they depend on, and writes
 * modules.dep and modules.alias as modprobe reads them (modules.dep(5)), so that no depmod is needed.
 */
import { basename } from 'node:path';
import { Fault } from '#lib';
import { readModinfo } from './elf.ts';

export interface ModuleSet {
  /** By path below /, as `lib/modules/6.1.0-1-amd64/kernel/fs/ext4/ext4.ko`. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Text of modules.dep. */
  readonly dependencies: string;
  /** Text of modules.alias. */
  readonly aliases: string;
}

interface KernelModule {
  readonly path: string;
  readonly data: Buffer;
  readonly depends: readonly string[];
  readonly aliases: readonly string[];
}

/** Errors: `not-found` for a named module or a dependency that is not among the candidates or built in. */
export function chooseModules(
  candidates: ReadonlyMap<string, Buffer>,
  builtin: ReadonlySet<string>,
  wanted: readonly string[],
): ModuleSet {
  const paths = new Map([...candidates.keys()].map((path) => [moduleName(path), path]));
  const chosen = new Map<string, KernelModule>();
  const missing: string[] = [];
  const queue = wanted.map(moduleName);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (chosen.has(name) || builtin.has(name)) continue;
    const path = paths.get(name);
    const data = path === undefined ? undefined : candidates.get(path);
    if (path === undefined || data === undefined) {
      missing.push(name);
      continue;
    }
    const found = describeModule(path, data);
    chosen.set(name, found);
    queue.push(...found.depends);
  }
  if (missing.length > 0) {
    throw new Fault('not-found', `the kernel package has no module ${missing.join(', ')}`);
  }
  const sorted = [...chosen.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files: new Map(sorted.map(({ path, data }) => [path, data])),
    dependencies: sorted.map((entry) => dependencyLine(entry, chosen)).join(''),
    aliases: sorted.map(aliasLines).join(''),
  };
}

/** A module's name as the kernel knows it: `virtio_blk` for `…/virtio_blk.ko` and for `virtio-blk`. */
export function moduleName(path: string): string {
  return basename(path).replace(/\.ko$/, '').replaceAll('-', '_');
}

function describeModule(path: string, data: Buffer): KernelModule {
  const info = readModinfo(data);
  const values = (wanted: string): string[] =>
    info.flatMap(([key, value]) => (key === wanted && value !== '' ? [value] : []));
  return {
    path,
    data,
    depends: values('depends')
      .flatMap((list) => list.split(','))
      .map(moduleName),
    aliases: values('alias'),
  };
}

/** All that must be loaded before, nearest first, as depmod writes it. */
function dependencyLine(entry: KernelModule, chosen: ReadonlyMap<string, KernelModule>): string {
  const order: string[] = [];
  const visit = (current: KernelModule): void => {
    for (const name of current.depends) {
      const next = chosen.get(name);
      if (next === undefined) continue;
      const at = order.indexOf(next.path);
      if (at !== -1) order.splice(at, 1);
      order.push(next.path);
      visit(next);
    }
  };
  visit(entry);
  return `${[`${relative(entry.path)}:`, ...order.map(relative)].join(' ')}\n`;
}

function relative(path: string): string {
  return path.replace(/^.*?lib\/modules\/[^/]+\//, '');
}

function aliasLines(entry: KernelModule): string {
  const name = moduleName(entry.path);
  return entry.aliases.map((alias) => `alias ${alias} ${name}\n`).join('');
}
