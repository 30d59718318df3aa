/**
 * What a client sends for a volume that is there. It is an upload of the API, which takes the volume's place when all has come: where
 * that breaks off, the volume is as it was. libvirt's own drivers write into it while it comes, from any offset on; so it is
 * on the hosts of others, but for the offset.
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

/** Answers what takes the stream. Errors: those of host.upload.begin; for what cannot be written in part. */
export async function beginVolumeUpload(
  connection: Connection,
  volume: Volume,
  { offset, length, flags }: UploadAsked,
  signal: AbortSignal,
): Promise<(stream: ServerStream, ended: AbortSignal) => Promise<void>> {
  if ((flags & ~sparse) !== 0)
    throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about an upload`);
  if (offset !== 0n)
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      'a volume is sent from its beginning on: what is sent takes its place',
    );
  const { desk, caller } = connection.parts;
  const body = {
    file: volume.path,
    // There what is behind it stays, and a length that is known would say that nothing is.
    sizeBytes: length === 0n || isForeign(connection, volume) ? null : Number(length),
    replaces: true,
    // Another one would go on with it.
    fingerprint: crypto.randomUUID(),
  };
  const params = { host: volume.pool.host.id };
  const upload = await desk.ask(caller, 'host.upload.begin', { params, body }, signal);
  return async (stream, ended) => {
    const taker = new Taker(connection, volume, upload, ended);
    try {
      for await (const part of stream.parts(ended))
        if (part.kind === 'data') await taker.take(part.bytes);
        else await taker.takeZeros(part.lengthBytes);
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
