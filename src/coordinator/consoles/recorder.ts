/**
 * One recording of a console while it runs: a watcher of its own, whose bytes go to a file as they come.
 *
 * Invariants: (1) the file never grows beyond its bound, and what was shown before the end is in it; only a coordinator
 * that is killed leaves its last piece cut; (2) a disk that is slower than the console holds back this watcher alone.
 */
import { open, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';
import { Fault, formatBytes, withDeadline, type Clock } from '#lib';
import type { ConsoleName, RecordingEnd } from '#api';
import { filmTerminal } from './asciicast.ts';
import { filmScreen } from './fbs.ts';
import type { Film } from './film.ts';
import { askOnceMore, greetScreen, keepAsking } from './watched-screen.ts';

export const maxRecordingBytes: Readonly<Record<ConsoleName, number>> = {
  screen: 128 * 1024 * 1024,
  serial1: 16 * 1024 * 1024,
  serial2: 16 * 1024 * 1024,
};
export const maxRecordingMs = 8 * 3_600_000;
/** The coordinator's store is on the same volume. */
export const keepFreeBytes = 1024 * 1024 * 1024;
/** Of a WebSocket that ended without a word (RFC 6455 7.1.5). */
const brokenOff = 1006;
const lookForSpaceBytes = 4 * 1024 * 1024;
const greetMs = 10_000;
/** For what a screen shows at the end. */
const lastPictureMs = 1000;

export interface RecorderParts {
  readonly console: ConsoleName;
  readonly path: string;
  readonly title: string;
  readonly clock: Clock;
  /** Of the volume that the path is on. */
  readonly freeBytes?: (path: string) => Promise<number>;
}

export class Recorder {
  readonly #parts: RecorderParts;
  readonly #agent: WebSocket;
  readonly #stream: Duplex;
  readonly #file: FileHandle;
  readonly #film: Film;
  readonly #startedMs: number;
  #lookAtBytes = 0;
  #lastMs = 0;
  #why: RecordingEnd | undefined;
  #isBroken = false;
  sizeBytes: number;
  /** Resolves with the reason when all is on the disk. */
  readonly ended: Promise<RecordingEnd>;

  private constructor(
    parts: RecorderParts,
    agent: WebSocket,
    stream: Duplex,
    file: FileHandle,
    film: Film,
  ) {
    this.#parts = parts;
    this.#agent = agent;
    this.#stream = stream;
    this.#file = file;
    this.#film = film;
    this.#startedMs = parts.clock.now();
    this.sizeBytes = film.header.length;
    agent.once('close', (code) => {
      this.#isBroken = code === brokenOff;
    });
    this.ended = this.#record();
  }

  /** Takes over the agent's end. Errors: those of the file system; `exhausted`; of a screen those of `greetScreen`. */
  static async start(agent: WebSocket, parts: RecorderParts): Promise<Recorder> {
    const { console, path, title, clock, freeBytes = freeBytesAt } = parts;
    const stream = createWebSocketStream(agent, { allowHalfOpen: false });
    // What ends it is told by its end.
    stream.on('error', () => undefined);
    const free = await freeBytes(path);
    if (free < keepFreeBytes) throw noSpace(free);
    const film =
      console === 'screen'
        ? filmScreen(
            await withDeadline('greeting the screen', greetMs, undefined, (signal) =>
              greetScreen(stream, signal),
            ),
          )
        : filmTerminal(title, clock.now());
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(film.header);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Recorder(parts, agent, stream, file, film);
  }

  stop(why: RecordingEnd): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    if (this.#parts.console !== 'screen' || why === 'coordinator') this.#agent.close(1000);
    else {
      askOnceMore(this.#stream);
      setTimeout(() => this.#agent.close(1000), lastPictureMs).unref();
    }
  }

  async #record(): Promise<RecordingEnd> {
    const stream = this.#stream;
    using stack = new DisposableStack();
    if (this.#parts.console === 'screen') stack.use(keepAsking(stream));
    const timer = setTimeout(() => this.stop('time'), maxRecordingMs).unref();
    stack.defer(() => clearTimeout(timer));
    try {
      // What was shown before a stop is still on its way, and ends with the connection.
      for await (const bytes of stream) {
        const full = await this.#write(bytes as Buffer);
        if (full !== undefined) {
          this.#why ??= full;
          break;
        }
        if (this.#why !== undefined) this.#agent.close(1000);
      }
    } catch {
      // A connection that breaks ends as the machine does; a file that cannot be written has said why.
    }
    const end = this.#film.end(this.#afterMs());
    if (this.sizeBytes + end.length <= maxRecordingBytes[this.#parts.console])
      await this.#file.appendFile(end).catch(() => undefined);
    await this.#file.close().catch(() => undefined);
    return this.#why ?? (this.#isBroken ? 'connection' : 'machine');
  }

  /** Since it began. A clock may be set back. */
  #afterMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.#parts.clock.now() - this.#startedMs);
    return this.#lastMs;
  }

  /** Why it cannot go on. */
  async #write(bytes: Buffer): Promise<RecordingEnd | undefined> {
    const { console, path, freeBytes = freeBytesAt } = this.#parts;
    const piece = this.#film.add(bytes, this.#afterMs());
    if (this.sizeBytes + piece.length > maxRecordingBytes[console]) return 'size';
    try {
      if (this.sizeBytes >= this.#lookAtBytes) {
        if ((await freeBytes(path)) < keepFreeBytes) return 'disk';
        this.#lookAtBytes = this.sizeBytes + lookForSpaceBytes;
      }
      await this.#file.appendFile(piece);
    } catch {
      return 'disk';
    }
    this.sizeBytes += piece.length;
    return undefined;
  }
}

async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize;
}

function noSpace(freeBytes: number): Fault {
  const figures = `${formatBytes(freeBytes)} free, ${formatBytes(keepFreeBytes)} are kept`;
  return new Fault('exhausted', `the coordinator's data volume is low on space: ${figures}`, {
    facts: { freeBytes, keepFreeBytes },
    hint: 'delete recordings that nobody needs, or free space on the volume',
  });
}
