/**
 * What comes packed is unpacked as it comes: gzip (RFC 1952), Zstandard (RFC 8878), xz by the program of that name, and a zip with
 * one file in it. Each checks what it has unpacked. Memory is that of one decoder, whatever comes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Packing } from '#api';
import { Fault, isFault } from '#lib';
import { unzip } from './zip.ts';

type Bytes = AsyncIterable<Buffer>;
type Unpack = (source: Bytes) => AsyncGenerator<Buffer>;

/** Of the dictionary of xz; its highest preset takes 65 MiB. */
const xzMemory = '192MiB';
const queuedBytes = 1024 * 1024;
const maxErrorText = 2000;
const nobody = 65_534;

/** Memory is that of one decoder; each checks what it has unpacked. */
export const unpackers: Readonly<Record<Exclude<Packing, 'none'>, Unpack>> = {
  gzip: (source) => through(createGunzip(), source),
  zstd: (source) => through(createZstdDecompress(), source),
  xz: unpackXz,
  zip: unzip,
};

/** Takes packed bytes as they come and gives `sink` what was in them, in order. */
export class Unpacking {
  readonly #packing: Packing;
  readonly #input = new PassThrough({ highWaterMark: queuedBytes });
  readonly #ended: Promise<void>;

  constructor(packing: Exclude<Packing, 'none'>, sink: (bytes: Buffer) => Promise<void>) {
    this.#packing = packing;
    this.#ended = pipeline(this.#input, unpackers[packing], async (content: Bytes) => {
      for await (const bytes of content) await sink(bytes);
    });
    // Told to whoever writes or ends.
    this.#ended.catch(() => undefined);
  }

  /** Resolves when more is taken. Faults: `invalid` for what cannot be unpacked; those of the sink. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#input.destroyed && this.#input.write(bytes)) return;
    const controller = new AbortController();
    const { signal } = controller;
    const drained = once(this.#input, 'drain', { signal }).then(() => true);
    drained.catch(() => undefined);
    try {
      const hasDrained = await Promise.race([drained, this.#ended.then(() => false)]);
      if (!hasDrained) throw new Error('there is more behind its end');
    } catch (error) {
      throw this.#faultOf(error);
    } finally {
      controller.abort();
    }
  }

  /** Resolves when all of it was given to the sink. Faults: as `write`. */
  async end(): Promise<void> {
    this.#input.end();
    await this.#ended.catch((error: unknown) => {
      throw this.#faultOf(error);
    });
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#input.destroy();
    await this.#ended.catch(() => undefined);
  }

  #faultOf(error: unknown): Fault {
    if (isFault(error)) return error;
    return new Fault('invalid', `what came cannot be unpacked as ${this.#packing}`, {
      cause: error,
      hint: 'send it as it is, without unpacking, or pack it anew',
    });
  }
}

async function* through(
  decoder: Transform & { readonly bytesWritten: number },
  source: Bytes,
): AsyncGenerator<Buffer> {
  let sent = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const bytes of source) {
      sent += bytes.length;
      yield bytes;
    }
  };
  const fed = pipeline(counted, decoder);
  fed.catch(() => undefined);
  for await (const bytes of decoder) yield bytes as Buffer;
  await fed;
  // Some decoders leave out what they do not know as theirs.
  if (decoder.bytesWritten !== sent) throw new Error('there is something else behind its end');
}

async function* unpackXz(source: Bytes): AsyncGenerator<Buffer> {
  const account = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const child = spawn('xz', ['--decompress', '--stdout', `--memlimit-decompress=${xzMemory}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    ...account,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, maxErrorText);
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  ended.catch(() => undefined);
  const fed = pipeline(source, child.stdin);
  fed.catch(() => undefined);
  try {
    for await (const bytes of child.stdout) yield bytes as Buffer;
    const [code] = await ended;
    if (code !== 0)
      throw new Error(said.trim().replaceAll(/^xz: \(stdin\): /gm, '') || 'xz failed');
    await fed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Fault('unsupported', 'the host has no program that unpacks xz', {
      hint: 'install the package xz-utils there',
    });
  } finally {
    child.kill('SIGKILL');
  }
}
