/**
 * The records of a host's machines as files, one each: `<folder>/<id>.json`.
 *
 * Invariants: (1) what `save` resolved for is on disk, that version or a newer one; (2) versions of one
 * record reach the disk in the order in which they were saved; (3) at most `maxWriters` writes are on the way.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, describeFault, miB } from '#lib';
import type { Log } from '#log';
import {
  flushFolder,
  sweepTemporaries,
  writeFileAtomic,
  type Durability,
} from '../storage/atomic-file.ts';
import { machineFileSchema, recordFormat, type MachineFile } from './record.ts';

const maxWriters = 8;
const maxRecordBytes = 4 * miB;

/** Where records are kept. */
export interface Records {
  /** All records that can be read; `damaged` are the ids of the others. */
  load(): Promise<{ readonly files: MachineFile[]; readonly damaged: string[] }>;
  /** Resolves when this version or a newer one is kept. */
  save(file: MachineFile): Promise<void>;
  remove(id: string): Promise<void>;
  /** Resolves when nothing is on the way any more. */
  settle(): Promise<void>;
}

interface Pending {
  /** Null: the record goes. */
  file: MachineFile | null;
  readonly done: PromiseWithResolvers<void>;
}

export class RecordStore implements Records {
  readonly #folder: string;
  readonly #durability: Durability;
  readonly #log: Log;
  readonly #waiting = new Map<string, Pending>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor(folder: string, durability: Durability, log: Log) {
    this.#folder = folder;
    this.#durability = durability;
    this.#log = log;
  }

  /** All records that can be read. One that cannot is set aside, logged, and answered by its id in `damaged`. */
  async load(): Promise<{ readonly files: MachineFile[]; readonly damaged: string[] }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await sweepTemporaries(this.#folder);
    const files: MachineFile[] = [];
    const damaged: string[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!/^[0-9a-f-]{36}\.json$/.test(name)) continue;
      try {
        files.push(await this.#read(join(this.#folder, name)));
      } catch (error) {
        damaged.push(name.slice(0, 36));
        this.#log.error(
          { file: name, why: describeFault(error) },
          'record of a machine unreadable',
        );
      }
    }
    return { files, damaged };
  }

  /** Resolves when this version or a newer one is on disk. Errors: `exhausted` when the disk is full, `internal`. */
  save(file: MachineFile): Promise<void> {
    return this.#put(file.definition.id, file);
  }

  remove(id: string): Promise<void> {
    return this.#put(id, null);
  }

  /** Resolves when nothing is on the way any more. */
  async settle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing.values());
  }

  async #read(path: string): Promise<MachineFile> {
    const { size } = await stat(path);
    if (size > maxRecordBytes) throw new Fault('too-large', `record ${path} has ${size} bytes`);
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    const format =
      typeof value === 'object' && value !== null && 'format' in value ? value.format : 0;
    if (typeof format === 'number' && format > recordFormat) {
      throw new Fault('unsupported', `record ${path} was written by a newer version`);
    }
    const parsed = machineFileSchema.safeParse(value);
    if (!parsed.success) throw new Fault('corrupt', `record ${path}`, { cause: parsed.error });
    return parsed.data;
  }

  #put(id: string, file: MachineFile | null): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (waiting) {
      waiting.file = file;
      return waiting.done.promise;
    }
    const pending: Pending = { file, done: Promise.withResolvers<void>() };
    // Whoever does not wait for the write must not make its failure an unhandled one.
    pending.done.promise.catch(() => undefined);
    this.#waiting.set(id, pending);
    this.#start();
    return pending.done.promise;
  }

  #start(): void {
    for (const [id, pending] of this.#waiting) {
      if (this.#writing.size >= maxWriters) return;
      if (this.#writing.has(id)) continue;
      this.#waiting.delete(id);
      this.#writing.set(id, this.#write(id, pending));
    }
  }

  async #write(id: string, pending: Pending): Promise<void> {
    const path = join(this.#folder, `${id}.json`);
    try {
      if (pending.file === null) {
        await rm(path, { force: true });
        if (this.#durability === 'flushed') await flushFolder(this.#folder);
      } else {
        const text = JSON.stringify(pending.file);
        await writeFileAtomic(path, text, { mode: 0o600, durability: this.#durability });
      }
      pending.done.resolve();
    } catch (error) {
      pending.done.reject(explainWrite(id, error));
    } finally {
      this.#writing.delete(id);
      this.#start();
    }
  }
}

function explainWrite(id: string, cause: unknown): Fault {
  const code = (cause as NodeJS.ErrnoException).code;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new Fault(full ? 'exhausted' : 'internal', `cannot write the record of machine ${id}`, {
    cause,
    hint: full ? "free space on the volume of the agent's data" : undefined,
  });
}
