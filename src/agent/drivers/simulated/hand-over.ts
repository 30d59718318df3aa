/**
 * Simulated guests that go on on another host (docs/rfd/0042). Their memory has a size and takes its time, and no bytes: what
 * travels is what a guest is known by.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { abortReason, Fault, type Reason } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { makeBridge } from '../../transfer/bridge.ts';
import type { Departing, GuestNeeds, HandedOver, HandOverWork, Received } from '../hand-over.ts';
import type { SimulatedOptions } from './options.ts';
import type { SimulatedRunning } from './running.ts';

const memoryChannel = 'memory';
const parts = 10;
/** Of a line that tells of a guest. */
const maxBytes = 4096;

const guestSchema = z.strictObject({
  gantry: z.literal('simulated-guest'),
  format: z.literal(1),
  /** Until its guest agent answers. */
  bootInMs: z.number().min(0),
  clockOffsetMs: z.number(),
});
export type TravellingGuest = Pick<z.infer<typeof guestSchema>, 'bootInMs' | 'clockOffsetMs'>;

export class SimulatedDeparture implements Departing {
  readonly #options: SimulatedOptions;
  readonly #file: () => MachineFile;
  readonly #guest: () => TravellingGuest;
  #offered: Duplex | undefined;

  constructor(options: SimulatedOptions, file: () => MachineFile, guest: () => TravellingGuest) {
    this.#options = options;
    this.#file = file;
    this.#guest = guest;
  }

  async needs(): Promise<GuestNeeds> {
    return { driver: 'simulated' };
  }

  async judge(): Promise<readonly Reason[]> {
    return [];
  }

  channels(): readonly string[] {
    return [memoryChannel];
  }

  /** Its disks have no bytes, either. */
  async tops(): Promise<[]> {
    return [];
  }

  written(): readonly string[] {
    return [];
  }

  async offer(channel: string): Promise<Duplex> {
    if (channel !== memoryChannel)
      throw new Fault('not-found', `the guest does not leave by ${channel}`);
    this.#offered?.destroy();
    const [near, far] = makeBridge();
    this.#offered = near;
    return far;
  }

  async handOver({ limit, signal, onProgress }: HandOverWork): Promise<HandedOver> {
    const stream = this.#offered;
    if (stream === undefined || stream.destroyed)
      throw new Fault('unavailable', 'the connection to the other host was lost', {
        hint: 'it works on where it was: move it again',
      });
    const { clock, timing, handed } = this.#options;
    const { definition, startedWith, generation } = this.#file();
    const { id } = definition;
    const { sizeBytes } = (startedWith ?? definition).hardware.memory;
    const cut = new AbortController();
    const end = (): void => cut.abort(new Fault('unavailable', 'the stream has ended'));
    stream.once('close', end);
    try {
      for (let part = 1; part <= parts; part += 1) {
        const rate = Math.min(timing.saveBytesPerSecond, limit() || Infinity);
        const takesMs = ((sizeBytes / parts) * 1000) / rate;
        await clock.sleep(takesMs, AbortSignal.any([signal, cut.signal]));
        onProgress(part / parts, 'sending the memory');
      }
      // A guest that was cut off in the very last moment stands still until somebody takes it back.
      await handed.add({ id, generation, sentBytes: sizeBytes, sinceMs: clock.now() });
      stream.off('close', end);
      stream.end(`${JSON.stringify({ gantry: 'simulated-guest', format: 1, ...this.#guest() })}\n`);
      await once(stream, 'finish', { signal });
    } catch (error) {
      await this.takeBack();
      throw error;
    }
    return this.#told() ?? { sentBytes: sizeBytes, stoodMs: 0 };
  }

  async handedOver(): Promise<HandedOver | undefined> {
    return this.#told();
  }

  async takeBack(): Promise<void> {
    this.#offered?.destroy();
    this.#offered = undefined;
    await this.#options.handed.delete(this.#file().definition.id);
  }

  #told(): HandedOver | undefined {
    const { clock, handed } = this.#options;
    const { definition, generation } = this.#file();
    const guest = handed.find(definition.id, generation);
    if (guest === undefined) return undefined;
    return { sentBytes: guest.sentBytes, stoodMs: Math.max(0, clock.now() - guest.sinceMs) };
  }
}

/** What a simulated host lacks of a guest that works: a guest of a real one. */
export function judgeSimulated(file: MachineFile, { driver }: GuestNeeds): readonly Reason[] {
  if (driver === 'simulated') return [];
  const { name } = file.definition;
  return [
    {
      code: 'guest-driver',
      text: `${name} works on a host of another kind, and this one simulates its guests`,
      remedy: `choose another host, or shut it down first: gantry vm shutdown ${name}`,
    },
  ];
}

export class SimulatedReceived implements Received {
  readonly running: SimulatedRunning;
  readonly #guest = Promise.withResolvers<TravellingGuest>();

  constructor(running: SimulatedRunning) {
    this.running = running;
    this.#guest.promise.catch(() => undefined);
  }

  async open(channel: string): Promise<Duplex> {
    if (channel !== memoryChannel) throw new Fault('not-found', `no guest comes by ${channel}`);
    const [near, far] = makeBridge();
    readGuest(near).then(this.#guest.resolve, this.#guest.reject);
    return far;
  }

  async take(signal: AbortSignal): Promise<void> {
    const late = once(signal, 'abort').then(() => {
      throw abortReason(signal);
    });
    late.catch(() => undefined);
    signal.throwIfAborted();
    this.running.goOn(await Promise.race([this.#guest.promise, late]));
  }
}

async function readGuest(stream: Duplex): Promise<TravellingGuest> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    if (text.length > maxBytes)
      throw new Fault('invalid', 'the guest is told of in too many words');
  }
  if (!text.endsWith('\n'))
    throw new Fault('unavailable', 'the stream ended before the guest came');
  return guestSchema.parse(JSON.parse(text));
}
