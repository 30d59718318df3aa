/**
 * What a client sends for a volume that is there. It is an upload of the API, which takes the volume's place when all has come: where
 * that breaks off, the volume is as it was; from an offset on it is sent with what the volume has before and behind. libvirt's own drivers
 * write into it while it comes; so it is on the hosts of others.
 */
import { Readable } from 'node:stream';
import type { DiskWork, HostUpload } from '#api';
import { libvirtFault, type ServerStream } from '#libvirt';
import type { Connection } from './connection.ts';
import type { Volume } from './volumes.ts';

export interface UploadAsked {
  readonly offset: bigint;
  /** Zero: nobody knows. */
  readonly length: bigint;
  /** virStorageVolUploadFlags: with or without holes, they are understood. */
  readonly flags: number;
}

/** What one request sends, and as much of it is in memory. */
const partBytes = 8 * 1024 ** 2;
const sparse = 1;
/** As the API has it. */
const maxOffset = 2 ** 50;

/** Answers what takes the stream. Errors: those of host.upload.begin; for what cannot be written in part. */
export async function beginVolumeUpload(
  connection: Connection,
  volume: Volume,
  { offset, length, flags }: UploadAsked,
  signal: AbortSignal,
): Promise<(stream: ServerStream, ended: AbortSignal) => Promise<void>> {
  if ((flags & ~sparse) !== 0)
    throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about an upload`);
  const startsAt = Number(offset);
  if (startsAt > maxOffset)
    throw libvirtFault('INVALID_ARG', `invalid argument: no volume has a byte ${offset}`);
  const isThere = isForeign(connection, volume);
  const { desk, caller } = connection.parts;
  if (startsAt > 0 && !isThere && volume.disk.format !== 'raw')
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      `a volume in the format ${volume.disk.format ?? 'that nobody knows'} is sent from its beginning on: what is sent takes its place`,
    );
  const body = {
    file: volume.path,
    // There what is behind it stays, and a length that is known would say that nothing is.
    sizeBytes: length === 0n || isThere || startsAt > 0 ? null : Number(length),
    replaces: true,
    ...(isThere && startsAt > 0 ? { startsAt } : {}),
    // Another one would go on with it.
    fingerprint: crypto.randomUUID(),
  };
  const params = { host: volume.pool.host.id };
  const upload = await desk.ask(caller, 'host.upload.begin', { params, body }, signal);
  return async (stream, ended) => {
    const taker = new Taker(connection, volume, upload, ended);
    const isAmid = startsAt > 0 && !isThere;
    try {
      if (isAmid) await taker.takeBefore(startsAt);
      for await (const part of stream.parts(ended))
        if (part.kind === 'data') await taker.take(part.bytes);
        else await taker.takeZeros(part.lengthBytes);
      if (isAmid) await taker.takeBehind();
      await taker.finish();
    } catch (error) {
      await taker.giveUp();
      throw error;
    }
  };
}

class Taker {
  readonly #connection: Connection;
  readonly #volume: Volume;
  readonly #upload: HostUpload;
  readonly #signal: AbortSignal;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #sentBytes = 0;

  constructor(connection: Connection, volume: Volume, upload: HostUpload, signal: AbortSignal) {
    this.#connection = connection;
    this.#volume = volume;
    this.#upload = upload;
    this.#signal = signal;
  }

  async take(bytes: Uint8Array): Promise<void> {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= partBytes) await this.#send();
  }

  /** What the volume has before what is sent, and zeros where it ends before that. */
  async takeBefore(startsAt: number): Promise<void> {
    const has = Math.min(startsAt, this.#sizeBytes);
    if (has > 0) await this.#takeOwn(`bytes=0-${has - 1}`);
    await this.takeZeros(BigInt(startsAt - has));
  }

  /** What the volume has behind what was sent. */
  async takeBehind(): Promise<void> {
    const at = this.#sentBytes + this.#heldBytes;
    if (at < this.#sizeBytes) await this.#takeOwn(`bytes=${at}-`);
  }

  /** Of a raw volume, whose bytes are those of its file. */
  get #sizeBytes(): number {
    return this.#volume.disk.sizeBytes ?? this.#volume.disk.fileBytes;
  }

  async #takeOwn(range: string): Promise<void> {
    const { desk, caller } = this.#connection.parts;
    const asked = { params: this.#params(), query: { file: this.#volume.path }, range };
    for await (const bytes of await desk.ask(caller, 'host.file.content', asked, this.#signal))
      await this.take(bytes);
  }

  async takeZeros(lengthBytes: bigint): Promise<void> {
    for (let left = lengthBytes; left > 0n;) {
      const piece = left < zeros.length ? zeros.subarray(0, Number(left)) : zeros;
      await this.take(piece);
      left -= BigInt(piece.length);
    }
  }

  /** Errors: those of host.disk.work. */
  async finish(): Promise<void> {
    await this.#send();
    // Nothing is written then.
    if (this.#sentBytes === 0) return await this.giveUp();
    await this.#connection.work(
      'host.disk.work',
      {
        params: this.#params(),
        body: {
          verb: 'upload',
          file: this.#volume.path,
          upload: this.#upload.id,
          replaces: true,
          keepsSize: true,
        } satisfies DiskWork,
      },
      this.#signal,
    );
  }

  async giveUp(): Promise<void> {
    const { desk, caller } = this.#connection.parts;
    const params = { ...this.#params(), upload: this.#upload.id };
    const late = new AbortController();
    // It may be gone already; what is left of one that nobody could give up is swept.
    await desk.ask(caller, 'host.upload.cancel', { params }, late.signal).catch(() => undefined);
  }

  async #send(): Promise<void> {
    if (this.#heldBytes === 0) return;
    const { desk, caller } = this.#connection.parts;
    const asked = {
      params: { ...this.#params(), upload: this.#upload.id },
      query: { offset: String(this.#sentBytes) },
      upload: {
        sizeBytes: this.#heldBytes,
        content: Readable.from(this.#held, { objectMode: false }),
      },
    };
    await desk.ask(caller, 'host.upload.send', asked, this.#signal);
    this.#sentBytes += this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
  }

  #params(): { readonly host: string } {
    return { host: this.#volume.pool.host.id };
  }
}

const zeros = Buffer.alloc(256 * 1024);

function isForeign({ parts }: Connection, { pool }: Volume): boolean {
  return parts.coordinator.inventory.host(pool.host.id)?.facts?.foreign !== undefined;
}
