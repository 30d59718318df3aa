/**
 * Vms that are coming to this host: a folder each, files in it that are there up to some place, and a record that says so.
 *
 *   begin --> receiving --(segments, noted one by one)--> complete --take--> a machine of this host
 *     '------------'------------ cancel ---------------------'--> nothing
 *
 * Invariants: (1) a folder has a record before anything is in it; (2) at most one stream writes it; (3) what a machine of
 * this host has is not removed.
 */
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { idSchema, maxMovedFiles, movedFileSchema, movedPathSchema, type HostArrival } from '#api';
import { describeFault, Fault, miB } from '#lib';
import type { Log } from '#log';
import { sweepTemporaries, writeFileAtomic } from '../storage/atomic-file.ts';
import { markOf } from './leaving-files.ts';
import { receiveFiles } from './receive.ts';

const maxRecordBytes = 16 * miB;

const arrivalSchema = z.strictObject({
  gantry: z.literal('arrival'),
  format: z.literal(1),
  id: idSchema,
  moveId: z.string().max(64),
  folder: z.string().max(1024),
  fileName: movedPathSchema,
  files: z.array(movedFileSchema).max(maxMovedFiles),
  record: z.record(z.string(), z.json()),
  at: z.strictObject({ file: z.number().int().min(0), offset: z.number().int().min(0) }),
  complete: z.boolean(),
});
export type Arrival = z.infer<typeof arrivalSchema>;

interface Stream {
  readonly over: AbortController;
  readonly ended: Promise<void>;
}

export class Arrivals {
  readonly #folder: string;
  readonly #log: Log;
  readonly #known = new Map<string, Arrival>();
  readonly #streams = new Map<string, Stream>();
  readonly #troubles = new Map<string, string>();

  private constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** With those that an earlier agent left. */
  static async open(folder: string, log: Log): Promise<Arrivals> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await sweepTemporaries(folder);
    const arrivals = new Arrivals(folder, log);
    for (const name of await readdir(folder)) {
      if (!/^[0-9a-f-]{36}\.json$/.test(name)) continue;
      try {
        const arrival = await readArrival(join(folder, name));
        arrivals.#known.set(arrival.id, arrival);
      } catch (error) {
        log.error({ file: name, why: describeFault(error) }, 'record of an arrival unreadable');
      }
    }
    return arrivals;
  }

  list(): HostArrival[] {
    return [...this.#known.values()].map(({ id, moveId }) => ({ id, moveId }));
  }

  /** Of this move; undefined where there is none. */
  find(id: string, moveId: string): Arrival | undefined {
    const arrival = this.#known.get(id);
    return arrival?.moveId === moveId ? arrival : undefined;
  }

  /** Of another move than this one. */
  findOther(id: string, moveId: string): Arrival | undefined {
    const arrival = this.#known.get(id);
    return arrival?.moveId === moveId ? undefined : arrival;
  }

  /** Why the last stream of it ended early. */
  trouble(id: string): string | null {
    return this.#troubles.get(id) ?? null;
  }

  /** A new one, or one whose files are other ones now, which begin anew. */
  async begin(arrival: Omit<Arrival, 'gantry' | 'format' | 'at' | 'complete'>): Promise<Arrival> {
    const known = this.find(arrival.id, arrival.moveId);
    const isKnown = known !== undefined && markOf(known.files) === markOf(arrival.files);
    if (isKnown && isDeepStrictEqual(known.record, arrival.record)) return known;
    await this.stop(arrival.id);
    // What is told beside the files may be other by now.
    const now = this.find(arrival.id, arrival.moveId);
    if (isKnown && now !== undefined) return await this.#keep({ ...now, record: arrival.record });
    if (known !== undefined) await emptyFolder(known.folder);
    return this.#keep({
      gantry: 'arrival',
      format: 1,
      ...arrival,
      at: { file: 0, offset: 0 },
      // Of no files all are here.
      complete: arrival.files.length === 0,
    });
  }

  /** Takes files from the stream until all are here or it breaks. The one before, if it is still there, ends. */
  async receive(id: string, moveId: string, stream: Duplex): Promise<void> {
    await this.stop(id);
    const arrival = this.find(id, moveId);
    if (arrival === undefined || arrival.complete) {
      stream.destroy();
      return;
    }
    const over = new AbortController();
    over.signal.addEventListener('abort', () => stream.destroy(), { once: true });
    const ended = this.#receive(arrival, stream);
    const mine: Stream = { over, ended };
    this.#streams.set(id, mine);
    await ended;
    if (this.#streams.get(id) === mine) this.#streams.delete(id);
  }

  /** Resolves when nothing is written any more. */
  async stop(id: string): Promise<void> {
    const stream = this.#streams.get(id);
    stream?.over.abort();
    await stream?.ended;
  }

  /** Its files stay: a machine of this host has them, or they have gone. */
  async forget(id: string): Promise<void> {
    await this.stop(id);
    await rm(this.#path(id), { force: true });
    this.#known.delete(id);
    this.#troubles.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#streams.keys()) await this.stop(id);
  }

  /** Never fails: why it ended early is told by `trouble`. */
  async #receive(arrival: Arrival, stream: Duplex): Promise<void> {
    let now = arrival;
    try {
      await receiveFiles(stream, {
        ...arrival,
        note: async (at) => {
          now = await this.#keep({ ...now, at });
        },
      });
      await this.#keep({ ...now, complete: true });
      this.#troubles.delete(arrival.id);
      stream.end();
    } catch (error) {
      this.#troubles.set(arrival.id, describeFault(error).slice(0, 1000));
      this.#log.warn({ vm: arrival.id, why: describeFault(error) }, 'files of a vm that comes');
      stream.destroy();
    }
  }

  async #keep(arrival: Arrival): Promise<Arrival> {
    const text = JSON.stringify(arrival);
    await writeFileAtomic(this.#path(arrival.id), text, { mode: 0o600, durability: 'flushed' });
    this.#known.set(arrival.id, arrival);
    return arrival;
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

/** How much of the sizes of all files is here. */
export function doneBytes({ files, at, complete }: Arrival): number {
  const sizes = files.map((file) => (file.kind === 'file' ? file.sizeBytes : 0));
  const whole = complete ? sizes : sizes.slice(0, at.file);
  return whole.reduce((sum, size) => sum + size, complete ? 0 : at.offset);
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    await rm(join(folder, name), { recursive: true, force: true });
}

async function readArrival(path: string): Promise<Arrival> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > maxRecordBytes) throw new Fault('too-large', `${path} has ${size} bytes`);
    return arrivalSchema.parse(JSON.parse(await handle.readFile('utf8')));
  } finally {
    await handle.close();
  }
}
