/**
 * Reads chosen files out of a tar stream (POSIX ustar with GNU long names, which is what dpkg-deb writes)
 * without unpacking it anywhere. Invariant: only the chosen files are ever held in memory.
 */
import { Fault } from '#lib';

export type PackageFile =
  | { readonly kind: 'file'; readonly mode: number; readonly data: Buffer }
  | { readonly kind: 'link'; readonly target: string };

const blockBytes = 512;
/** A name longer than this is not one of a distribution's package. */
const maxNameBytes = 4096;
const maxFileBytes = 256 * 1024 * 1024;

/**
 * The chosen files by path without leading `./`. A hard link is given as a link to its target's path
 * from the root. Errors: `corrupt`.
 */
export async function readTar(
  stream: AsyncIterable<Buffer>,
  select: (path: string) => boolean,
): Promise<Map<string, PackageFile>> {
  const files = new Map<string, PackageFile>();
  const source = new ByteSource(stream);
  let longName: string | undefined;
  let longLink: string | undefined;
  for (;;) {
    const header = await source.take(blockBytes);
    if (header === undefined || header.every((byte) => byte === 0)) break;
    const sizeBytes = readOctal(header, 124, 12);
    const type = String.fromCharCode(header[156] ?? 0);
    const padded = Math.ceil(sizeBytes / blockBytes) * blockBytes;
    if (type === 'L' || type === 'K') {
      if (sizeBytes > maxNameBytes) throw new Fault('corrupt', 'a name in the package is too long');
      const text = cutAtZero((await source.need(padded)).subarray(0, sizeBytes));
      if (type === 'L') longName = text;
      else longLink = text;
      continue;
    }
    const path = (longName ?? readName(header)).replace(/^\.?\//, '');
    const target = longLink ?? cutAtZero(header.subarray(157, 257));
    longName = undefined;
    longLink = undefined;
    if (!select(path)) await source.skip(padded);
    else if (type === '2') files.set(path, { kind: 'link', target });
    else if (type === '1') files.set(path, { kind: 'link', target: target.replace(/^\.\//, '/') });
    else if (type === '0' || type === '\0') {
      if (sizeBytes > maxFileBytes) throw new Fault('corrupt', `${path} in the package is too big`);
      const data = (await source.need(padded)).subarray(0, sizeBytes);
      files.set(path, { kind: 'file', mode: readOctal(header, 100, 8), data });
    } else await source.skip(padded);
  }
  await source.drain();
  return files;
}

function readName(header: Buffer): string {
  const name = cutAtZero(header.subarray(0, 100));
  const prefix = cutAtZero(header.subarray(345, 500));
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  return isPosix && prefix !== '' ? `${prefix}/${name}` : name;
}

function readOctal(header: Buffer, offset: number, length: number): number {
  const text = cutAtZero(header.subarray(offset, offset + length)).trim();
  if (!/^[0-7]{0,11}$/.test(text))
    throw new Fault('corrupt', 'a number in the package is not octal');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function cutAtZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

/** Bytes of a stream by count. */
class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** So many bytes, or undefined at the end of the stream. */
  async take(count: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#held.length === 0 && !(await this.#fill())) break;
      const part = this.#held.subarray(0, missing);
      this.#held = this.#held.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    if (missing === count && count > 0) return undefined;
    if (missing > 0) throw new Fault('corrupt', 'the package ends in the middle of a file');
    return Buffer.concat(parts);
  }

  async need(count: number): Promise<Buffer> {
    const bytes = await this.take(count);
    if (bytes === undefined) throw new Fault('corrupt', 'the package ends in the middle of a file');
    return bytes;
  }

  async skip(count: number): Promise<void> {
    let missing = count;
    while (missing > 0) {
      if (this.#held.length === 0 && !(await this.#fill())) {
        throw new Fault('corrupt', 'the package ends in the middle of a file');
      }
      const part = Math.min(missing, this.#held.length);
      this.#held = this.#held.subarray(part);
      missing -= part;
    }
  }

  /** Reads to the end, so that the writer sees no broken pipe. */
  async drain(): Promise<void> {
    while (await this.#fill());
    this.#held = Buffer.alloc(0);
  }

  async #fill(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#held = next.value;
    return true;
  }
}
