/**
 * Making, converting, resizing and checking images with qemu-img.
 *
 * Invariant: what is made did not exist before, and does not exist when making it failed.
 */
import { open, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Fault } from '#lib';
import type { ImageFormat } from '../command-line/spec-storage.ts';
import { finite, Misfit, optional, record } from '../parse.ts';
import { requireAbsolute, type ImageQuery } from './info.ts';
import { bulkTimeoutMs, parseOutput, runQemuImg, type ImageCommandOptions } from './run.ts';

export interface NewImage extends ImageCommandOptions {
  /** Absolute; must not exist. */
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  /** A multiple of 512. May be left out with a parent: its size. With it the parent is not opened, so it may be in use. */
  readonly sizeBytes?: number | undefined;
  /** qcow2 only. One in the same folder is named without its path, so that both can be moved together. */
  readonly backing?: { readonly path: string; readonly format: ImageFormat } | undefined;
}

/** Errors: `exists`, `invalid`, and as `runQemuImg`. */
export async function createImage(qemuImg: string, image: NewImage): Promise<void> {
  const what = `cannot create image ${image.path}`;
  requireAbsolute(what, image.path);
  const { backing, sizeBytes } = image;
  if (sizeBytes === undefined && backing === undefined) {
    throw new Fault('invalid', `${what}: it has neither a size nor a parent`);
  }
  if (sizeBytes !== undefined) requireSize(what, sizeBytes);
  if (backing) {
    requireAbsolute(what, backing.path);
    if (image.format !== 'qcow2') throw new Fault('invalid', `${what}: raw images have no parent`);
  }
  const parent = backing
    ? ['-b', nameOfParent(image.path, backing.path), '-F', backing.format]
    : [];
  if (backing && sizeBytes !== undefined) parent.unshift('-u');
  const size = sizeBytes === undefined ? [] : [String(sizeBytes)];
  const args = ['create', '-q', '-f', image.format, ...parent, image.path, ...size];
  await making(what, image.path, () => runQemuImg({ program: qemuImg, what, args, ...image }));
}

/** The dot keeps a name with a colon from being read as the address of a server. */
function nameOfParent(path: string, parent: string): string {
  return dirname(path) === dirname(parent) ? `./${basename(parent)}` : parent;
}

export interface Commit extends ImageCommandOptions {
  readonly path: string;
  readonly format: ImageFormat;
  /** The ancestor that receives what it and all images between hold. */
  readonly into: string;
  /** Hears percentages from 0 to 100, rising. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

/**
 * Writes what an image holds into one that it lies on, and leaves it as it is: cut off at any point it can be
 * done again. Not while a machine uses one of them. Errors: as `runQemuImg`.
 */
export async function commitImage(qemuImg: string, commit: Commit): Promise<void> {
  const { path, into, format, onProgress, signal } = commit;
  const what = `cannot commit image ${path}`;
  requireAbsolute(what, path);
  requireAbsolute(what, into);
  const args = ['commit', '-p', '-f', format, '-b', into, path];
  const timeoutMs = commit.timeoutMs ?? bulkTimeoutMs;
  const onOutput = onProgress && progressReader(onProgress);
  await runQemuImg({ program: qemuImg, what, args, timeoutMs, signal, onOutput });
}

export interface NewParent extends ImageCommandOptions {
  readonly path: string;
  readonly format: ImageFormat;
  readonly backing: { readonly path: string; readonly format: ImageFormat };
}

/** Names another parent that shows the same content; nothing else is read or written. Errors: as `runQemuImg`. */
export async function renameParent(qemuImg: string, change: NewParent): Promise<void> {
  const { path, format, backing } = change;
  const what = `cannot change the parent of image ${path}`;
  requireAbsolute(what, path);
  requireAbsolute(what, backing.path);
  const name = nameOfParent(path, backing.path);
  const args = ['rebase', '-u', '-f', format, '-F', backing.format, '-b', name, path];
  await runQemuImg({ program: qemuImg, what, args, ...change });
}

export interface Conversion extends ImageCommandOptions {
  readonly from: Pick<ImageQuery, 'path' | 'format' | 'inUse'>;
  readonly to: { readonly path: string; readonly format: ImageFormat };
  /** Hears percentages from 0 to 100, rising. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

/** Copies what the guest sees, through all layers, into one image. Errors: as `createImage`. */
export async function convertImage(qemuImg: string, conversion: Conversion): Promise<void> {
  const { from, to, onProgress, signal } = conversion;
  const what = `cannot convert image ${from.path}`;
  requireAbsolute(what, from.path);
  requireAbsolute(what, to.path);
  const sharing = from.inUse === 'yes' ? ['-U'] : [];
  const formats = ['-f', from.format, '-O', to.format];
  const args = ['convert', '-p', ...sharing, ...formats, from.path, to.path];
  const timeoutMs = conversion.timeoutMs ?? bulkTimeoutMs;
  const onOutput = onProgress && progressReader(onProgress);
  await making(what, to.path, () =>
    runQemuImg({ program: qemuImg, what, args, timeoutMs, signal, onOutput }),
  );
}

/** qemu-img writes `    (12.34/100%)` and a carriage return, in whatever pieces. */
function progressReader(onProgress: (percent: number) => void): (text: string) => void {
  let last = -1;
  let rest = '';
  return (text) => {
    rest = (rest + text).slice(-256);
    for (const match of rest.matchAll(/\((\d{1,3}\.\d{2})\/100%\)/g)) {
      const percent = Number(match[1]);
      if (percent > last) onProgress(percent);
      last = Math.max(last, percent);
    }
    rest = rest.slice(rest.lastIndexOf(')') + 1);
  };
}

export interface Resize extends ImageCommandOptions {
  readonly path: string;
  readonly format: ImageFormat;
  readonly sizeBytes: number;
  /** `shrink` cuts off what lies beyond; without it a smaller size is refused. */
  readonly direction: 'grow' | 'shrink';
}

/** Not while a machine uses the image: `block_resize` does that. Errors: as `runQemuImg`. */
export async function resizeImage(qemuImg: string, resize: Resize): Promise<void> {
  const what = `cannot resize image ${resize.path}`;
  requireAbsolute(what, resize.path);
  requireSize(what, resize.sizeBytes);
  const shrink = resize.direction === 'shrink' ? ['--shrink'] : [];
  const size = String(resize.sizeBytes);
  const args = ['resize', '-q', '-f', resize.format, ...shrink, resize.path, size];
  await runQemuImg({ program: qemuImg, what, args, ...resize });
}

/** What a check found. Leaks waste space; corruptions are damage. */
export interface ImageCheck {
  readonly corruptions: number;
  readonly leaks: number;
  readonly checkErrors: number;
}

const parseCheck = record({
  corruptions: optional(finite),
  leaks: optional(finite),
  'check-errors': optional(finite),
});

/** 2: corruptions found; 3: leaks found. Both are answers. */
const checkCodes = [0, 2, 3];
const checkUnsupported = 63;

/** Errors: `unsupported` for formats that cannot be checked (raw, vpc); as `runQemuImg`. */
export async function checkImage(qemuImg: string, query: ImageQuery): Promise<ImageCheck> {
  const what = `cannot check image ${query.path}`;
  requireAbsolute(what, query.path);
  const sharing = query.inUse === 'yes' ? ['-U'] : [];
  const args = ['check', '--output=json', '-f', query.format, ...sharing, query.path];
  const timeoutMs = query.timeoutMs ?? bulkTimeoutMs;
  const accepted = [...checkCodes, checkUnsupported];
  const run = { program: qemuImg, what, args, timeoutMs, accepted, signal: query.signal };
  const result = await runQemuImg(run);
  if (result.code === checkUnsupported) {
    throw new Fault('unsupported', `${what}: ${query.format} images cannot be checked`);
  }
  try {
    const found = parseCheck(parseOutput(what, result), '');
    return {
      corruptions: found.corruptions ?? 0,
      leaks: found.leaks ?? 0,
      checkErrors: found['check-errors'] ?? 0,
    };
  } catch (cause) {
    if (!(cause instanceof Misfit)) throw cause;
    throw new Fault('internal', `${what}: qemu-img's answer does not fit`, { cause });
  }
}

function requireSize(what: string, sizeBytes: number): void {
  if (Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes % 512 === 0) return;
  throw new Fault('invalid', `${what}: the size is not a positive multiple of 512 bytes`);
}

/** Claims the name first, so that nothing is overwritten, and gives it back when the work fails. */
async function making(what: string, path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EEXIST') throw new Fault('exists', `${what}: the file exists`);
    throw new Fault(code === 'ENOENT' ? 'not-found' : 'refused', what, { cause });
  }
  try {
    await work();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
