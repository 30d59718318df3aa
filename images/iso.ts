/**
 * CD images (ISO 9660 with Rock Ridge and Joliet names) through xorriso: written, listed and read without
 * a virtual machine and without mounting (HW-46). Written images depend on their files alone.
 */
import { randomBytes } from 'node:crypto';
import {
  link,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '#lib';
import { runTool } from './run.ts';
import { imageEpochS } from './version.ts';

export interface IsoFile {
  /** Path on the CD with forward slashes, without one at the start. */
  readonly path: string;
  readonly data: Uint8Array;
  /** May be run after mounting. */
  readonly executable?: true;
}

export interface IsoRequest {
  /** Where the image is written. */
  readonly path: string;
  /** Volume label, at most 32 letters, digits, - and _. */
  readonly label: string;
  readonly files: readonly IsoFile[];
  /** Makes it bootable: paths on the CD of the boot images (El Torito, no emulation). */
  readonly boot?: { readonly biosPath: string; readonly efiPath: string } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The image's time as xorriso takes it: YYYYMMDDhhmmsscc. */
const isoDate = new Date(imageEpochS * 1000).toISOString().replaceAll(/\D/g, '').slice(0, 16);
/** Larger files are not read into memory. */
const maxReadBytes = 64 * 1024 * 1024;
const maxFiles = 100_000;
/** Of xorriso's report_lba: piece, first block, blocks, bytes, path. */
const reportRow = /^File data lba: +\d+ , +\d+ , +\d+ , +(\d{1,15}) , ('\/.*')$/;

/** Errors: `invalid` for a label or a path, `unsupported` without xorriso. */
export async function createIso(request: IsoRequest): Promise<void> {
  const { path, label, files, boot, signal } = request;
  requireLabel(label);
  const work = await mkdtemp(join(tmpdir(), 'gantry-iso-'));
  try {
    for (const file of files) {
      const target = join(work, checkIsoPath(file.path));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, file.data, { mode: file.executable === true ? 0o755 : 0o644 });
    }
    const names = ['-r', '-J', '-joliet-long', '-V', label];
    const dates = [`--modification-date=${isoDate}`, '--set_all_file_dates', `=${imageEpochS}`];
    const argv = ['-as', 'mkisofs', '-quiet', ...names, ...dates, ...bootArguments(boot)];
    await runTool(['xorriso', ...argv, '-o', path, work], { signal });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export interface FolderIso {
  /** Of this machine. Links in it stay links, and nothing that they lead to is read. */
  readonly folder: string;
  /** Where the image is written: a new file beside it first, so that it is whole or not there. */
  readonly path: string;
  /** Volume label, at most 32 letters, digits, - and _. */
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A CD image of a folder with its names, dates and rights, which all belong to root there. Files may be larger than 4 GiB.
 * Errors: `not-found` for the folder, `exists` for the image, `invalid` for a label, `unsupported` without xorriso.
 */
export async function createIsoOfFolder(request: FolderIso): Promise<void> {
  const { folder, label, signal } = request;
  const path = resolve(request.path);
  requireLabel(label);
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory() !== true) throw new Fault('not-found', `there is no folder ${folder}`);
  const part = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
  const names = ['-r', '-J', '-joliet-long', '-iso-level', '3', '-V', label];
  try {
    const argv = ['-as', 'mkisofs', '-quiet', ...names, '-o', part, resolve(folder)];
    await runTool(['xorriso', ...argv], { signal });
    // Never takes the place of another file.
    await link(part, path).catch((cause: unknown) => {
      throw new Fault('exists', `cannot write ${path}`, { cause, hint: 'choose another name' });
    });
  } finally {
    await rm(part, { force: true });
  }
}

function requireLabel(label: string): void {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(label)) return;
  throw new Fault('invalid', `"${label.slice(0, 40)}" is not a label for a CD`, {
    hint: 'at most 32 letters, digits, - and _',
  });
}

function bootArguments(boot: IsoRequest['boot']): readonly string[] {
  if (boot === undefined) return [];
  const bios = ['-b', boot.biosPath, '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'];
  const efi = ['-eltorito-alt-boot', '-e', boot.efiPath, '-no-emul-boot'];
  return [...bios, '--grub2-boot-info', ...efi, '-c', 'boot/catalog'];
}

/**
 * Puts files onto a CD image, replacing those of the same path; a bootable one stays so. The image is written
 * anew and takes the old one's place at once. Errors: `invalid` for a path, `corrupt` when it is no CD image.
 */
export async function putIsoFiles(
  imagePath: string,
  files: readonly IsoFile[],
  signal?: AbortSignal,
): Promise<void> {
  const work = await mkdtemp(join(dirname(resolve(imagePath)), '.gantry-iso-'));
  try {
    const maps: string[] = [];
    for (const [index, file] of files.entries()) {
      const source = join(work, String(index));
      const target = `/${checkIsoPath(file.path)}`;
      await writeFile(source, file.data, { mode: file.executable === true ? 0o755 : 0o644 });
      maps.push('-map', source, target, '-chown', '0', target, '--', '-chgrp', '0', target, '--');
    }
    const result = join(work, 'result.iso');
    const how = ['-boot_image', 'any', 'replay', '-iso_rr_pattern', 'off'];
    await runXorriso(imagePath, ['-outdev', result, ...how, ...maps, '-commit'], signal);
    await rename(result, imagePath);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Paths of all files, without directories, sorted. Errors: `corrupt` when it is not a CD image. */
export async function listIsoFiles(
  imagePath: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const text = await runXorriso(imagePath, ['-find', '/', '-type', 'f'], signal);
  const lines = text.toString('utf8').split('\n', maxFiles);
  return lines.flatMap((line) => (line.startsWith("'/") ? [unquote(line)] : [])).toSorted();
}

/** The content of one file. Errors: `not-found`, `too-large`, `corrupt`. */
export async function readIsoFile(
  imagePath: string,
  path: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const wanted = checkIsoPath(path);
  if (!(await listIsoFiles(imagePath, signal)).includes(wanted)) {
    throw new Fault('not-found', `CD image ${imagePath} has no file ${path}`);
  }
  const work = await mkdtemp(join(tmpdir(), 'gantry-iso-'));
  try {
    const target = join(work, 'file');
    await runXorriso(imagePath, ['-osirrox', 'on', '-extract', `/${wanted}`, target], signal);
    if ((await stat(target)).size > maxReadBytes) {
      throw new Fault('too-large', `${path} is larger than ${maxReadBytes} bytes`);
    }
    return await readFile(target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export interface IsoSelection {
  readonly wants: (path: string) => boolean;
  /** Of all that are wanted together. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/**
 * Many files at once, by their paths as they are on the CD. Errors: `too-large` before anything is read, `corrupt`.
 */
export async function readIsoFiles(
  imagePath: string,
  { wants, maxBytes, maxFiles: maxWanted }: IsoSelection,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const report = ['-find', '/', '-type', 'f', '-exec', 'report_lba'];
  const text = await runXorriso(imagePath, report, signal);
  const sizes = new Map<string, number>();
  for (const line of text.toString('utf8').split('\n', maxFiles)) {
    const [, size, quoted] = reportRow.exec(line) ?? [];
    if (quoted === undefined) continue;
    const path = unquote(quoted);
    // A file may lie in several pieces, each with a row.
    if (wants(path)) sizes.set(path, (sizes.get(path) ?? 0) + Number(size));
  }
  const totalBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (totalBytes > maxBytes || sizes.size > maxWanted) {
    throw new Fault('too-large', `${imagePath} has ${sizes.size} files of ${totalBytes} bytes`, {
      hint: `at most ${maxWanted} files of ${maxBytes} bytes are taken from it`,
    });
  }
  const work = await mkdtemp(join(tmpdir(), 'gantry-iso-'));
  try {
    const paths = [...sizes.keys()].toSorted();
    const targets = paths.map((path, index) => [path, join(work, String(index))] as const);
    const calls = targets.flatMap(([path, target]) => ['-extract', `/${path}`, target]);
    if (calls.length > 0) await runXorriso(imagePath, ['-osirrox', 'on', ...calls], signal);
    const read = targets.map(async ([path, target]) => [path, await readFile(target)] as const);
    return new Map(await Promise.all(read));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runXorriso(
  imagePath: string,
  commands: readonly string[],
  signal?: AbortSignal,
): Promise<Buffer> {
  await checkVolume(imagePath);
  // xorriso takes "stdio:" and device names as well; what begins with a slash is a file.
  const source = ['-abort_on', 'FAILURE', '-report_about', 'FAILURE', '-indev', resolve(imagePath)];
  return await runTool(['xorriso', ...source, ...commands], { signal }).catch((error: unknown) => {
    throw new Fault('corrupt', `cannot read ${imagePath} as a CD image`, { cause: error });
  });
}

/** A CD has the mark CD001 in its first volume descriptor (ECMA-119, 8.1); xorriso takes the rest for blank. */
async function checkVolume(imagePath: string): Promise<void> {
  const mark = Buffer.alloc(5);
  const file = await open(imagePath, 'r').catch((error: unknown) => {
    throw new Fault('not-found', `cannot open CD image ${imagePath}`, { cause: error });
  });
  await using _ = file;
  await file.read(mark, 0, mark.length, 16 * 2048 + 1);
  if (mark.toString('latin1') !== 'CD001') {
    throw new Fault('corrupt', `${imagePath} is not a CD image`);
  }
}

/** xorriso prints a path as a shell would take it: 'it'"'"'s'. */
function unquote(text: string): string {
  return text
    .trim()
    .replaceAll(`'"'"'`, "'")
    .replaceAll(/^'\/?|'$/g, '');
}

/** Errors: `invalid` for a path that leaves the CD or holds control characters. */
function checkIsoPath(path: string): string {
  const names = path.split('/');
  const isPlain = names.every((name) => /^[^\p{Cc}]{1,255}$/u.test(name));
  if (!isPlain || names.some((name) => name === '.' || name === '..') || path.length > 1024) {
    throw new Fault('invalid', `"${path.slice(0, 80)}" is not a file name for a CD`);
  }
  return path;
}
