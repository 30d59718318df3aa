/**
 * The configuration of another product on this host, with the files that it names found and looked at.
 *
 * Invariant: names out of the file lead only to files in the folders that vms may use. What a file is, its content
 * tells once; from then on the format is part of the request.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { ForeignMachine } from '#api';
import {
  decodeText,
  fileKindOf,
  maxFileBytes,
  parseConfiguration,
  parseVmsd,
  type ForeignMedium,
  type ForeignSnapshots,
} from '#foreign';
import { Fault, formatBytes } from '#lib';
import { requireInside } from './allowed.ts';
import { findFile, lookAtDisk, lookAtSnapshots, type Look } from './foreign-disks.ts';
import { findLocks, findSavedStates, lookAround } from './foreign-neighbours.ts';
import { findBeside, maxNeighbours } from './foreign-store.ts';

const maxDevices = 64;
const maxFiles = 4096;

/** `path` is the configuration, or a folder with one. */
export async function readForeign(
  path: string,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<ForeignMachine> {
  await requireInside(path, folders);
  const file = await findConfiguration(path);
  const { savedState: _named, ...parsed } = await readConfiguration(file);
  const look: Look = {
    folder: dirname(file),
    folders,
    lost: [...parsed.lost],
    blocking: [],
    files: new Set(),
    signal,
  };
  const disks: ForeignMachine['disks'] = [];
  for (const disk of parsed.disks) {
    signal.throwIfAborted();
    const seen = await lookAtDisk(disk, look);
    if (seen !== undefined) disks.push(seen);
  }
  const drives: ForeignMachine['drives'] = [];
  for (const drive of parsed.drives) {
    const { bus, controller, position } = drive;
    const medium = await lookAtMedium(`${bus}${controller}:${position}`, drive.medium, look);
    drives.push({ bus, controller, position, medium });
  }
  const floppy = parsed.floppy && {
    medium: await lookAtMedium('floppy', parsed.floppy.medium, look),
  };
  const found = await readSnapshots(file);
  const { snapshots, currentSnapshot } = await lookAtSnapshots(found.snapshots, look);
  const whole = { ...parsed, savedState: _named };
  const savedStates = await findSavedStates(file, whole, look);
  await findLocks(file, look);
  const taken = [...savedStates.map((one) => one.file), ...(found.file ? [found.file] : [])];
  await lookAround(file, whole, taken, look);
  return {
    ...parsed,
    serialPorts: [...parsed.serialPorts],
    bootOrder: parsed.bootOrder && [...parsed.bootOrder],
    name: parsed.name ?? basename(file, extname(file)),
    disks,
    drives,
    floppy: floppy ?? null,
    adapters: parsed.adapters.slice(0, 32),
    savedStates: savedStates.slice(0, 16),
    snapshots,
    currentSnapshot,
    blocking: look.blocking.slice(0, 200),
    files: [...look.files].slice(0, maxFiles),
    lost: look.lost,
  };
}

async function findConfiguration(path: string): Promise<string> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new Fault('not-found', `cannot open ${path}`, { cause });
  });
  if (!stats.isDirectory()) return path;
  const names = (await readdir(path)).slice(0, maxNeighbours);
  const found = names.filter((name) => fileKindOf(name)?.kind === 'configuration');
  const [only] = found;
  if (only !== undefined && found.length === 1) return join(path, only);
  throw new Fault('invalid', `${path} is no file, and has ${found.length} configurations`, {
    facts: { found: found.slice(0, 20) },
    hint:
      found.length === 0 ? 'name the configuration' : `name one: ${found.slice(0, 5).join(', ')}`,
  });
}

async function readConfiguration(file: string): Promise<ReturnType<typeof parseConfiguration>> {
  const parsed = parseConfiguration(await readBounded(file), file);
  if (parsed.disks.length + parsed.drives.length > maxDevices)
    throw new Fault('too-large', `${file} names more than ${maxDevices} disks and drives`);
  return parsed;
}

/** What VMware's products keep beside the configuration, under its name. */
async function readSnapshots(
  file: string,
): Promise<{ readonly file?: string; readonly snapshots: ForeignSnapshots }> {
  const none = { current: null, list: [] };
  const beside = await findBeside(dirname(file), `${basename(file, extname(file))}.vmsd`);
  if (beside === undefined) return { snapshots: none };
  const snapshots = parseVmsd(decodeText(await readBounded(beside), beside));
  return snapshots.list.length === 0 ? { snapshots } : { file: beside, snapshots };
}

async function lookAtMedium(
  setting: string,
  medium: ForeignMedium | null,
  look: Look,
): Promise<{ named: string; path: string | null } | null> {
  if (medium === null) return null;
  const named = medium.kind === 'file' ? medium.file : medium.device;
  const path = medium.kind === 'file' ? await findFile([named], look) : undefined;
  const why = medium.kind === 'file' ? 'the file is not there' : 'a drive of the other host';
  if (path === undefined)
    look.lost.push({ setting, value: named.slice(0, 200), why, device: null });
  return { named: named.slice(0, 4096), path: path ?? null };
}

async function readBounded(file: string): Promise<Buffer> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new Fault('not-found', `cannot open ${file}`, { cause });
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Fault('invalid', `${file} is no file`);
    if (stats.size > maxFileBytes)
      throw new Fault('too-large', `${file} has ${formatBytes(stats.size)}`, {
        hint: 'name the configuration, not a disk',
      });
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
