/**
 * What an image says of itself, read by qemu-img with a format that is stated, never guessed; and whether
 * it names files that it has no business to name.
 *
 * Invariant: `inspectImage` returns only when everything the header refers to lies in an allowed folder,
 * after links were followed. A parent in a header is a claim of the file's author, not a fact.
 */
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, resolve, sep } from 'node:path';
import { Fault } from '#lib';
import type { ImageFormat } from '../command-line/spec-storage.ts';
import { finite, flag, isObject, list, map, Misfit, optional, record, text } from '../parse.ts';
import { parseOutput, runQemuImg, type ImageCommandOptions } from './run.ts';

export interface ImageInfo {
  readonly format: string;
  /** What the guest sees. */
  readonly virtualBytes: number;
  /** What it takes up on the host. */
  readonly actualBytes: number | undefined;
  readonly clusterBytes: number | undefined;
  /** The parent as the header names it, and its format where the header tells. */
  readonly backing: { readonly path: string; readonly format: string | undefined } | undefined;
  /** Other files the header names: an external data file, extents. */
  readonly otherPaths: readonly string[];
  readonly encrypted: boolean;
  /** Whether it is marked as damaged. */
  readonly corrupt: boolean;
  /** Names of the snapshots inside. */
  readonly snapshots: readonly string[];
}

export interface ImageQuery extends ImageCommandOptions {
  /** Absolute. */
  readonly path: string;
  readonly format: ImageFormat;
  /** `yes` reads an image that a running machine holds; what it tells may be a moment old. */
  readonly inUse?: 'yes' | 'no' | undefined;
}

const maxPath = 4096;

const parseFields = record({
  format: text(64),
  'virtual-size': finite,
  'actual-size': optional(finite),
  'cluster-size': optional(finite),
  'backing-filename': optional(text(maxPath)),
  'full-backing-filename': optional(text(maxPath)),
  'backing-filename-format': optional(text(64)),
  encrypted: optional(flag),
  snapshots: optional(list(record({ name: text(1024) }), 65_536)),
  'format-specific': (value: unknown) => value,
});

const parseSpecific = record({
  data: optional(
    record({
      'data-file': optional(text(maxPath)),
      corrupt: optional(flag),
      extents: optional(list(record({ filename: text(maxPath) }), 4096)),
    }),
  ),
});

const parseInfo = map(parseFields, (info): ImageInfo => {
  const specific = info['format-specific'];
  const data = isObject(specific) ? parseSpecific(specific, 'format-specific').data : undefined;
  const backingPath = info['full-backing-filename'] ?? info['backing-filename'];
  const dataFile = data?.['data-file'];
  const extents = (data?.extents ?? []).map(({ filename }) => filename);
  return {
    format: info.format,
    virtualBytes: info['virtual-size'],
    actualBytes: info['actual-size'],
    clusterBytes: info['cluster-size'],
    backing:
      backingPath === undefined
        ? undefined
        : { path: backingPath.replaceAll('/./', '/'), format: info['backing-filename-format'] },
    otherPaths: dataFile === undefined ? extents : [...extents, dataFile],
    encrypted: info.encrypted ?? false,
    corrupt: data?.corrupt ?? false,
    snapshots: (info.snapshots ?? []).map(({ name }) => name),
  };
});

/** Errors: as `runQemuImg`; `corrupt` when it is no image of that format. */
export async function readImageInfo(qemuImg: string, query: ImageQuery): Promise<ImageInfo> {
  const what = `cannot read image ${query.path}`;
  requireAbsolute(what, query.path);
  const sharing = query.inUse === 'yes' ? ['-U'] : [];
  const args = ['info', '--output=json', '-f', query.format, ...sharing, query.path];
  const result = await runQemuImg({ program: qemuImg, what, args, ...query });
  try {
    return parseInfo(parseOutput(what, result), '');
  } catch (cause) {
    if (!(cause instanceof Misfit)) throw cause;
    throw new Fault('internal', `${what}: qemu-img's answer does not fit`, { cause });
  }
}

/**
 * Reads an image of unknown origin. `allowedFolders` are those in which its parent and other files may
 * lie; none means that it must stand alone.
 * Errors: as `readImageInfo`; `invalid` naming the first reference that leads elsewhere.
 */
export async function inspectImage(
  qemuImg: string,
  query: ImageQuery,
  allowedFolders: readonly string[],
): Promise<ImageInfo> {
  const info = await readImageInfo(qemuImg, query);
  const self = await realpath(query.path);
  const folders = await Promise.all(allowedFolders.map(realPathOrSame));
  const references = [...(info.backing ? [info.backing.path] : []), ...info.otherPaths];
  for (const reference of references) {
    if (await isAllowed(reference, self, folders)) continue;
    const shown = reference.slice(0, 200);
    throw new Fault('invalid', `image ${query.path} names a file outside its folders: ${shown}`, {
      facts: { path: query.path, reference: shown },
      hint: 'flatten the image on the machine it comes from, then bring it again',
    });
  }
  return info;
}

async function isAllowed(
  reference: string,
  self: string,
  folders: readonly string[],
): Promise<boolean> {
  // `json:`, `nbd:`, `http:` and their like name no file.
  if (!isAbsolute(reference) && /^[a-z][a-z0-9+.-]*:/i.test(reference)) return false;
  const path = await realPathOrSame(resolve(dirname(self), reference));
  return path === self || folders.some((folder) => path.startsWith(withSeparator(folder)));
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

/** With links followed as far as the path exists. */
async function realPathOrSame(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path
      ? path
      : resolve(await realPathOrSame(parent), path.slice(parent.length + 1));
  }
}

/** A path that begins with a slash is a path to qemu-img; anything else may be an address. */
export function requireAbsolute(what: string, path: string): void {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new Fault('invalid', `${what}: the path is not absolute`);
  }
}
