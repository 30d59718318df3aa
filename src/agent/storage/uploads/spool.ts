/**
 * What came packed, as it came: a decoder cannot be kept over the end of its program, so the next one unpacks again what is
 * here, and only what is not here is sent again. It takes the space of what was sent until that is whole.
 */
import { abortReason } from '#lib';
import { openNodeFile, type DiskFile } from '#disk';
import { exists } from '../exists.ts';

const readBytes = 1024 * 1024;

export class Spool {
  readonly #file: DiskFile;
  #bytes: number;

  private constructor(file: DiskFile, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** With so much of what was kept, or nothing where that is not all there. Faults: those of the file. */
  static async open(path: string, keptBytes: number): Promise<Spool> {
    const file = await openNodeFile(path, (await exists(path)) ? 'write' : 'create');
    try {
      const bytes = (await file.size()) >= keptBytes ? keptBytes : 0;
      // what came behind it was never said to be kept, and is sent again
      await file.truncate(bytes);
      return new Spool(file, bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** All of it from the first byte on. */
  async *read(signal: AbortSignal): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.#bytes; at += readBytes) {
      if (signal.aborted) throw abortReason(signal);
      const bytes = Buffer.allocUnsafe(Math.min(readBytes, this.#bytes - at));
      await this.#file.read(bytes, at);
      yield bytes;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, this.#bytes);
    this.#bytes += bytes.length;
  }

  /** What was written survives a loss of power. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
