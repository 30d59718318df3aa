/**
 * Events of a host until the coordinator has them (EVT-10): a file of lines, appended, each event with the
 * host's own number.
 *
 *   outbox.jsonl:  {"next":17}                      the number after the last one known to the coordinator
 *                  {"seq":17,"name":...}            not yet acknowledged, in order
 *
 * Invariants
 * 1. Numbers grow by one and never restart, whatever is lost or restarted.
 * 2. `next` gives an event only once it is on disk, so that nothing is told that could be forgotten and
 *    numbered anew.
 * 3. At most `maxEvents` are kept; beyond that the oldest go, counted in `dropped`.
 */
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { agentEventSchema, type AgentEvent } from '#api';
import { describeFault } from '#lib';
import type { Log } from '#log';
import { writeFileAtomic, type Durability } from '../storage/atomic-file.ts';

export const maxEvents = 100_000;
/** The file is written anew when it has this much more than what is still needed. */
const slackBytes = 4 * 1024 * 1024;

/** Of the texts in the events that are given at once: as JSON at most six times as long. */
const maxBatchLength = 1024 * 1024;

export type NewAgentEvent = Omit<AgentEvent, 'seq'>;

export class Outbox implements AsyncDisposable {
  readonly #path: string;
  readonly #durability: Durability;
  readonly #log: Log;
  #onReady: () => void = () => undefined;
  #events: AgentEvent[] = [];
  /** Numbers up to here are on disk. */
  #durable = 0;
  #nextSeq: number;
  #unwritten: string[] = [];
  #handle: FileHandle | undefined;
  #fileBytes = 0;
  #writing: Promise<void> | undefined;
  #failed = false;
  dropped = 0;

  private constructor(
    path: string,
    durability: Durability,
    log: Log,
    events: AgentEvent[],
    nextSeq: number,
  ) {
    this.#path = path;
    this.#durability = durability;
    this.#log = log;
    this.#events = events;
    this.#nextSeq = nextSeq;
    this.#durable = nextSeq - 1;
  }

  /** A line that was cut off by a crash ends the file. */
  static async open(path: string, durability: Durability, log: Log): Promise<Outbox> {
    const text = await readFile(path, 'utf8').catch(() => '');
    const events: AgentEvent[] = [];
    let next = 1;
    for (const line of text.split('\n')) {
      const value = parseLine(line);
      if (value === undefined) break;
      if ('next' in value) next = Math.max(next, value.next);
      else {
        events.push(value);
        next = Math.max(next, value.seq + 1);
      }
    }
    const outbox = new Outbox(path, durability, log, events, next);
    await outbox.#rewrite();
    return outbox;
  }

  /** All that is not acknowledged, on disk or not, oldest first. */
  get waiting(): readonly AgentEvent[] {
    return this.#events;
  }

  /** The listener is told when there are new events on disk. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  add(event: NewAgentEvent): void {
    const numbered: AgentEvent = { seq: this.#nextSeq, ...event };
    this.#nextSeq += 1;
    this.#events.push(numbered);
    this.#unwritten.push(`${JSON.stringify(numbered)}\n`);
    if (this.#events.length > maxEvents) {
      const excess = this.#events.length - maxEvents;
      this.#events = this.#events.slice(excess);
      this.dropped += excess;
      this.#log.warn(
        { dropped: this.dropped },
        'events lost: the coordinator is away for too long',
      );
    }
    this.#writing ??= this.#write();
  }

  /** Events after the number that are on disk, oldest first, at most `limit`, and no more than fit a message. */
  after(seq: number, limit: number): AgentEvent[] {
    const found: AgentEvent[] = [];
    let room = maxBatchLength;
    for (
      let at = this.#indexAfter(seq);
      at < this.#events.length && found.length < limit;
      at += 1
    ) {
      const event = this.#events[at];
      if (!event || event.seq > this.#durable) break;
      room -= lengthOf(event);
      if (room < 0 && found.length > 0) break;
      found.push(event);
    }
    return found;
  }

  /** The coordinator has everything up to the number. A number of the future is respected: ours continue after it. */
  acknowledge(seq: number): void {
    if (seq >= this.#nextSeq) this.#nextSeq = seq + 1;
    const place = this.#indexAfter(seq);
    if (place > 0) this.#events = this.#events.slice(place);
    if (this.#events.length === 0 && this.#fileBytes > slackBytes) this.#writing ??= this.#write();
  }

  /** Resolves when everything that was added is on disk. */
  async settle(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settle();
    await this.#rewrite();
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #indexAfter(seq: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Appends what has gathered, once per flush, until nothing is left. */
  async #write(): Promise<void> {
    await Promise.resolve();
    while (this.#unwritten.length > 0 || this.#isWasteful()) {
      const upTo = this.#nextSeq - 1;
      const text = this.#unwritten.join('');
      this.#unwritten = [];
      try {
        if (this.#failed || this.#isWasteful()) await this.#rewrite();
        else await this.#append(text);
        this.#failed = false;
        this.#durable = upTo;
      } catch (error) {
        // Told all the same: the coordinator's copy is then the only durable one.
        this.#failed = true;
        this.#durable = upTo;
        this.#log.error({ why: describeFault(error) }, 'cannot write the event outbox');
      }
      this.#onReady();
    }
    this.#writing = undefined;
  }

  #isWasteful(): boolean {
    return this.#events.length === 0 && this.#fileBytes > slackBytes;
  }

  async #append(text: string): Promise<void> {
    this.#handle ??= await open(this.#path, 'a', 0o600);
    const { bytesWritten } = await this.#handle.write(text);
    this.#fileBytes += bytesWritten;
    if (this.#durability === 'flushed') await this.#handle.datasync();
  }

  async #rewrite(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    const first = this.#events[0]?.seq ?? this.#nextSeq;
    const lines = [
      JSON.stringify({ next: first }),
      ...this.#events.map((one) => JSON.stringify(one)),
    ];
    const text = `${lines.join('\n')}\n`;
    await writeFileAtomic(this.#path, text, { mode: 0o600, durability: this.#durability });
    this.#fileBytes = Buffer.byteLength(text);
  }
}

function parseLine(line: string): AgentEvent | { readonly next: number } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'next' in value) {
      return typeof value.next === 'number' ? { next: value.next } : undefined;
    }
    const parsed = agentEventSchema.safeParse(value);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function lengthOf({ attributes }: AgentEvent): number {
  let length = 0;
  for (const value of Object.values(attributes))
    if (typeof value === 'string') length += value.length;
  return length;
}
