/** Simulated guests that go on on another host, with agents that end on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { present } from '#lib';
import { silentLog } from '#log';
import type { CallContext } from '../../link/calls.ts';
import type { Machine } from '../../machine/machine.ts';
import { Streams } from '../../stream/streams.ts';
import { TestHost, tester } from '../../testing/simulated-host.ts';
import { arrivalVerbs } from '../../verbs/arrivals.ts';
import { departureVerbs } from '../../verbs/departures.ts';

const streams = new Streams(() => assert.fail('nothing is streamed'), silentLog);
const call: CallContext = { signal: AbortSignal.any([]), progress: () => undefined };

/** A vm that runs on one of two hosts, and the verbs by which it goes to the other one. */
class Going implements AsyncDisposable {
  readonly left: TestHost;
  readonly right: TestHost;
  readonly #id: string;
  readonly #move: { readonly id: string; readonly moveId: string };

  private constructor(left: TestHost, right: TestHost, id: string) {
    this.left = left;
    this.right = right;
    this.#id = id;
    this.#move = { id, moveId: 'one-move' };
  }

  static async begin(): Promise<Going> {
    const [left, right] = [
      await TestHost.make({ seed: 'left' }),
      await TestHost.make({ seed: 'right' }),
    ];
    const web = await left.add({ name: 'web' });
    await left.act(web, 'turn-on', 1);
    return new Going(left, right, web.id);
  }

  at(host: TestHost): Machine {
    return host.machine(this.#id);
  }

  /** A process waits for it afterwards. */
  async wait(): Promise<void> {
    const asked = { ...this.#move, generation: 1, cause: tester, to: 'right', gathered: [] };
    const { left, right } = this;
    const leaving = departureVerbs(left.host, streams);
    const begun = await leaving['machine.departure.begin'](asked, call);
    assert.deepEqual(begun.channels, ['memory']);
    const { files, fileName, record } = begun;
    const { definition } = this.at(left).file;
    const coming = arrivalVerbs(right.host, streams);
    const told = { ...this.#move, definition, parent: null, files, fileName, record };
    await coming['machine.arrival.begin'](told, call);
    const waiting = { ...this.#move, ...this.#there() };
    await right.clock.finish(coming['machine.arrival.await'](waiting, call));
  }

  /** Answers what cuts it. */
  async join(): Promise<() => void> {
    const { id, moveId } = this.#move;
    const from = await present(this.at(this.left).running?.departing, 'a guest').offer('memory');
    const received = this.right.host.guests.find(id, moveId)?.received;
    const to = await present(received, 'a process that waits').open('memory', call.signal);
    from.pipe(to);
    to.pipe(from);
    return () => from.destroy();
  }

  handOver(): Promise<{ readonly sentBytes: number; readonly stoodMs: number }> {
    const verbs = departureVerbs(this.left.host, streams);
    const asked = { ...this.#move, cause: tester };
    return this.left.clock.finish(verbs['machine.departure.hand-over'](asked, call));
  }

  async arrive(): Promise<void> {
    const verbs = arrivalVerbs(this.right.host, streams);
    await verbs['machine.arrival.end']({ ...this.#move, ...this.#there() }, call);
  }

  async giveUp(): Promise<void> {
    await arrivalVerbs(this.right.host, streams)['machine.arrival.cancel'](this.#move, call);
    await departureVerbs(this.left.host, streams)['machine.departure.cancel'](this.#move, call);
  }

  async leave(): Promise<void> {
    const verbs = departureVerbs(this.left.host, streams);
    await verbs['machine.departure.end']({ ...this.#move, files: [] }, call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.left[Symbol.asyncDispose]();
    await this.right[Symbol.asyncDispose]();
  }

  #there(): {
    readonly generation: number;
    readonly cause: typeof tester;
    readonly definition: Machine['file']['definition'];
    readonly definitionVersion: number;
  } {
    const { definition } = this.at(this.left).file;
    return { generation: 2, cause: tester, definition, definitionVersion: 1 };
  }
}

test('a simulated guest goes on on another host without a start, and is told of with its memory', async () => {
  await using going = await Going.begin();
  const { left, right } = going;
  const { startedAt, definition } = going.at(left).file;
  await going.wait();
  await going.join();
  const { sentBytes } = await going.handOver();
  assert.equal(sentBytes, definition.hardware.memory.sizeBytes);
  await going.arrive();
  await going.leave();
  const { state, startedAt: since } = going.at(right).file;
  assert.deepEqual([state, since], ['running', startedAt]);
  // It boots to the end that it was to come to, if it has not yet.
  await right.clock.advance(5_000);
  assert.equal(going.at(right).running?.additions, 'running');
  assert.deepEqual(left.host.files(), []);
});

test('a simulated guest whose stream breaks goes on where it is', async () => {
  await using going = await Going.begin();
  await going.wait();
  const cut = await going.join();
  cut();
  await assert.rejects(going.handOver(), { code: 'unavailable' });
  await going.giveUp();
  assert.deepEqual(
    [going.at(going.left).file.state, going.at(going.left).file.departure],
    ['running', null],
  );
  assert.deepEqual(going.right.host.files(), []);
});

test('a simulated guest that was handed over stands still when its agent comes back, and is not there where the other one does', async () => {
  await using going = await Going.begin();
  const { left, right } = going;
  await going.wait();
  await going.join();
  const handed = await going.handOver();
  await left.stop();
  await left.start();
  assert.equal((await going.handOver()).sentBytes, handed.sentBytes);
  await right.stop();
  await right.start();
  await assert.rejects(going.arrive(), { code: 'not-found' });
  await going.giveUp();
  assert.equal(await present(going.at(left).running?.departing, 'a guest').handedOver(), undefined);
  assert.equal(going.at(left).file.state, 'running');
});
