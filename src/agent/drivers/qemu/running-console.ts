/** Screen, keyboard and serial ports of a running machine. */
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Fault, systemClock } from '#lib';
import { parseKeys, qmp, typeText, type MachineSpec, type QmpClient } from '#qemu';
import type { SerialHub } from '../../stream/serial-hub.ts';
import type { Channel, ChannelAccess, Console } from '../driver.ts';

const keyHoldMs = 20;

export interface RunningConsoleParts {
  readonly spec: MachineSpec;
  readonly client: () => QmpClient;
  /** A file in a folder that QEMU may write to. */
  readonly screenshotPath: string;
}

export class RunningConsole implements Console {
  readonly #parts: RunningConsoleParts;
  readonly #hubs = new Map<Channel, SerialHub>();

  constructor(parts: RunningConsoleParts) {
    this.#parts = parts;
  }

  addHub(channel: Channel, hub: SerialHub): void {
    this.#hubs.set(channel, hub);
  }

  close(): void {
    for (const hub of this.#hubs.values()) hub.close();
    this.#hubs.clear();
  }

  async screenshot(signal: AbortSignal): Promise<Buffer> {
    const { spec, client, screenshotPath } = this.#parts;
    if (spec.display === 'none') throw new Fault('unsupported', 'the vm has no screen');
    await rm(screenshotPath, { force: true });
    await qmp.screendump(client(), screenshotPath, { signal });
    try {
      return await readFile(screenshotPath);
    } finally {
      await rm(screenshotPath, { force: true });
    }
  }

  async pressKeys(keys: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#press(keys.map(parseKeys), signal);
  }

  async typeText(text: string, layout: 'us' | 'de', signal: AbortSignal): Promise<void> {
    await this.#press(typeText(text, layout), signal);
  }

  async openChannel(channel: Channel, access: ChannelAccess, signal: AbortSignal): Promise<Duplex> {
    if (channel === 'screen') return this.#openScreen(signal);
    const hub = this.#hubs.get(channel);
    if (!hub) throw new Fault('unsupported', `${channel} of the vm leads to no console`);
    const stream = hub.watch(access);
    if (stream) return stream;
    throw new Fault('exhausted', `${channel} of the vm has too many watchers`);
  }

  /** One after the other, each let go before the next: a guest's keyboard buffer is small. */
  async #press(chords: readonly (readonly string[])[], signal: AbortSignal): Promise<void> {
    for (const chord of chords) {
      await qmp.sendKey(this.#parts.client(), chord, keyHoldMs, { signal });
      await systemClock.sleep(keyHoldMs * 2, signal);
    }
  }

  #openScreen(signal: AbortSignal): Promise<Duplex> {
    const { vnc } = this.#parts.spec;
    if (!vnc) throw new Fault('unsupported', 'the vm has no screen');
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const socket = connect({ path: vnc.socketPath, allowHalfOpen: false });
    const onAbort = (): void => {
      socket.destroy();
      reject(new Fault('cancelled', 'the screen is no longer wanted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
    socket.once('error', (cause) =>
      reject(new Fault('unavailable', 'the screen of the vm does not answer', { cause })),
    );
    return promise;
  }
}
