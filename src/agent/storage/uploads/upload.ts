/**
 * One upload: bytes that come in parts become a file that appears under its name when it is whole. Until then it is a hidden file
 * beside it. All that was kept of a part is there after a break, also of this program: of what is unpacked on its way the packed
 * bytes are kept, too (spool.ts), and the next program unpacks them again.
 *
 * Invariant: one part is taken at a time, and the newest wins: whoever sends again has lost the connection before.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, link, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { uploadIdleMs, type HostUpload } from '#api';
import { openNodeFile, SparseWriter, type DiskFile } from '#disk';
import { abortReason, Fault, formatBytes, isFault, isoTime } from '#lib';
import { flushFolder } from '../atomic-file.ts';
import { exists } from '../exists.ts';
import { fileIdentity } from '../file-identity.ts';
import { modeOfFile } from '../file-mode.ts';
import { watchSpace, type SpaceLimit } from '../disk-work/space-guard.ts';
import type { UploadRecord, UploadRecords } from './record.ts';
import { Spool } from './spool.ts';
import { Unpacking } from './unpack.ts';

export interface UploadTools {
  readonly records: UploadRecords;
  readonly space: SpaceLimit;
  /** What it may unpack to. */
  readonly maxContentBytes: number;
}

export interface Part {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Begun when it is known that it is wanted. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
}

/** How an upload ends. */
export interface Finishing {
  readonly file: string;
  readonly sha256: string | undefined;
  /** As it was begun. */
  readonly replaces: boolean;
  /** What else is done to the file before it has its name; it may be asked for again. */
  readonly prepare?: ((path: string) => Promise<void>) | undefined;
}

/** The file while it is open. */
interface Target extends AsyncDisposable {
  readonly file: DiskFile;
  readonly writer: SparseWriter;
  /** Of all that came; undefined where a program before this one has taken a part of it that is not read again. */
  readonly hash: Hash | undefined;
  readonly unpacking: Unpacking | undefined;
  readonly spool: Spool | undefined;
}

/** Where the packed bytes of what is unpacked are kept until the file is whole. */
function spoolPath(record: Pick<UploadRecord, 'file' | 'id'>): string {
  return partPath(record).replace(/upload$/, 'packed');
}

/** The name of the file until it is whole. */
export function partPath({ file, id }: Pick<UploadRecord, 'file' | 'id'>): string {
  return join(dirname(file), `.${basename(file)}.${id.slice(0, 8)}.upload`);
}

export class Upload {
  readonly #records: UploadRecords;
  readonly #space: SpaceLimit;
  readonly #maxContentBytes: number;
  #record: UploadRecord;
  #received: number;
  #isGone = false;
  #target: Target | undefined;
  readonly #closing = new AbortController();
  #taking: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  constructor(record: UploadRecord, { records, space, maxContentBytes }: UploadTools) {
    this.#record = record;
    this.#records = records;
    this.#space = space;
    this.#maxContentBytes = maxContentBytes;
    this.#received = record.receivedBytes;
  }

  get record(): UploadRecord {
    return this.#record;
  }

  /** What is still to come, as far as it is known. */
  get missingBytes(): number {
    const { state, sizeBytes } = this.#record;
    return state === 'open' && sizeBytes !== null ? sizeBytes - this.#received : 0;
  }

  describe(): HostUpload {
    const { id, file, sizeBytes, packing, state, receivedBytes, begunMs, usedMs, result } =
      this.#record;
    return {
      id,
      file,
      sizeBytes,
      packing,
      receivedBytes: state === 'open' ? this.#received : receivedBytes,
      contentBytes: result?.sizeBytes ?? this.#target?.writer.position ?? 0,
      state: state === 'done' ? 'done' : 'open',
      begunAt: isoTime(begunMs),
      idleAt: isoTime(usedMs + uploadIdleMs),
    };
  }

  /** Resolves when the part is kept, or what came of it. Faults: `stale`, `invalid`, `exhausted`; `unavailable` for half a part. */
  async take(part: Part, signal: AbortSignal): Promise<void> {
    const before = this.#taking;
    const stop = new AbortController();
    const run = async (): Promise<void> => {
      before?.stop.abort(new Fault('cancelled', 'the part is sent anew'));
      await before?.ended.catch(() => undefined);
      await this.#take(part, AbortSignal.any([signal, stop.signal]));
    };
    const ended = run();
    const taking = { stop, ended };
    this.#taking = taking;
    try {
      await ended;
    } finally {
      if (this.#taking === taking) this.#taking = undefined;
    }
  }

  /** Gives the file its name. Faults: `refused` before all has come; `invalid` for another checksum; `exists`. */
  async finish(
    { sha256, prepare }: Pick<Finishing, 'sha256' | 'prepare'>,
    signal: AbortSignal,
  ): Promise<UploadRecord['result']> {
    this.#requireThere();
    if (this.#record.state === 'open') await this.#complete(sha256, signal);
    if (this.#record.state === 'whole') await this.#place(prepare);
    return this.#record.result;
  }

  /** The path of all that has come, which nobody gives a name. Faults: as of `finish`; `invalid` for what was unpacked on its way. */
  async whole(sha256: string | undefined, signal: AbortSignal): Promise<string> {
    this.#requireThere();
    const { file, packing, state } = this.#record;
    if (packing !== 'none')
      throw new Fault('invalid', `${file} was unpacked on its way: it is no archive any more`, {
        hint: 'send it as it is',
      });
    if (state === 'done') throw new Fault('stale', `${file} has its name already`);
    if (state === 'open') await this.#complete(sha256, signal);
    // It is not given up while somebody works with it.
    await this.#write({ usedMs: Date.now() });
    return partPath(this.#record);
  }

  /** Ends what is under way; what was kept stays. */
  async close(): Promise<void> {
    this.#closing.abort(new Fault('cancelled', 'the upload is given up'));
    this.#taking?.stop.abort(new Fault('cancelled', 'the upload is given up'));
    await this.#taking?.ended.catch(() => undefined);
    await this.#closeTarget();
  }

  /** Nothing is left of what is not whole under its name. */
  async remove(): Promise<void> {
    await this.close();
    await this.#drop();
  }

  async #drop(): Promise<void> {
    this.#isGone = true;
    await this.#closeTarget();
    await rm(partPath(this.#record), { force: true });
    await rm(spoolPath(this.#record), { force: true });
    await this.#records.remove(this.#record.id);
  }

  async #take({ offset, sizeBytes, open }: Part, signal: AbortSignal): Promise<void> {
    this.#requireThere();
    const { file, state } = this.#record;
    if (state !== 'open') throw new Fault('stale', `all of ${file} has come already`);
    const target = await this.#open();
    this.#requireNext(offset, sizeBytes);
    using space = watchSpace([file], this.#space);
    const both = AbortSignal.any([signal, space.signal]);
    try {
      const taken = await this.#copy(target, await open(), sizeBytes, both);
      if (both.aborted) throw abortReason(both);
      if (taken < sizeBytes)
        throw new Fault('unavailable', `the part of ${file} ended after ${taken} bytes`);
    } catch (error) {
      if (isFault(error, 'invalid') || isFault(error, 'unsupported')) await this.#drop();
      // A decoder that failed to give what it had is no use any more: another one unpacks what is kept.
      else if (target.unpacking !== undefined && !isBreak(error)) await this.#closeTarget();
      throw error;
    } finally {
      if (this.#target !== undefined) await this.#keep(this.#target);
    }
  }

  #requireThere(): void {
    if (!this.#isGone) return;
    throw new Fault('not-found', 'there is no such upload any more', { hint: 'begin it anew' });
  }

  #requireNext(offset: number, sizeBytes: number): void {
    const { file, sizeBytes: all } = this.#record;
    if (offset !== this.#received)
      throw new Fault('stale', `${file} goes on at ${this.#received}, not at ${offset}`, {
        facts: { receivedBytes: this.#received },
      });
    const most = all ?? this.#maxContentBytes;
    if (offset + sizeBytes > most)
      throw new Fault(
        'invalid',
        `the part ends behind the end of ${file}, which has ${all === null ? 'at most ' : ''}${most} bytes`,
      );
  }

  async #copy(
    { writer, hash, unpacking, spool }: Target,
    content: AsyncIterable<Uint8Array>,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<number> {
    let taken = 0;
    const stopped = Promise.withResolvers<undefined>();
    const stop = (): void => stopped.resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    const parts = content[Symbol.asyncIterator]();
    try {
      while (taken < sizeBytes && !signal.aborted) {
        const next = await Promise.race([parts.next().catch(() => undefined), stopped.promise]);
        if (next === undefined || next.done === true) break;
        const bytes = next.value.subarray(0, sizeBytes - taken);
        await spool?.write(bytes);
        await (unpacking ?? writer).write(bytes);
        hash?.update(bytes);
        taken += bytes.length;
        this.#received += bytes.length;
      }
      return taken;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Goes on behind what has been kept. */
  async #open(): Promise<Target> {
    if (this.#target !== undefined) return this.#target;
    const { packing, receivedBytes } = this.#record;
    const path = partPath(this.#record);
    const isThere = await exists(path);
    const file = await openNodeFile(path, isThere ? 'write' : 'create');
    try {
      if (!isThere) await chmod(path, 0o600);
      const isKept = packing === 'none' && (await file.size()) >= receivedBytes;
      const position = isKept ? receivedBytes : 0;
      const writer = await SparseWriter.open(file, position);
      const spool =
        packing === 'none' ? undefined : await Spool.open(spoolPath(this.#record), receivedBytes);
      const target: Target = {
        file,
        writer,
        hash: position === 0 ? createHash('sha256') : undefined,
        unpacking:
          packing === 'none' ? undefined : new Unpacking(packing, this.#boundedSink(writer)),
        spool,
        async [Symbol.asyncDispose]() {
          await this.unpacking?.stop();
          await spool?.close();
          await file.close();
        },
      };
      await this.#unpackAgain(target);
      this.#received = spool?.sizeBytes ?? position;
      this.#target = target;
      return target;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** What is kept of what came packed. It goes on when the part that asked for it is sent anew: that one waits for it. */
  async #unpackAgain(target: Target): Promise<void> {
    const { hash, spool, unpacking } = target;
    try {
      for await (const bytes of spool?.read(this.#closing.signal) ?? []) {
        await unpacking?.write(bytes);
        hash?.update(bytes);
      }
    } catch (error) {
      await target[Symbol.asyncDispose]();
      if (isFault(error, 'invalid') || isFault(error, 'unsupported')) await this.#drop();
      throw error;
    }
  }

  async #closeTarget(): Promise<void> {
    const target = this.#target;
    this.#target = undefined;
    await target?.[Symbol.asyncDispose]();
    this.#received = this.#record.receivedBytes;
  }

  async #keep({ writer, spool }: Target): Promise<void> {
    await (spool === undefined ? writer.flush() : spool.sync());
    await this.#write({ receivedBytes: this.#received, usedMs: Date.now() });
  }

  async #complete(sha256: string | undefined, signal: AbortSignal): Promise<void> {
    const { file, sizeBytes } = this.#record;
    const target = await this.#open();
    if (sizeBytes !== null && this.#received !== sizeBytes)
      throw new Fault(
        'refused',
        `${formatBytes(this.#received)} of ${formatBytes(sizeBytes)} of ${file} have come`,
        { facts: { receivedBytes: this.#received }, hint: 'send the rest first' },
      );
    try {
      await target.unpacking?.end();
      await target.writer.flush();
      const found = target.hash?.digest('hex') ?? (await hashOf(partPath(this.#record), signal));
      if (sha256 !== undefined && found !== sha256)
        throw new Fault('invalid', `what came for ${file} is not what was to come`, {
          facts: { sha256: found, expected: sha256 },
          hint: 'nothing of it was kept; send it anew',
        });
      const result = { sizeBytes: target.writer.position, sha256: found };
      const receivedBytes = this.#received;
      await this.#write({ state: 'whole', sizeBytes: receivedBytes, receivedBytes, result });
      await rm(spoolPath(this.#record), { force: true });
    } catch (error) {
      if (isFault(error, 'invalid') || isFault(error, 'unsupported')) await this.#drop();
      throw error;
    }
    await this.#closeTarget();
  }

  /** Nothing that has the name already is overwritten, unless it was begun for that; a program that ended in between finds its own file there. */
  async #place(prepare: Finishing['prepare']): Promise<void> {
    const { file, replaces } = this.#record;
    const path = partPath(this.#record);
    if (await exists(path)) {
      await prepare?.(path);
      await chmod(path, modeOfFile(file, this.#record.result?.sizeBytes ?? 0));
      if (replaces) await rename(path, file);
      else await nameIt(path, file);
    }
    await flushFolder(dirname(file));
    await this.#write({ state: 'done', usedMs: Date.now() });
    await rm(path, { force: true });
    await rm(spoolPath(this.#record), { force: true });
  }

  #boundedSink(writer: SparseWriter): (bytes: Buffer) => Promise<void> {
    const limit = this.#maxContentBytes;
    return async (bytes) => {
      if (writer.position + bytes.length > limit)
        throw new Fault('invalid', `it unpacks to more than ${formatBytes(limit)}`, {
          facts: { limit },
        });
      await writer.write(bytes);
    };
  }

  async #write(change: Partial<UploadRecord>): Promise<void> {
    const record = { ...this.#record, ...change };
    await this.#records.write(record);
    this.#record = record;
  }
}

/** What may come again as it is: the decoder goes on. */
function isBreak(error: unknown): boolean {
  return isFault(error, 'unavailable') || isFault(error, 'cancelled') || isFault(error, 'stale');
}

async function nameIt(path: string, file: string): Promise<void> {
  try {
    await link(path, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      if ((await fileIdentity(path)) === (await fileIdentity(file))) return;
      throw new Fault('exists', `${file} is there already`, { hint: 'choose another name' });
    }
    // Not every file system has hard links.
    if (code !== 'EPERM' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (await exists(file))
      throw new Fault('exists', `${file} is there already`, { hint: 'choose another name' });
    await rename(path, file);
  }
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { signal }), hash);
  return hash.digest('hex');
}
