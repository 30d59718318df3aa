/**
 * Writes files that come over a stream, segment by segment: each is flushed before it is noted as being here, so that
 * after a break, of the stream or of this program, it goes on behind what is noted.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { openNodeFile, type DiskFile } from '#disk';
import { Fault } from '#lib';
import type { MovedFile } from '#api';
import { exists } from '../storage/exists.ts';
import { flushFolder } from '../storage/atomic-file.ts';
import { readFrames, SegmentSum, wantFrame, type Frame } from './frames.ts';
import { markOf } from './leaving-files.ts';

/** What is here: all of the files before `file`, and of this one all before `offset`. */
export interface Position {
  readonly file: number;
  readonly offset: number;
}

export interface Receiving {
  readonly folder: string;
  readonly files: readonly MovedFile[];
  readonly at: Position;
  /** Resolves when it is kept. */
  readonly note: (at: Position) => Promise<void>;
}

/** Resolves when all is here and flushed. Errors: `unavailable` for a stream that ends before; `corrupt`; `exhausted`. */
export async function receiveFiles(stream: Duplex, receiving: Receiving): Promise<void> {
  const { folder, files } = receiving;
  for (const file of files)
    if (file.kind === 'folder')
      await mkdir(join(folder, file.path), { mode: 0o700, recursive: true });
  const writer = new FileWriter(receiving);
  try {
    stream.write(wantFrame({ list: markOf(files), ...writer.at }));
    for await (const frame of readFrames(stream.iterator({ destroyOnReturn: false }))) {
      if (frame.kind === 'end') {
        await writer.finish();
        return;
      }
      if (frame.kind === 'trouble') throw new Fault('unavailable', frame.why);
      await writer.take(frame);
    }
    throw new Fault('unavailable', 'the stream ended before all was sent');
  } finally {
    await writer.close();
  }
}

class FileWriter {
  readonly #receiving: Receiving;
  readonly #sum = new SegmentSum();
  #open: { readonly number: number; readonly file: DiskFile } | undefined;
  /** Files before it are whole. */
  #at: Position;
  /** Up to where data of the present segment has come. */
  #reached: number;

  constructor(receiving: Receiving) {
    this.#receiving = receiving;
    this.#at = receiving.at;
    this.#reached = receiving.at.offset;
  }

  get at(): Position {
    return this.#at;
  }

  async take(frame: Frame): Promise<void> {
    if (frame.kind === 'data') await this.#write(frame.file, frame.offset, frame.bytes);
    else if (frame.kind === 'segment') await this.#close(frame.file, frame.end, frame.sum);
    else throw new Fault('corrupt', `a frame ${frame.kind} where files come`);
  }

  /** All files are there, those without content too, with their permissions. */
  async finish(): Promise<void> {
    const { folder, files } = this.#receiving;
    await this.#passTo(files.length);
    for (const file of files) {
      const path = join(folder, file.path);
      await chmod(path, file.mode);
      if (file.kind === 'folder') await flushFolder(path);
    }
    await flushFolder(folder);
  }

  async close(): Promise<void> {
    await this.#open?.file.close();
    this.#open = undefined;
  }

  async #write(number: number, offset: number, bytes: Buffer): Promise<void> {
    const { sizeBytes } = await this.#file(number);
    if (offset < this.#reached || offset + bytes.length > sizeBytes)
      throw new Fault('corrupt', `data at ${offset} where it cannot be`);
    this.#sum.add(offset, bytes);
    await this.#open?.file.write(bytes, offset);
    this.#reached = offset + bytes.length;
  }

  async #close(number: number, end: number, sum: Buffer): Promise<void> {
    const { sizeBytes, path } = await this.#file(number);
    if (end < this.#reached || end > sizeBytes || end <= this.#at.offset)
      throw new Fault('corrupt', `a segment that ends at ${end} where it cannot`);
    if (!this.#sum.take().equals(sum))
      throw new Fault('corrupt', `what has come of ${path} before ${end} is not what was sent`);
    await this.#open?.file.sync();
    this.#reached = end;
    this.#at = { file: number, offset: end };
    await this.#receiving.note(this.#at);
  }

  async #file(number: number): Promise<Extract<MovedFile, { kind: 'file' }>> {
    const file = this.#receiving.files[number];
    if (file?.kind !== 'file' || number < this.#at.file)
      throw new Fault('corrupt', `data of a file ${number} that is none`);
    if (number !== this.#at.file) await this.#passTo(number);
    this.#open ??= { number, file: await this.#openFile(file) };
    return file;
  }

  /** Those up to the number are whole: of what was sent nothing is missing, and what was not is empty. */
  async #passTo(number: number): Promise<void> {
    const { files } = this.#receiving;
    for (let one = this.#at.file; one < number; one += 1) {
      const file = files[one];
      const done = one === this.#at.file ? this.#at.offset : 0;
      if (file?.kind !== 'file') continue;
      if (done !== file.sizeBytes)
        throw new Fault('corrupt', `${file.path} came only up to ${done}`);
      if (file.sizeBytes > 0) continue;
      const empty = await this.#openFile(file);
      await empty.sync();
      await empty.close();
    }
    await this.close();
    this.#at = { file: number, offset: 0 };
    this.#reached = 0;
  }

  async #openFile(file: Extract<MovedFile, { kind: 'file' }>): Promise<DiskFile> {
    const path = join(this.#receiving.folder, file.path);
    const isThere = await exists(path);
    const opened = await openNodeFile(path, isThere ? 'write' : 'create');
    try {
      if (!isThere) await chmod(path, 0o600);
      if ((await opened.size()) !== file.sizeBytes) await opened.truncate(file.sizeBytes);
      if (!isThere) await flushFolder(dirname(path));
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }
}
