/**
 * Writes an initramfs archive: cpio "newc" as in Linux's driver-api/early-userspace/buffer-format. Done
 * here rather than by cpio(1) so that an ordinary user can put device nodes and files of root into it.
 * Invariant: the bytes depend on the entries alone; owner is root, the time is the image's.
 */
import { assert } from '#lib';
import { imageEpochS } from './version.ts';

export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const typeBits = { directory: 0o040000, file: 0o100000, link: 0o120000, device: 0o020000 } as const;
const trailer = 'TRAILER!!!';

/**
 * The archive. Paths are relative, without a leading slash; missing parent directories are added with
 * mode 755; entries are sorted, a path given twice is a bug.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const sorted = withParents(entries).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const parts: Buffer[] = [];
  let inode = 1;
  for (const entry of sorted) {
    parts.push(...record(entry, inode));
    inode += 1;
  }
  parts.push(...header(trailer, { inode: 0, mode: 0, links: 1, size: 0, major: 0, minor: 0 }));
  const archive = Buffer.concat(parts);
  return Buffer.concat([archive, Buffer.alloc(-archive.length & 511)]);
}

function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const all = new Map<string, CpioEntry>();
  for (const entry of entries) {
    assert(/^[^/]/.test(entry.path), `archive path ${entry.path} is not relative`);
    assert(!all.has(entry.path), `archive path ${entry.path} is given twice`);
    all.set(entry.path, entry);
  }
  for (const { path } of entries) {
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1) {
      const parent = names.slice(0, depth).join('/');
      if (!all.has(parent)) all.set(parent, { kind: 'directory', path: parent, mode: 0o755 });
    }
  }
  return [...all.values()];
}

function record(entry: CpioEntry, inode: number): Buffer[] {
  const data = contentOf(entry);
  const permission = entry.kind === 'link' ? 0o777 : entry.mode;
  const fields = {
    inode,
    mode: typeBits[entry.kind] | permission,
    links: entry.kind === 'directory' ? 2 : 1,
    size: data.length,
    major: entry.kind === 'device' ? entry.major : 0,
    minor: entry.kind === 'device' ? entry.minor : 0,
  };
  return [...header(entry.path, fields), data, Buffer.alloc(-data.length & 3)];
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.kind === 'file') return Buffer.from(entry.data);
  if (entry.kind === 'link') return Buffer.from(entry.target);
  return Buffer.alloc(0);
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
}

/** The header and the name, padded to four bytes together. */
function header(name: string, fields: Fields): Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const { inode, mode, links, size, major, minor } = fields;
  const time = name === trailer ? 0 : imageEpochS;
  const numbers = [inode, mode, 0, 0, links, time, size, 0, 0, major, minor, nameBytes.length, 0];
  const text = `070701${numbers.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  const length = text.length + nameBytes.length;
  return [Buffer.from(text), nameBytes, Buffer.alloc(-length & 3)];
}
