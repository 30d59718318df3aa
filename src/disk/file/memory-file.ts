/** A file in memory, for tests, small recipes and what is made before it is written. Grows in chunks. */
import { Fault } from '#lib';
import type { Access, DiskFile } from './disk-file.ts';

const chunkBytes = 65536;

let made = 0;

export class MemoryFile implements DiskFile {
  readonly name: string;
  readonly access: Access;
  readonly identity: string;
  readonly #limitBytes: number;
  #chunks = new Map<number, Uint8Array>();
  #size = 0;

  constructor(name: string, content?: Uint8Array, limitBytes = 1024 ** 4) {
    this.name = name;
    this.access = 'write';
    made += 1;
    this.identity = `memory:${made}`;
    this.#limitBytes = limitBytes;
    if (content !== undefined) this.#put(content, 0);
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    const count = Math.max(0, Math.min(into.length, this.#size - offset));
    for (let done = 0; done < count;) {
      const at = offset + done;
      const length = Math.min(count - done, chunkBytes - (at % chunkBytes));
      const chunk = this.#chunks.get(Math.floor(at / chunkBytes));
      if (chunk === undefined) into.fill(0, done, done + length);
      else into.set(chunk.subarray(at % chunkBytes, (at % chunkBytes) + length), done);
      done += length;
    }
    return Promise.resolve(count);
  }

  write(from: Uint8Array, offset: number): Promise<void> {
    if (offset + from.length > this.#limitBytes) {
      return Promise.reject(new Fault('exhausted', `cannot write ${this.name}: no space left`));
    }
    this.#put(from, offset);
    return Promise.resolve();
  }

  #put(from: Uint8Array, offset: number): void {
    for (let done = 0; done < from.length;) {
      const at = offset + done;
      const index = Math.floor(at / chunkBytes);
      const length = Math.min(from.length - done, chunkBytes - (at % chunkBytes));
      let chunk = this.#chunks.get(index);
      if (chunk === undefined) {
        chunk = new Uint8Array(chunkBytes);
        this.#chunks.set(index, chunk);
      }
      chunk.set(from.subarray(done, done + length), at % chunkBytes);
      done += length;
    }
    this.#size = Math.max(this.#size, offset + from.length);
  }

  size(): Promise<number> {
    return Promise.resolve(this.#size);
  }

  truncate(sizeBytes: number): Promise<void> {
    if (sizeBytes < this.#size) {
      for (const [index, chunk] of this.#chunks) {
        const start = index * chunkBytes;
        if (start >= sizeBytes) this.#chunks.delete(index);
        else if (start + chunkBytes > sizeBytes) chunk.fill(0, sizeBytes - start);
      }
    }
    this.#size = sizeBytes;
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  storedBytes(): Promise<number> {
    return Promise.resolve(this.#chunks.size * chunkBytes);
  }

  /** The whole content; only for files known to be small. */
  async content(): Promise<Buffer> {
    const bytes = Buffer.alloc(this.#size);
    await this.read(bytes, 0);
    return bytes;
  }
}
