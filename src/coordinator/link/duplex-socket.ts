/**
 * A stream of bytes in the place of a console's WebSocket, for clients that speak another protocol than HTTP. What it
 * reads are binary frames; text frames, which tell who else is there, are not for it.
 */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ByteSocket } from './pipe.ts';

const open = 1;
const closed = 3;
/** Codes of closing (RFC 6455, section 7.4.1). */
const normal = 1000;
const goingAway = 1001;
const lost = 1006;

export class DuplexSocket extends EventEmitter implements ByteSocket {
  readonly OPEN = open;
  readonly CLOSED = closed;
  readonly protocol = '';
  readonly #stream: Duplex;
  #readyState = open;
  #code = lost;
  #reason = '';

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    stream.on('data', (bytes: Buffer) => this.emit('message', bytes, true));
    stream.on('end', () => this.close(normal, ''));
    // What it means follows: it is closed.
    stream.on('error', () => undefined);
    stream.on('close', () => {
      this.#readyState = closed;
      this.emit('close', this.#code);
    });
  }

  get readyState(): number {
    return this.#readyState;
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength;
  }

  /** Why it was ended; empty where it simply ended. */
  get reason(): string {
    return this.#reason;
  }

  send(data: Buffer | string, _options?: { readonly binary: true }, onTaken?: () => void): void {
    if (typeof data === 'string') return;
    this.#stream.write(data, () => onTaken?.());
  }

  close(code: number, reason: string): void {
    if (this.#readyState !== open) return;
    this.#readyState = closed;
    this.#code = code;
    this.#reason = code === normal || code === goingAway ? '' : reason;
    this.#stream.end(() => this.#stream.destroy());
  }

  terminate(): void {
    this.#stream.destroy();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
