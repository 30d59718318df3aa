/**
 * The part of a move between hosts that a guest which works adds to the carrying of files (docs/rfd/0042): a process that waits
 * for it on the other host, a stream for each disk that it writes and one for its memory, and the hand-over, after which it
 * stands still here and is all there. It goes on there by `machine.arrival.end` alone, and here by `machine.departure.cancel`
 * alone; the operation asks for the first once the vm's document names the other host, and for the second only while it does not.
 */
import { Fault } from '#lib';
import type { LinkResult } from '#api';
import { takePace } from '../operation-pace.ts';
import { followed, type Work } from '../work.ts';
import { causeOf, targetVm } from './common-steps.ts';
import { definitionThere, inputOf, moveOf } from './migrate-input.ts';

/** A guest that writes faster than it travels is never over. */
const handOverLimitMs = 24 * 3_600_000;
/** Both hosts end the streams when the guest goes on; this is for those that do not. */
const lingerMs = 60_000;

type Channel = LinkResult<'machine.departure.begin'>['channels'][number];

/** What is remembered of a guest that stands still on the first host and is all on the other one. */
interface HandedOver {
  readonly stoodMs: number;
  readonly sentBytes: number;
  /** When the first host said so: it stands still since before that. */
  readonly handedAt: number;
}

/**
 * Resolves when the guest stands still and all of it is on the other host. Errors: those of both hosts; it goes on here then, at
 * the latest by the undoing of the move.
 */
export async function handOver(work: Work, channels: readonly Channel[]): Promise<void> {
  const { fromHost, toHost, bytesPerSecond } = inputOf(work);
  const { links, clock } = work.coordinator;
  const { generation, revision } = targetVm(work).data;
  const cause = causeOf(work);
  const move = moveOf(work);
  work.tell(null, 'preparing the other host');
  await links.call(
    toHost,
    'machine.arrival.await',
    {
      ...move,
      generation,
      cause,
      definition: definitionThere(work),
      definitionVersion: revision,
    },
    { signal: work.signal },
  );
  const streams = new GuestStreams(work);
  try {
    await streams.open(channels);
    await takePace(work, fromHost, bytesPerSecond);
    const { stoodMs, sentBytes } = await links.call(
      fromHost,
      'machine.departure.hand-over',
      { ...move, cause },
      followed(work, handOverLimitMs),
    );
    await work.remember({ handedOver: { stoodMs, sentBytes, handedAt: clock.now() } });
  } catch (error) {
    streams.end();
    throw error;
  }
  streams.leave();
}

/** Undefined: no guest was handed over. */
export function handedOver(work: Work): HandedOver | undefined {
  return work.memory['handedOver'] as unknown as HandedOver | undefined;
}

/** The guest goes on as of now: how long it stood still, and how much went over. Undefined where none went along. */
export function standstill(
  work: Work,
): { readonly stoodMs: number; readonly sentBytes: number } | undefined {
  const done = handedOver(work);
  if (done === undefined) return undefined;
  const since = Math.max(0, work.coordinator.clock.now() - done.handedAt);
  return { stoodMs: Math.round(done.stoodMs + since), sentBytes: done.sentBytes };
}

/** They end with the work, when the hand-over fails, and some time after it. */
class GuestStreams {
  readonly #work: Work;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #carried: Promise<void>[] = [];

  constructor(work: Work) {
    this.#work = work;
    this.#signal = AbortSignal.any([work.signal, this.#over.signal]);
  }

  /** Resolves when both hosts have joined all of them with their processes. */
  async open(channels: readonly Channel[]): Promise<void> {
    await Promise.all(channels.map((channel) => this.#open(channel)));
  }

  async #open(channel: Channel): Promise<void> {
    const { fromHost, toHost } = inputOf(this.#work);
    const { links, streams } = this.#work.coordinator;
    const params = { ...moveOf(this.#work), channel };
    const answers: Promise<unknown>[] = [];
    const told = <T>(answer: Promise<T>): Promise<T> => {
      answers.push(answer);
      return answer;
    };
    const joined = Promise.withResolvers<void>();
    const carried = streams.carry(
      {
        hostId: fromHost,
        ask: (streamId, signal) =>
          told(
            links.call(fromHost, 'machine.departure.channel', { ...params, streamId }, { signal }),
          ),
      },
      {
        hostId: toHost,
        ask: (streamId, signal) =>
          told(links.call(toHost, 'machine.arrival.channel', { ...params, streamId }, { signal })),
      },
      { signal: this.#signal, onBytes: () => undefined, onJoined: joined.resolve },
    );
    this.#carried.push(carried.catch(() => undefined));
    const ended = carried.then(() => {
      throw new Fault('unavailable', `the stream ${channel} between both hosts has ended`, {
        hint: 'the vm works on where it was: move it again',
      });
    });
    await Promise.race([joined.promise, ended]);
    await Promise.all(answers);
  }

  end(): void {
    this.#over.abort(new Fault('cancelled', 'the guest is not handed over'));
  }

  /** What is still in them goes on; nobody waits for that. */
  leave(): void {
    const { clock } = this.#work.coordinator;
    const late = clock.sleep(lingerMs, this.#signal).catch(() => undefined);
    void Promise.race([late, Promise.all(this.#carried)]).then(() => this.end());
  }
}
