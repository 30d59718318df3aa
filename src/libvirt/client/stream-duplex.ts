/**
 * A stream of libvirt as one of Node: what is read slowly is asked for slowly, what the server takes slowly holds back
 * whoever writes. Its end leaves the stream; for streams without holes.
 */
import { Duplex } from 'node:stream';
import { Fault, toFault } from '#lib';
import type { ClientStream } from './client-stream.ts';

export class StreamDuplex extends Duplex {
  readonly #stream: ClientStream;

  /** Takes over the stream. */
  constructor(stream: ClientStream) {
    super({ allowHalfOpen: false });
    this.#stream = stream;
  }

  override _read(): void {
    this.#stream.next().then(
      (part) => {
        if (part?.kind === 'hole')
          this.destroy(new Fault('invalid', 'a hole in a stream that has none'));
        else this.push(part === undefined ? null : part.bytes);
      },
      (error: unknown) => this.destroy(toFault(error)),
    );
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    void this.#send(chunk, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.abort();
    done(error);
  }

  async #send(chunk: Buffer, done: (error?: Error) => void): Promise<void> {
    try {
      await this.#stream.write(chunk);
    } catch (error) {
      done(toFault(error));
      return;
    }
    done();
  }
}
