/**
 * One recording of a serial port while it runs: a watcher of its own, whose bytes go to a file as they come.
 *
 * Invariant: the file never grows beyond its bound, and what was said before the end is in it; only a coordinator
 * that is killed leaves its last line cut.
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { WebSocket } from 'ws';
import type { Clock } from '#lib';
import type { RecordingEnd } from '#api';
import { CastLines, castHeader } from './asciicast.ts';

export const maxRecordingBytes = 16 * 1024 * 1024;
export const maxRecordingMs = 8 * 3_600_000;

export class Recorder {
  readonly #agent: WebSocket;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #lines = new CastLines();
  readonly #timer: NodeJS.Timeout;
  #why: RecordingEnd | undefined;
  #written: Promise<unknown> = Promise.resolve();
  sizeBytes: number;
  /** Resolves with the reason when all is on the disk. */
  readonly ended: Promise<RecordingEnd>;

  private constructor(agent: WebSocket, file: FileHandle, header: string, clock: Clock) {
    this.#agent = agent;
    this.#file = file;
    this.#clock = clock;
    this.#startedMs = clock.now();
    this.sizeBytes = Buffer.byteLength(header);
    const { promise, resolve } = Promise.withResolvers<RecordingEnd>();
    this.ended = promise.then(async (why) => {
      await this.#written;
      await file.close();
      return why;
    });
    this.#timer = setTimeout(() => this.stop('time'), maxRecordingMs).unref();
    agent.on('message', (data: Buffer) => this.#take(data));
    agent.on('close', () => {
      clearTimeout(this.#timer);
      resolve(this.#why ?? 'machine');
    });
    agent.on('error', () => agent.terminate());
    agent.resume();
  }

  /** Takes over the agent's end. Errors: those of the file system. */
  static async start(
    agent: WebSocket,
    path: string,
    title: string,
    clock: Clock,
  ): Promise<Recorder> {
    const header = castHeader(title, clock.now());
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(header);
    return new Recorder(agent, file, header, clock);
  }

  stop(why: RecordingEnd): void {
    this.#why ??= why;
    this.#agent.close(1000);
  }

  #take(data: Buffer): void {
    // What was said before a stop is still on its way.
    if (this.#why === 'size' || this.#why === 'disk') return;
    const line = this.#lines.write(data, this.#clock.now() - this.#startedMs);
    const lineBytes = Buffer.byteLength(line);
    if (this.sizeBytes + lineBytes > maxRecordingBytes) {
      this.stop('size');
      return;
    }
    this.sizeBytes += lineBytes;
    // A disk that is slower than the port holds back the port.
    this.#agent.pause();
    this.#written = this.#written
      .then(() => this.#file.appendFile(line))
      .then(() => this.#agent.resume())
      .catch(() => this.stop('disk'));
  }
}
