/**
 * The configuration of another product on this host, with the files that it names found and looked at.
 *
 * Invariant: names out of the file lead only to files in the folders that vms may use. What a file is, its content
 * tells once; from then on the format is part of the request.
 */
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join } from 'node:path';
import type { ForeignMachine } from '#api';
import { hostStore, openDisk, portableName } from '#disk';
import {
  fileKindOf,
  maxFileBytes,
  parseConfiguration,
  type ForeignMachine as Parsed,
  type ForeignMedium,
  type Lost,
} from '#foreign';
import { Fault, formatBytes } from '#lib';
import { isInside, requireInside } from './allowed.ts';
import { exists } from './exists.ts';

const maxNeighbours = 1000;
const maxDevices = 64;

/** Formats with a signature: a file of that suffix without it is damaged. */
const signed = /\.(vmdk|vhd|vhdx|vdi|qcow2)$/i;

export async function readForeign(
  file: string,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<ForeignMachine> {
  await requireInside(file, folders);
  const parsed = parseConfiguration(await readBounded(file), file);
  if (parsed.disks.length + parsed.drives.length > maxDevices)
    throw new Fault('too-large', `${file} names more than ${maxDevices} disks and drives`);
  const place = { folder: dirname(file), folders };
  const lost: Lost[] = [...parsed.lost];
  const disks: ForeignMachine['disks'] = [];
  for (const disk of parsed.disks) {
    signal.throwIfAborted();
    disks.push(await lookAtDisk(disk, place));
  }
  const media = async (
    setting: string,
    medium: ForeignMedium | null,
  ): Promise<{ named: string; path: string | null } | null> => {
    if (medium === null) return null;
    const named = medium.kind === 'file' ? medium.file : medium.device;
    const path = medium.kind === 'file' ? await findFile([named], place) : undefined;
    const why = medium.kind === 'file' ? 'the file is not there' : 'a drive of the other host';
    if (path === undefined) lost.push({ setting, value: named.slice(0, 200), why, device: null });
    return { named: named.slice(0, 4096), path: path ?? null };
  };
  const drives = [];
  for (const drive of parsed.drives) {
    const { bus, controller, position } = drive;
    const medium = await media(`${bus}${controller}:${position}`, drive.medium);
    drives.push({ bus, controller, position, medium });
  }
  const floppy = parsed.floppy && { medium: await media('floppy', parsed.floppy.medium) };
  lost.push(...(await lookAround(file, parsed)));
  return {
    ...parsed,
    name: parsed.name ?? basename(file, extname(file)),
    disks,
    drives,
    floppy: floppy ?? null,
    adapters: parsed.adapters.slice(0, 32),
    lost,
  };
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

interface Place {
  readonly folder: string;
  readonly folders: readonly string[];
}

async function lookAtDisk(
  disk: Parsed['disks'][number],
  place: Place,
): Promise<ForeignMachine['disks'][number]> {
  const { bus, controller, position, files } = disk;
  const at = `${bus}${controller}:${position}`;
  const named = (files[0] ?? '').slice(0, 4096);
  const path = await findFile(files, place);
  if (path === undefined)
    throw new Fault('not-found', `the disk ${at}, ${named}, is not on this host`, {
      hint: `put it beside the configuration, into ${place.folder}`,
    });
  const store = hostStore([place.folder, ...place.folders.filter((one) => one !== place.folder)]);
  const opened = await openDisk({ path, store }).catch((cause: unknown) => {
    throw new Fault('corrupt', `cannot open the disk ${at}, ${path}`, { cause });
  });
  const { format, sizeBytes } = opened;
  await opened.close();
  if (format === 'raw' && signed.test(path))
    throw new Fault('corrupt', `the disk ${at}, ${path}, is not what its name says`, {
      hint: 'look at it with: gantry disk check',
    });
  return { bus, controller, position, named, path, format, sizeBytes };
}

/** The first name that leads to a file: as it stands, or by its last part beside the configuration, in any case of letters. */
async function findFile(
  names: readonly string[],
  { folder, folders }: Place,
): Promise<string | undefined> {
  const neighbours = (await readdir(folder)).slice(0, maxNeighbours);
  for (const name of names) {
    if (name === '' || name.length > 4096 || name.includes('\0')) continue;
    const plain = portableName(name);
    const path = isAbsolute(plain) ? plain : join(folder, plain);
    if ((await isInside(path, folders)) && (await exists(path))) return path;
    const last = basename(plain).toLowerCase();
    const beside = neighbours.find((one) => one.toLowerCase() === last);
    if (beside !== undefined && (await isInside(join(folder, beside), folders)))
      return join(folder, beside);
  }
  return undefined;
}

/** Files beside the configuration that belong to it and are not taken over, and what happens with each (DISK-64, FMT-23). */
async function lookAround(file: string, parsed: Parsed): Promise<Lost[]> {
  const neighbours = (await readdir(dirname(file))).slice(0, maxNeighbours);
  const media = [...parsed.drives, ...(parsed.floppy ? [parsed.floppy] : [])].flatMap(
    ({ medium }) => (medium?.kind === 'file' ? [medium.file] : []),
  );
  const named = new Set(
    [...parsed.disks.flatMap(({ files }) => files), ...media].map((one) =>
      basename(portableName(one)).toLowerCase(),
    ),
  );
  return neighbours.flatMap((name) => {
    const kind = fileKindOf(name);
    if (kind === undefined || kind.kind === 'configuration' || named.has(name.toLowerCase()))
      return [];
    const isContent = kind.kind === 'disk' || kind.kind === 'floppy';
    const why = isContent ? 'the configuration does not name it; it is left out' : kind.onImport;
    return [{ setting: kind.kind, value: name.slice(0, 200), why, device: null }];
  });
}
