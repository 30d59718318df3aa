/**
 * The audit trail (SEC-73): who asked what of which object, from where, and what was answered, in
 * <data>/audit/YYYY-MM.jsonl, which only the service's account can read.
 *
 * The line of a request that may have changed something is given to the operating system at once, so
 * that the end of this program loses nothing; lines of reads wait at most a second. All of it is on
 * the disk within a second. A full disk stops no request: lines wait, up to a bound, and what does not
 * fit is counted in the next line.
 */
import { closeSync, constants, fdatasync, openSync, writeSync } from 'node:fs';
import { rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isoTime, type Clock } from '#lib';
import type { AuditEntry } from '#api';
import type { Log } from '#log';
import { makeSecretFolder } from '../authority/secret-file.ts';
import { hashLine, noHash, readLine, writeLine } from './chain.ts';
import { fileName, listFiles, readBackwards, type WholeLine } from './files.ts';

const maxBufferBytes = 4 * 1024 * 1024;
const flushBytes = 64 * 1024;
const flushMs = 1000;
const syncFile = promisify(fdatasync);

export type Weight = 'at-once' | 'within-a-second';
/** What the trail adds itself. */
export type NewEntry = Omit<AuditEntry, 'seq' | 'time' | 'unwritten'>;

export class AuditTrail implements AsyncDisposable {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #seq: number;
  #hash: string;
  #unwritten = 0;
  #file: { readonly name: string; readonly descriptor: number } | undefined;
  /** Lines with their ends; the first may have been written in part. */
  #buffer: Buffer[] = [];
  #bufferBytes = 0;
  #bufferFile = '';
  #needsSync = false;
  #isFailing = false;
  readonly #timer: NodeJS.Timeout;

  private constructor(folder: string, clock: Clock, log: Log, seq: number, hash: string) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
    this.#seq = seq;
    this.#hash = hash;
    this.#timer = setInterval(() => void this.#settle(), flushMs);
    this.#timer.unref();
  }

  /** Goes on behind the last whole line; a torn one of a crash is cut off. */
  static async open(folder: string, clock: Clock, log: Log): Promise<AuditTrail> {
    await makeSecretFolder(folder);
    for (const name of [...(await listFiles(folder))].reverse()) {
      const path = join(folder, name);
      const last = await readLast(path);
      const endsAt = last?.endsAt ?? 0;
      const { size } = await stat(path);
      if (size > endsAt) {
        await truncate(path, endsAt);
        log.warn({ file: path, bytes: size - endsAt }, 'the audit trail ended within a line');
      }
      if (last)
        return new AuditTrail(
          folder,
          clock,
          log,
          readLine(last.text)?.seq ?? 0,
          hashLine(last.text),
        );
    }
    return new AuditTrail(folder, clock, log, 0, noHash);
  }

  /** Whether lines can be written. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Notes a request that is only counted. */
  count(): void {
    this.#unwritten += 1;
  }

  append(entry: NewEntry, weight: Weight): void {
    if (this.#bufferBytes > maxBufferBytes) {
      this.count();
      return;
    }
    const now = this.#clock.now();
    const name = fileName(now);
    if (name !== this.#bufferFile) {
      this.#flush();
      // What the disk has taken half of is finished where it was begun.
      if (this.#buffer.length === 0) this.#bufferFile = name;
    }
    this.#seq += 1;
    const line = writeLine(
      { seq: this.#seq, time: isoTime(now), ...entry, unwritten: this.#unwritten },
      this.#hash,
    );
    this.#unwritten = 0;
    this.#hash = hashLine(line);
    const bytes = Buffer.from(`${line}\n`);
    this.#buffer.push(bytes);
    this.#bufferBytes += bytes.length;
    // While the disk takes nothing, once a second is often enough to try.
    const isDue = weight === 'at-once' || this.#bufferBytes > flushBytes;
    if (isDue && !this.#isFailing) this.#flush();
  }

  /** All lines so far are on the disk. */
  async flush(): Promise<void> {
    this.#flush();
    if (!this.#needsSync || this.#file === undefined) return;
    this.#needsSync = false;
    await syncFile(this.#file.descriptor);
  }

  /** Deletes files of months before; the chain goes on from what is kept. */
  async forgetBefore(ms: number): Promise<void> {
    const oldest = fileName(ms);
    for (const name of await listFiles(this.#folder))
      if (name < oldest) await rm(join(this.#folder, name), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#settle();
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }

  async #settle(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.#fail(error);
    }
  }

  #flush(): void {
    if (this.#buffer.length === 0) return;
    try {
      const descriptor = this.#open();
      let bytes = Buffer.concat(this.#buffer);
      while (bytes.length > 0) {
        const written = writeSync(descriptor, bytes);
        bytes = bytes.subarray(written);
        this.#buffer = [bytes];
        this.#bufferBytes = bytes.length;
      }
      this.#buffer = [];
      this.#needsSync = true;
      this.#isFailing = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #open(): number {
    if (this.#file?.name === this.#bufferFile) return this.#file.descriptor;
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
    const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
    const path = join(this.#folder, this.#bufferFile);
    const descriptor = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
    this.#file = { name: this.#bufferFile, descriptor };
    return descriptor;
  }

  #fail(error: unknown): void {
    if (!this.#isFailing) this.#log.error({ err: error }, 'cannot write the audit trail');
    this.#isFailing = true;
  }
}

async function readLast(path: string): Promise<WholeLine | undefined> {
  for await (const line of readBackwards(path)) return line;
  return undefined;
}
