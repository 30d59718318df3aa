/**
 * All disks in the folders for vms of this host, used by one or by none, and all that can be said of each (DISK-37,
 * DISK-66). Reads only; a file that no format knows and whose name is none of a disk's is no disk. Links are not followed.
 */
import { lstat, readdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { LinkResult } from '#api';
import {
  checkDisk,
  findChildren,
  formats,
  hostStore,
  inspectDisk,
  openDisk,
  type Disk,
  type FileStore,
} from '#disk';
import { describeFault, Fault } from '#lib';
import type { DiskCatalogue } from '../drivers/files.ts';
import { diskPaths, resolveFile } from '../drivers/qemu/places.ts';
import type { MachineFile } from '../machine/record.ts';
import { realPath, requireInside } from './allowed.ts';
import { readBacking } from './backing.ts';
import { exists } from './exists.ts';

const maxDisks = 5000;
const maxEntries = 50_000;
const maxChain = 256;
const maxFindings = 1000;

type FoundDisk = LinkResult<'host.disks'>['disks'][number];
type Users = ReadonlyMap<string, ReadonlySet<string>>;

const suffixes = new Set(formats.flatMap((format) => format.suffixes.map((one) => `.${one}`)));

export function makeDiskCatalogue(folders: () => readonly string[]): DiskCatalogue {
  return {
    async list(machines, signal) {
      const users = await findUsers(machines);
      const existing = await existingOf(folders());
      const found = await findFiles(existing, users, signal);
      const store = hostStore(existing);
      const disks: FoundDisk[] = [];
      for (const path of found.paths) {
        signal.throwIfAborted();
        disks.push(await describe(path, store, users));
      }
      return { disks, complete: found.complete };
    },
    async inspect(file, machines, signal) {
      await requireInside(file, folders());
      const users = await findUsers(machines);
      const existing = await existingOf(folders());
      return inspect(file, hostStore(existing), users, signal);
    },
  };
}

async function existingOf(folders: readonly string[]): Promise<string[]> {
  const existing: string[] = [];
  for (const folder of new Set(folders)) if (await exists(folder)) existing.push(folder);
  return existing;
}

/** Ids of the machines that use a file, as a disk, a layer or a parent of either. */
async function findUsers(machines: readonly MachineFile[]): Promise<Users> {
  const users = new Map<string, Set<string>>();
  const use = async (path: string, id: string): Promise<void> => {
    const real = await realPath(path);
    const ids = users.get(real) ?? new Set();
    users.set(real, ids.add(id));
  };
  for (const machine of machines) {
    const { id, hardware } = machine.definition;
    // Also those that only a snapshot needs.
    for (const { file } of machine.layers.files) await use(resolveFile(machine.folder, file), id);
    for (const disk of hardware.disks) {
      for (const path of diskPaths(machine, disk)) await use(path, id);
      let path = await readBacking(diskPaths(machine, disk).at(-1) ?? disk.file);
      for (let depth = 0; path !== undefined && depth < maxChain; depth += 1) {
        await use(path, id);
        path = await readBacking(path);
      }
    }
  }
  return users;
}

/** Two levels deep, as vms are laid out. */
async function findFiles(
  folders: readonly string[],
  users: Users,
  signal: AbortSignal,
): Promise<{ readonly paths: readonly string[]; readonly complete: boolean }> {
  const paths = new Set<string>();
  let looked = 0;
  const look = async (folder: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      looked += 1;
      if (looked > maxEntries || paths.size >= maxDisks) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) await look(path, depth - 1);
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      if (suffixes.has(extname(entry.name).toLowerCase()) || users.has(path)) paths.add(path);
    }
  };
  for (const folder of folders) await look(await realPath(folder), 1);
  for (const path of users.keys())
    if (paths.size < maxDisks && (await exists(path))) paths.add(path);
  return { paths: [...paths].sort(), complete: looked <= maxEntries && paths.size < maxDisks };
}

async function describe(path: string, store: FileStore, users: Users): Promise<FoundDisk> {
  const stats = await lstat(path).catch(() => undefined);
  const base = {
    path,
    fileBytes: (stats?.blocks ?? 0) * 512,
    vmIds: [...(users.get(path) ?? [])].slice(0, 1000),
  };
  try {
    const disk = await openDisk({ path, store, parent: 'none' });
    try {
      const { layer, format, sizeBytes } = disk;
      const { variant, identity } = layer.describe();
      const parent = layer.parentReference?.names[0] ?? null;
      return {
        ...base,
        format,
        variant,
        sizeBytes,
        identity: identity ?? null,
        parent: parent === null ? null : parent.slice(0, 1024),
        problem: null,
      };
    } finally {
      await disk.close();
    }
  } catch (error) {
    const problem = describeFault(error).slice(0, 300);
    const unknown = { format: null, variant: null, sizeBytes: null, identity: null, parent: null };
    return { ...base, ...unknown, problem };
  }
}

async function inspect(
  file: string,
  store: FileStore,
  users: Users,
  signal: AbortSignal,
): Promise<LinkResult<'host.disk'>> {
  const path = await realPath(file);
  if (!(await exists(path))) throw new Fault('not-found', `there is no disk ${file}`);
  const entry = await describe(path, store, users);
  if (entry.problem !== null) return { ...entry, chain: [], children: [], findings: [] };
  const { disk, problem } = await openWhole(path, store);
  try {
    const findings: LinkResult<'host.disk'>['findings'] = [];
    for (const layer of disk.chain()) {
      const report = await checkDisk(layer, signal);
      for (const { kind, text } of report.findings.slice(0, maxFindings - findings.length))
        findings.push({ path: report.path, kind, text: text.slice(0, 300) });
    }
    const layers = await inspectDisk(disk);
    const children = await findChildren(path, { store, folders: [dirname(path)], signal });
    return {
      ...entry,
      problem,
      chain: layers.slice(1).map((layer) => layer.path),
      children: children.slice(0, maxDisks),
      findings,
    };
  } finally {
    await disk.close();
  }
}

/** With its parents or, where one is not to be had, without, and why. */
async function openWhole(
  path: string,
  store: FileStore,
): Promise<{ readonly disk: Disk; readonly problem: string | null }> {
  try {
    return { disk: await openDisk({ path, store }), problem: null };
  } catch (error) {
    const disk = await openDisk({ path, store, parent: 'none' });
    return { disk, problem: describeFault(error).slice(0, 300) };
  }
}
