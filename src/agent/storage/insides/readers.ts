/**
 * Machines that stay for a moment after they were asked, since people open one folder after the other and a machine takes seconds to
 * come up.
 *
 * Invariants: (1) one that stays is used again only while none of its disk's files has changed; (2) after any failure it is ended;
 * (3) at most `maxKept` stay; one that is asked is nobody else's meanwhile.
 */
import { stat } from 'node:fs/promises';
import type { Disk } from '#disk';
import type { FilesAppliance } from '#qemu';

const keptMs = 20_000;
const maxKept = 2;

interface Reader {
  readonly appliance: FilesAppliance;
  readonly disk: Disk;
  readonly stamp: string;
  timer: NodeJS.Timeout | undefined;
}

export class Readers {
  readonly #start: (disk: Disk, signal: AbortSignal) => Promise<FilesAppliance>;
  readonly #kept = new Map<string, Reader>();

  constructor(start: (disk: Disk, signal: AbortSignal) => Promise<FilesAppliance>) {
    this.#start = start;
  }

  /** Errors: those of opening, starting and of the work. */
  async use<T>(
    path: string,
    open: () => Promise<Disk>,
    signal: AbortSignal,
    work: (appliance: FilesAppliance) => Promise<T>,
  ): Promise<T> {
    const reader = (await this.#take(path)) ?? (await this.#begin(open, signal));
    try {
      const answer = await work(reader.appliance);
      await this.#keep(path, reader);
      return answer;
    } catch (error) {
      await this.#end(path, reader);
      throw error;
    }
  }

  /** Ends what stays of a disk that is about to be changed. */
  async forget(path: string): Promise<void> {
    const reader = this.#kept.get(path);
    if (reader !== undefined) await this.#end(path, reader);
  }

  async #take(path: string): Promise<Reader | undefined> {
    const reader = this.#kept.get(path);
    if (reader === undefined) return undefined;
    // Nobody else takes it while its files are looked at.
    this.#kept.delete(path);
    clearTimeout(reader.timer);
    if ((await stampOf(reader.disk)) === reader.stamp) return reader;
    await this.#end(path, reader);
    return undefined;
  }

  async #begin(open: () => Promise<Disk>, signal: AbortSignal): Promise<Reader> {
    const disk = await open();
    try {
      const stamp = await stampOf(disk);
      const appliance = await this.#start(disk, signal);
      return { appliance, disk, stamp, timer: undefined };
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  async #keep(path: string, reader: Reader): Promise<void> {
    await this.forget(path);
    const [oldest] = this.#kept;
    if (this.#kept.size >= maxKept && oldest !== undefined) await this.#end(...oldest);
    reader.timer = setTimeout(() => void this.#end(path, reader), keptMs);
    // The agent does not wait for it.
    reader.timer.unref();
    this.#kept.set(path, reader);
  }

  async #end(path: string, reader: Reader): Promise<void> {
    clearTimeout(reader.timer);
    if (this.#kept.get(path) === reader) this.#kept.delete(path);
    await reader.appliance[Symbol.asyncDispose]();
    await reader.disk.close();
  }
}

/** What changes with any of its files. */
async function stampOf(disk: Disk): Promise<string> {
  const stamps = disk.chain().map(async ({ name }) => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(name, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  });
  return (await Promise.all(stamps)).join('\n');
}
