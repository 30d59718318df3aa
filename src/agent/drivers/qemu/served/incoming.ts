/**
 * A disk that a copy is made into. Nobody goes by it before the copy is whole and flushed, so its files need not be in order
 * after a loss of power; but whoever copies does not write again what was answered, so that must be there when this process
 * has died: it is with the host before the answer.
 */
import { eachRun, withoutSync, type Disk, type FileStore } from '#disk';

/** A run of zeros of this length is not written. */
const holeBytes = 65_536;

/** A store whose files go to the volume when told to, and no sooner. */
export class LazyStore implements FileStore {
  readonly #store: FileStore;
  #flushes = 0;

  constructor(store: FileStore) {
    this.#store = store;
  }

  async open(...asked: Parameters<FileStore['open']>): ReturnType<FileStore['open']> {
    const file = await this.#store.open(...asked);
    const sync = (): Promise<void> => (this.#flushes > 0 ? file.sync() : Promise.resolve());
    return { ...withoutSync(file), sync };
  }

  locate(from: string, name: string): Promise<string> {
    return this.#store.locate(from, name);
  }

  /** What the work does reaches the volume. */
  async durably<T>(work: () => Promise<T>): Promise<T> {
    this.#flushes += 1;
    try {
      return await work();
    } finally {
      this.#flushes -= 1;
    }
  }
}

/** Without the zeros in it. */
export async function writeIncoming(disk: Disk, from: Uint8Array, offset: number): Promise<void> {
  const runs: { readonly at: number; readonly length: number; readonly kind: 'zero' | 'data' }[] =
    [];
  eachRun(from, (at, length, kind) => runs.push({ at, length, kind }), holeBytes);
  for (const { at, length, kind } of runs)
    if (kind === 'zero') await disk.zero(offset + at, length);
    else await disk.write(from.subarray(at, at + length), offset + at);
  await disk.flush();
}
