/**
 * The configuration of another product on this host, with the files that it names found and looked at.
 *
 * Invariant: names out of the file lead only to files in the folders that vms may use. What a file is, its content
 * tells once; from then on the format is part of the request.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { ForeignMachine } from '#api';
import {
  decodeText,
  fileKindOf,
  parseConfiguration,
  parseVmsd,
  type ForeignMedium,
  type ForeignSnapshots,
} from '#foreign';
import { Fault } from '#lib';
import { requireInside } from './allowed.ts';
import { findFile, lookAtDisk, lookAtSnapshots, type Look } from './foreign-disks.ts';
import { findLocks, findSavedStates, lookAround } from './foreign-neighbours.ts';
import { findBeside, maxNeighbours, readBounded } from './foreign-store.ts';
import {
  digestFor,
  judgeMedium,
  readManifestBeside,
  type Manifest,
} from './packages/manifest-beside.ts';

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
  const bytes = await readBounded(file);
  const { savedState: _named, ...parsed } = readConfiguration(bytes, file);
  const look: Look = {
    folder: dirname(file),
    folders,
    lost: [...parsed.lost],
    blocking: [],
    files: new Set(),
    signal,
  };
  const manifest =
    parsed.format === 'ovf' ? await readManifestBeside(file, bytes, look) : undefined;
  const disks: ForeignMachine['disks'] = [];
  for (const disk of parsed.disks) {
    signal.throwIfAborted();
    const digest = manifest && digestFor(manifest, disk.files[0] ?? '', look);
    const seen = await lookAtDisk(disk, look);
    if (seen !== undefined) disks.push(digest === undefined ? seen : { ...seen, digest });
  }
  const drives: ForeignMachine['drives'] = [];
  for (const drive of parsed.drives) {
    const { bus, controller, position } = drive;
    const medium = await lookAtMedium(
      `${bus}${controller}:${position}`,
      drive.medium,
      look,
      manifest,
    );
    drives.push({ bus, controller, position, medium });
  }
  const floppy = parsed.floppy && {
    medium: await lookAtMedium('floppy', parsed.floppy.medium, look, manifest),
  };
  const found = await readSnapshots(file);
  const { snapshots, currentSnapshot } = await lookAtSnapshots(found.snapshots, look);
  const whole = { ...parsed, savedState: _named };
  const savedStates = await findSavedStates(file, whole, look);
  await findLocks(file, look);
  const taken = [
    ...savedStates.map((one) => one.file),
    ...[found.file, manifest?.file].filter((one) => one !== undefined),
  ];
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
    ...(manifest === undefined ? {} : { manifest: told(manifest) }),
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

function readConfiguration(bytes: Buffer, file: string): ReturnType<typeof parseConfiguration> {
  const parsed = parseConfiguration(bytes, file);
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
  manifest: Manifest | undefined,
): Promise<{ named: string; path: string | null } | null> {
  if (medium === null) return null;
  const named = medium.kind === 'file' ? medium.file : medium.device;
  const path = medium.kind === 'file' ? await findFile([named], look) : undefined;
  const why = medium.kind === 'file' ? 'the file is not there' : 'a drive of the other host';
  if (path === undefined)
    look.lost.push({ setting, value: named.slice(0, 200), why, device: null });
  const digest =
    path === undefined || manifest === undefined ? undefined : digestFor(manifest, named, look);
  if (path !== undefined && digest !== undefined) await judgeMedium(path, digest, look);
  return { named: named.slice(0, 4096), path: path ?? null };
}

function told({ file, digests, signer }: Manifest): NonNullable<ForeignMachine['manifest']> {
  return { file, files: digests.size, signer };
}
