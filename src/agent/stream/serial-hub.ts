/**
 * One serial port with several watchers: the agent holds the only connection that its hypervisor serves, keeps the
 * last bytes, and gives every byte to every watcher. Whoever may use it types into the same port.
 *
 * Invariants: (1) a watcher gets what was last seen, then everything, in order; one that does not read
 * fast enough is cut off, never skipped; (2) no watcher holds back the guest or another one; (3) what is
 * typed faster than the guest takes it holds back those who type.
 */
import { Duplex } from 'node:stream';
import type { ChannelAccess } from '../drivers/driver.ts';
import { Scrollback } from './scrollback.ts';

const scrollbackBytes = 64 * 1024;
const maxBehindBytes = 1024 * 1024;
const maxWatchers = 64;

export class SerialHub {
  readonly #port: Duplex;
  readonly #onIdle: () => void;
  readonly #scrollback = new Scrollback(scrollbackBytes);
  readonly #watchers = new Set<Watcher>();

  /** Takes over the connection. `onIdle` is called when the last watcher has left. */
  constructor(port: Duplex, onIdle: () => void = () => undefined) {
    this.#port = port;
    this.#onIdle = onIdle;
    port.on('data', (chunk: Buffer) => {
      this.#scrollback.push(chunk);
      for (const watcher of this.#watchers) watcher.show(chunk);
    });
    port.on('error', () => this.close());
    port.on('close', () => this.close());
  }

  /** Undefined when there are too many, or the port is closed. */
  watch(access: ChannelAccess): Duplex | undefined {
    if (this.#watchers.size >= maxWatchers || this.#port.destroyed) return undefined;
    const watcher = new Watcher(this.#port, access, () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#onIdle();
    });
    this.#watchers.add(watcher);
    watcher.show(this.#scrollback.read());
    return watcher;
  }

  close(): void {
    this.#port.destroy();
    for (const watcher of this.#watchers) watcher.push(null);
    this.#watchers.clear();
  }
}

class Watcher extends Duplex {
  readonly #port: Duplex;
  readonly #access: ChannelAccess;
  readonly #leave: () => void;

  constructor(port: Duplex, access: ChannelAccess, leave: () => void) {
    super({ allowHalfOpen: false });
    this.#port = port;
    this.#access = access;
    this.#leave = leave;
  }

  show(chunk: Buffer): void {
    if (chunk.length === 0 || this.destroyed) return;
    if (this.readableLength + chunk.length > maxBehindBytes) {
      this.destroy(new Error('the watcher does not read'));
      return;
    }
    this.push(chunk);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.#access === 'watch' || this.#port.destroyed || this.#port.write(chunk)) {
      done();
      return;
    }
    const onReady = (): void => {
      this.#port.off('drain', onReady);
      this.#port.off('close', onReady);
      done();
    };
    this.#port.once('drain', onReady);
    this.#port.once('close', onReady);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#leave();
    done(error);
  }
}
