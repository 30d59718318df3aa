/**
 * One upload into a volume of a hypervisor: bytes that come in parts go on over one stream of libvirt, which writes them into the volume
 * as they come. libvirt says that it has written when a stream is finished, and not before: that is done after each `confirmBytes`,
 * when nobody has sent a part for `restMs`, and at the end.
 *
 *   resting --take--> streaming (a connection of its own) --finish--> resting, all that came is confirmed
 *   streaming --break--> resting, back at what was confirmed
 *
 * Invariant: one part is taken at a time, and the newest wins: whoever sends again has lost the connection before.
 */
import { createHash, type Hash } from 'node:crypto';
import { uploadIdleMs, type HostUpload, type LinkParams } from '#api';
import { abortReason, Fault, formatBytes, giB, isoTime, type Clock } from '#lib';
import type { Client, ClientStream } from '#libvirt';
import { Volumes } from '../make/volumes.ts';
import { requireVolume, sparse } from './outgoing.ts';

export interface Part {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Begun when it is known that it is wanted. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
}

export interface BegunUpload extends Omit<LinkParams<'host.upload.begin'>, 'work'> {
  /** Nothing has been written into it: zeros are told as holes. */
  readonly isEmpty: boolean;
  /** Of the volume before; one that was longer than what comes stays so. */
  readonly leastBytes: number;
}

export interface UploadTools {
  readonly clock: Clock;
  /** One more connection, for one transfer. */
  readonly connect: (signal: AbortSignal) => Promise<Client>;
}

interface Way {
  readonly client: Client;
  readonly stream: ClientStream;
}

interface Result {
  readonly sizeBytes: number;
  readonly sha256: string;
}

const confirmBytes = giB;
const restMs = 15_000;
const zeros = Buffer.alloc(64 * 1024);

export class VolumeUpload {
  readonly #begun: BegunUpload;
  readonly #tools: UploadTools;
  readonly #begunMs: number;
  #usedMs: number;
  #received = 0;
  #hash: Hash = createHash('sha256');
  #confirmed = { bytes: 0, hash: createHash('sha256') };
  #holeBytes = 0;
  #way: Way | undefined;
  #result: Result | undefined;
  #taking: AbortController | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #rest: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(begun: BegunUpload, tools: UploadTools) {
    this.#begun = begun;
    this.#tools = tools;
    this.#begunMs = tools.clock.now();
    this.#usedMs = this.#begunMs;
  }

  get id(): string {
    return this.#begun.id;
  }

  get file(): string {
    return this.#begun.file;
  }

  get replaces(): boolean {
    return this.#begun.replaces;
  }

  get #startsAt(): number {
    return this.#begun.startsAt ?? 0;
  }

  get isOpen(): boolean {
    return this.#result === undefined;
  }

  /** Nothing can come to it any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get usedMs(): number {
    return this.#usedMs;
  }

  isBegunAs(asked: Omit<LinkParams<'host.upload.begin'>, 'work'>): boolean {
    const words = ['owner', 'sizeBytes', 'replaces', 'startsAt', 'fingerprint'] as const;
    return words.every((word) => asked[word] === this.#begun[word]);
  }

  describe(): HostUpload {
    const { id, file, sizeBytes, packing } = this.#begun;
    return {
      id,
      file,
      sizeBytes,
      packing,
      receivedBytes: this.#received,
      contentBytes: this.#received,
      state: this.isOpen ? 'open' : 'done',
      begunAt: isoTime(this.#begunMs),
      idleAt: isoTime(this.#usedMs + uploadIdleMs),
    };
  }

  /** Faults: `stale`, `invalid`; `unavailable` for half a part; those of the hypervisor. */
  async take(part: Part, signal: AbortSignal): Promise<void> {
    this.#taking?.abort(new Fault('cancelled', 'the part is sent anew'));
    const stop = new AbortController();
    this.#taking = stop;
    await this.#inTurn(() => this.#take(part, AbortSignal.any([signal, stop.signal])));
  }

  /** Faults: `refused` before all has come; `invalid` for another checksum; those of the hypervisor. */
  async finish(sha256: string | undefined, signal: AbortSignal): Promise<Result> {
    return await this.#inTurn(() => this.#finish(sha256, signal));
  }

  /** What has come stays. Never fails. */
  async close(): Promise<void> {
    this.#isGone = true;
    this.#taking?.abort(new Fault('cancelled', 'the upload is given up'));
    await this.#inTurn(() => this.#break()).catch(() => undefined);
  }

  /** A volume that it was to make is deleted, one that was there stays with what has come into it. Faults: the hypervisor's. */
  async remove(): Promise<void> {
    await this.close();
    await this.#discard();
  }

  async #discard(): Promise<void> {
    if (this.replaces || !this.isOpen) return;
    const signal = AbortSignal.timeout(restMs);
    await using client = await this.#tools.connect(signal);
    await new Volumes(client).remove(this.file, signal);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }

  async #take({ offset, sizeBytes, open }: Part, signal: AbortSignal): Promise<void> {
    this.#requireNext(offset, sizeBytes);
    clearTimeout(this.#rest);
    this.#usedMs = this.#tools.clock.now();
    const end = this.#received + sizeBytes;
    try {
      await this.#open(signal);
      // Whatever ends the part on this side, what came of it is kept.
      for await (const bytes of untilBreak(await open(), signal)) {
        await this.#write(bytes.subarray(0, end - this.#received), signal);
        if (this.#received === end) break;
      }
      if (this.#received - this.#confirmed.bytes >= confirmBytes) await this.#confirm(signal);
    } catch (error) {
      // What the hypervisor has got of it nobody knows.
      await this.#break();
      throw error;
    }
    this.#rest = setTimeout(() => void this.#confirmAtRest(), restMs).unref();
    if (signal.aborted) throw abortReason(signal);
    if (this.#received < end)
      throw new Fault('unavailable', `the part of ${this.file} ended at ${this.#received}`);
  }

  #requireNext(offset: number, sizeBytes: number): void {
    const all = this.#begun.sizeBytes;
    this.#requireThere();
    if (!this.isOpen) throw new Fault('stale', `all of ${this.file} has come already`);
    if (offset !== this.#received)
      throw new Fault('stale', `${this.file} goes on at ${this.#received}, not at ${offset}`, {
        facts: { receivedBytes: this.#received },
      });
    if (all !== null && offset + sizeBytes > all)
      throw new Fault(
        'invalid',
        `the part ends behind the end of ${this.file}, which has ${all} bytes`,
      );
  }

  #requireThere(): void {
    if (!this.#isGone) return;
    throw new Fault('not-found', 'there is no such upload any more', { hint: 'begin it anew' });
  }

  async #open(signal: AbortSignal): Promise<void> {
    if (this.#way !== undefined) return;
    const client = await this.#tools.connect(signal);
    try {
      const vol = await requireVolume(client, this.file, signal);
      const flags = this.#begun.isEmpty ? sparse : 0;
      const args = { vol, offset: BigInt(this.#startsAt + this.#received), length: 0n, flags };
      const { stream } = await client.open('STORAGE_VOL_UPLOAD', args, { signal });
      this.#way = { client, stream };
    } catch (error) {
      client.end();
      throw error;
    }
  }

  async #write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const stream = this.#requireStream();
    for (let at = 0; at < bytes.length; at += zeros.length) {
      const piece = bytes.subarray(at, at + zeros.length);
      if (this.#begun.isEmpty && zeros.subarray(0, piece.length).equals(piece))
        this.#holeBytes += piece.length;
      else {
        await this.#writeHole(signal);
        await stream.write(piece, signal);
      }
    }
    this.#hash.update(bytes);
    this.#received += bytes.length;
  }

  async #writeHole(signal: AbortSignal): Promise<void> {
    const length = this.#holeBytes;
    this.#holeBytes = 0;
    if (length > 0) await this.#requireStream().writeHole(BigInt(length), signal);
  }

  #requireStream(): ClientStream {
    if (this.#way === undefined) throw new Error('bug: an upload without a stream');
    return this.#way.stream;
  }

  /** Resolves when the hypervisor has written all that came. */
  async #confirm(signal: AbortSignal): Promise<void> {
    const way = this.#way;
    if (way === undefined) return;
    clearTimeout(this.#rest);
    await this.#writeHole(signal);
    await way.stream.finish(signal);
    this.#confirmed = { bytes: this.#received, hash: this.#hash.copy() };
    this.#way = undefined;
    await way.client[Symbol.asyncDispose]();
  }

  async #confirmAtRest(): Promise<void> {
    const confirm = (): Promise<void> => this.#confirm(AbortSignal.timeout(restMs));
    await this.#inTurn(() => confirm().catch(() => this.#break()));
  }

  /** Back at what was confirmed. */
  async #break(): Promise<void> {
    clearTimeout(this.#rest);
    const way = this.#way;
    this.#way = undefined;
    this.#holeBytes = 0;
    if (this.isOpen) {
      this.#received = this.#confirmed.bytes;
      this.#hash = this.#confirmed.hash.copy();
    }
    way?.stream.abort();
    await way?.client[Symbol.asyncDispose]();
  }

  async #finish(sha256: string | undefined, signal: AbortSignal): Promise<Result> {
    if (this.#result !== undefined) return this.#result;
    this.#requireThere();
    const { sizeBytes } = this.#begun;
    if (sizeBytes !== null && this.#received !== sizeBytes)
      throw new Fault(
        'refused',
        `${formatBytes(this.#received)} of ${formatBytes(sizeBytes)} of ${this.file} have come`,
        { facts: { receivedBytes: this.#received }, hint: 'send the rest first' },
      );
    try {
      await this.#confirm(signal);
    } catch (error) {
      await this.#break();
      throw error;
    }
    const found = this.#hash.copy().digest('hex');
    if (sha256 !== undefined && found !== sha256) {
      this.#isGone = true;
      await this.#discard();
      throw new Fault('invalid', `what came for ${this.file} is not what was to come`, {
        facts: { sha256: found, expected: sha256 },
        hint: this.replaces
          ? 'it stands there; send it anew'
          : 'nothing of it was kept; send it anew',
      });
    }
    await this.#settle(signal);
    this.#result = { sizeBytes: this.#received, sha256: found };
    return this.#result;
  }

  /** Its pool looks at what it is now. */
  async #settle(signal: AbortSignal): Promise<void> {
    const { leastBytes, isEmpty } = this.#begun;
    await using client = await this.#tools.connect(signal);
    const volumes = new Volumes(client);
    const { pool } = await volumes.place(this.file, signal);
    await volumes.refresh(pool.handle, signal);
    // A hole that it was told of at last has cut it (libvirt 9.0).
    if (isEmpty && this.#startsAt + this.#received < leastBytes)
      await volumes.enlarge(this.file, leastBytes, signal);
  }
}

/** Ends without a fault where the content does, or when it is to. */
async function* untilBreak(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  const parts = content[Symbol.asyncIterator]();
  try {
    while (!signal.aborted) {
      const next = await Promise.race([parts.next().catch(() => undefined), stopped]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
