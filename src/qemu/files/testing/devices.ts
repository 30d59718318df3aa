/** For tests: block devices that lie in memory and in a raw file. */
import type { FileHandle } from 'node:fs/promises';
import type { BlockDevice } from '../block-device.ts';

abstract class TestDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly sectorBytes = 512;
  readonly blockBytes = 4096;
  readonly isWritable = true;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  abstract read(into: Uint8Array, offset: number): Promise<void>;
  abstract write(from: Uint8Array, offset: number): Promise<void>;
  abstract flush(): Promise<void>;

  async zero(offset: number, length: number): Promise<void> {
    await this.write(Buffer.alloc(length), offset);
  }

  runAt(
    _offset: number,
    limit: number,
  ): Promise<{ readonly kind: string; readonly length: number }> {
    return Promise.resolve({ kind: 'data', length: limit });
  }
}

export class BufferDevice extends TestDevice {
  readonly content: Buffer;

  constructor(content: Buffer) {
    super(content.length);
    this.content = content;
  }

  read(into: Uint8Array, offset: number): Promise<void> {
    return Promise.resolve(into.set(this.content.subarray(offset, offset + into.length)));
  }

  write(from: Uint8Array, offset: number): Promise<void> {
    return Promise.resolve(this.content.set(from, offset));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}

export class RawFileDevice extends TestDevice {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, sizeBytes: number) {
    super(sizeBytes);
    this.#handle = handle;
  }

  async read(into: Uint8Array, offset: number): Promise<void> {
    await this.#handle.read(into, 0, into.length, offset);
  }

  async write(from: Uint8Array, offset: number): Promise<void> {
    await this.#handle.write(from, 0, from.length, offset);
  }

  flush(): Promise<void> {
    return this.#handle.datasync();
  }
}
