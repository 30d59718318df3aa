/**
 * The receiving half of one exchange with a guest agent: a state machine over hostile bytes.
 *
 *   seeking --0xFF--> greeting --line with our id--> silent --expect()--> answering --line--> done
 *      ^                 | line without our id
 *      '-----------------'
 *
 * Invariant: keeps no more than the bound of the present line; everything else is counted and dropped,
 * and too much of that ends the exchange (GA-33).
 * Source: guest-sync-delimited in QEMU's guest agent protocol (qga/qapi-schema.json).
 */
import { Fault } from '#lib';
import { isObject } from '../parse.ts';
import { LineSplitter } from '../qmp/frames.ts';

const sentinel = 0xff;
const newline = 0x0a;
const nothing = Buffer.alloc(0);
const maxSyncLineBytes = 1024;
/** What a guest may send without having been asked, per exchange. */
export const maxDroppedBytes = 4 * 1024 * 1024;

type Phase = 'seeking' | 'greeting' | 'silent' | 'answering' | 'done';

export class Exchange {
  /** Resolves when the agent has repeated our id. */
  readonly synced: Promise<void>;
  /** The line that answers the command. */
  readonly answer: Promise<string>;
  readonly syncId: number;
  readonly #synced = Promise.withResolvers<void>();
  readonly #answer = Promise.withResolvers<string>();
  readonly #syncLines = new LineSplitter(maxSyncLineBytes);
  readonly #answerLines: LineSplitter;
  #phase: Phase = 'seeking';
  #droppedBytes = 0;

  constructor(syncId: number, maxReplyBytes: number) {
    this.syncId = syncId;
    this.#answerLines = new LineSplitter(maxReplyBytes);
    this.synced = this.#synced.promise;
    this.answer = this.#answer.promise;
    this.synced.catch(() => undefined);
    this.answer.catch(() => undefined);
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** From here on the next line is the answer. */
  expect(): void {
    this.#phase = 'answering';
  }

  fail(error: Error): void {
    this.#phase = 'done';
    this.#synced.reject(error);
    this.#answer.reject(error);
  }

  take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#step(rest);
    if (this.#droppedBytes > maxDroppedBytes && this.#phase !== 'done') {
      const message = `the guest sent more than ${maxDroppedBytes} bytes that nobody asked for`;
      this.fail(new Fault('too-large', message));
    }
  }

  /** Consumes a piece and returns the rest. */
  #step(chunk: Buffer): Buffer {
    if (this.#phase === 'greeting') return this.#greet(chunk);
    if (this.#phase === 'answering') return this.#read(chunk);
    const place = this.#phase === 'seeking' ? chunk.indexOf(sentinel) : -1;
    this.#droppedBytes += place < 0 ? chunk.length : place;
    if (place < 0) return nothing;
    this.#phase = 'greeting';
    return chunk.subarray(place + 1);
  }

  #greet(chunk: Buffer): Buffer {
    const end = chunk.indexOf(newline);
    const piece = chunk.subarray(0, end < 0 ? chunk.length : end + 1);
    const rest = chunk.subarray(piece.length);
    this.#droppedBytes += piece.length;
    // Another sentinel before the end of the line: the line belonged to somebody else's exchange.
    const again = piece.lastIndexOf(sentinel);
    if (again >= 0) {
      this.#syncLines.clear();
      return chunk.subarray(again + 1);
    }
    let line: string | undefined;
    try {
      [line] = this.#syncLines.push(piece);
    } catch {
      this.#phase = 'seeking';
      return rest;
    }
    if (line === undefined) return rest;
    if (!this.#isOurs(line)) {
      this.#phase = 'seeking';
      return rest;
    }
    this.#phase = 'silent';
    this.#synced.resolve();
    return rest;
  }

  #isOurs(line: string): boolean {
    try {
      const value: unknown = JSON.parse(line);
      return isObject(value) && value['return'] === this.syncId;
    } catch {
      return false;
    }
  }

  #read(chunk: Buffer): Buffer {
    const end = chunk.indexOf(newline);
    const piece = chunk.subarray(0, end < 0 ? chunk.length : end + 1);
    try {
      const [line] = this.#answerLines.push(piece);
      if (line !== undefined) {
        this.#phase = 'done';
        this.#answer.resolve(line);
      }
    } catch (cause) {
      this.fail(new Fault('too-large', 'the answer exceeds its bound', { cause }));
    }
    return chunk.subarray(piece.length);
  }
}
