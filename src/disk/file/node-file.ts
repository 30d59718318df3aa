/** A host file behind DiskFile, on node:fs. Invariant: short reads and writes of the host never show. */
import {
  close,
  fdatasync,
  fstat,
  ftruncate,
  open,
  read,
  write,
  writeSync,
  type Stats,
} from 'node:fs';
import { constants } from 'node:fs';
import { getSystemErrorMessage, promisify } from 'node:util';
import { AssertionError, Fault, isFault, type FaultCode } from '#lib';
import { maxAtOnceBytes, takeAtOnce } from './at-once.ts';
import type { Access, DiskFile, FileRun } from './disk-file.ts';
import { readCached } from './cached-read.ts';
import { hostHoles } from './holes.ts';
import { hostLocks } from './locks.ts';

const openFd = promisify(open);
const closeFd = promisify(close);
const statFd = promisify(fstat) as (fd: number) => Promise<Stats>;
const truncateFd = promisify(ftruncate);
const syncFd = promisify(fdatasync);

const codes: Readonly<Record<string, FaultCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EEXIST: 'exists',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
  ELOOP: 'forbidden',
  ENOSPC: 'exhausted',
  EDQUOT: 'exhausted',
  EMFILE: 'exhausted',
  EFBIG: 'too-large',
  ETXTBSY: 'refused',
  EISDIR: 'invalid',
};

/** A host error as a fault that names the file and what was being done to it. */
export function hostFault(name: string, doing: string, error: unknown): Fault {
  if (isFault(error)) return error;
  if (error instanceof AssertionError) throw error; // a bug stays a bug
  const host = error instanceof Error && 'code' in error ? String(error.code) : '';
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0;
  const code = codes[host];
  // The words of Node.js name code, call and path once more; those of the system say it all.
  const why =
    code === undefined || number === 0
      ? { text: '', cause: error }
      : { text: `: ${getSystemErrorMessage(number)}`, cause: undefined };
  return new Fault(code ?? 'internal', `cannot ${doing} ${name}${why.text}`, {
    cause: why.cause,
    facts: { file: name, hostCode: host },
    ...(host === 'ENOSPC' ? { hint: 'free space on the volume, then try again' } : {}),
  });
}

function readFd(fd: number, into: Uint8Array, at: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, at, into.length - at, offset, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

function writeFd(fd: number, from: Uint8Array, at: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, from, at, from.length - at, offset, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

const maxMisses = 8;
const missesBetween = 32;

/** A small write takes some microseconds; what takes longer waits for the volume. */
const slowWriteMs = 2;
/** So many writes after a slow one are left to threads. */
const writesAfterSlow = 256;

export interface FileChoices {
  /**
   * `here`: by the thread of the program as long as they are quick, which saves the way to another thread and back. For programs
   * that do nothing but serve disks: one that comes upon a slow volume holds up all else, once for many writes. When
   * absent: by threads.
   */
  readonly smallWrites?: 'here' | 'by threads' | undefined;
}

class NodeFile implements DiskFile {
  readonly name: string;
  readonly access: Access;
  readonly identity: string;
  readonly #fd: number;
  #closed = false;
  readonly #isDevice: boolean;
  readonly #writesHere: boolean;
  /** Done when the last of the large writes asked for is. */
  #turn: Promise<void> = Promise.resolve();
  #misses = 0;
  /** Small writes that are left to threads yet. */
  #writesAway = 0;
  #lastRun: { kind: 'data' | 'hole'; start: number; end: number } = {
    kind: 'data',
    start: 0,
    end: 0,
  };

  constructor(name: string, access: Access, stats: Stats, fd: number, choices: FileChoices) {
    this.name = name;
    this.access = access;
    this.identity = `${stats.dev}:${stats.ino}`;
    this.#isDevice = stats.isBlockDevice();
    this.#fd = fd;
    this.#writesHere = choices.smallWrites === 'here';
  }

  get descriptor(): number | undefined {
    return this.#closed ? undefined : this.#fd;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    try {
      let done = this.#readCached(into, offset);
      while (done < into.length) {
        const count = await readFd(this.#fd, into, done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    } catch (error) {
      throw hostFault(this.name, 'read', error);
    }
  }

  /** Where the cache has missed again and again it is asked now and then. */
  #readCached(into: Uint8Array, offset: number): number {
    if (this.#misses > maxMisses && this.#misses % missesBetween !== 0) {
      this.#misses += 1;
      return 0;
    }
    const done = readCached(this.#fd, into, offset);
    this.#misses = done > 0 ? 0 : this.#misses + 1;
    return done;
  }

  async write(from: Uint8Array, offset: number): Promise<void> {
    try {
      if (this.#isDevice || from.length <= maxAtOnceBytes) {
        await this.#writeAway(from, this.#writeHere(from, offset), offset);
      } else {
        await this.#inTurn(() => this.#writeAway(from, 0, offset));
      }
    } catch (error) {
      throw hostFault(this.name, 'write', error);
    }
  }

  async #writeAway(from: Uint8Array, at: number, offset: number): Promise<void> {
    for (let done = at; done < from.length;)
      done += await writeFd(this.#fd, from, done, offset + done);
  }

  /**
   * Hosts write to a file one after the other, whoever asks: large writes that wait for that would keep threads from
   * reading, and the processor, on which they wait for it in a loop.
   */
  async #inTurn(write: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      await write();
    } finally {
      resolve();
    }
  }

  /** How many bytes, from the first on, were written at once. */
  #writeHere(from: Uint8Array, offset: number): number {
    if (!this.#writesHere || from.length > maxAtOnceBytes || from.length === 0) return 0;
    if (this.#writesAway > 0) {
      this.#writesAway -= 1;
      return 0;
    }
    if (!takeAtOnce()) return 0;
    const begunMs = performance.now();
    const done = writeSync(this.#fd, from, 0, from.length, offset);
    if (performance.now() - begunMs > slowWriteMs) this.#writesAway = writesAfterSlow;
    return done;
  }

  async size(): Promise<number> {
    return (await statFd(this.#fd)).size;
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#host('set the size of', () => truncateFd(this.#fd, sizeBytes));
  }

  async sync(): Promise<void> {
    await this.#host('sync', () => syncFd(this.#fd));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#host('close', () => closeFd(this.#fd));
  }

  async storedBytes(): Promise<number> {
    return (await statFd(this.#fd)).blocks * 512;
  }

  async modifiedMs(): Promise<number> {
    return (await statFd(this.#fd)).mtimeMs;
  }

  /**
   * The last answer is kept while the file is only read: a run is read in many pieces, and some file systems
   * walk through all of it to find its end.
   */
  runAt(offset: number, limit: number): FileRun {
    const holes = hostHoles();
    if (holes === undefined) return { kind: 'data', length: limit };
    if (this.access === 'write') return holes.runAt(this.#fd, offset, limit);
    const known = this.#lastRun;
    if (offset < known.start || offset >= known.end) {
      const { kind, length } = holes.runAt(this.#fd, offset, Number.MAX_SAFE_INTEGER);
      this.#lastRun = { kind, start: offset, end: offset + length };
    }
    const { kind, end } = this.#lastRun;
    return { kind, length: Math.min(limit, end - offset) };
  }

  punch(offset: number, length: number): boolean {
    return hostHoles()?.punch(this.#fd, offset, length) ?? false;
  }

  reserve(sizeBytes: number): boolean {
    return hostHoles()?.reserve(this.#fd, sizeBytes) ?? false;
  }

  lock(access: Access): boolean | undefined {
    return hostLocks()?.take(this.#fd, access);
  }

  isStill(): boolean | undefined {
    return hostLocks()?.isStill(this.#fd);
  }

  async #host(doing: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw hostFault(this.name, doing, error);
    }
  }
}

export type OpenMode = Access | 'create';

/**
 * Opens a regular file (or a block device) of the host. `create` makes a new one and refuses an old one.
 * Faults: `not-found`, `exists`, `forbidden`, `invalid` when it is neither.
 */
export async function openNodeFile(
  path: string,
  mode: OpenMode,
  choices: FileChoices = {},
): Promise<DiskFile> {
  const flags =
    mode === 'read'
      ? constants.O_RDONLY | constants.O_NONBLOCK
      : mode === 'write'
        ? constants.O_RDWR | constants.O_NONBLOCK
        : constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  let fd: number | undefined;
  try {
    fd = await openFd(path, flags, 0o600);
    const stats = await statFd(fd);
    if (!stats.isFile() && !stats.isBlockDevice()) {
      throw new Fault('invalid', `${path} is neither a file nor a block device`);
    }
    const access = mode === 'read' ? 'read' : 'write';
    return new NodeFile(path, access, stats, fd, choices);
  } catch (error) {
    if (fd !== undefined) await closeFd(fd);
    throw hostFault(path, mode === 'create' ? 'create' : 'open', error);
  }
}
