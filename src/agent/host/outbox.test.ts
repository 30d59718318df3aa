import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, truncate, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '#log';
import { Outbox, type NewAgentEvent } from './outbox.ts';

const event: NewAgentEvent = {
  name: 'vm.state.suspended',
  time: '2026-01-01T00:00:00.000Z',
  vmId: '00000000-0000-4000-8000-000000000001',
  actor: { kind: 'user', name: 'u' },
  correlationId: null,
  attributes: {},
};

async function withPath(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'go-'));
  try {
    await work(join(folder, 'outbox.jsonl'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const seqs = (outbox: Outbox, after = 0): number[] =>
  outbox.after(after, 1000).map(({ seq }) => seq);

test('EVT-10 events survive the agent, with their numbers, until they are acknowledged', () =>
  withPath(async (path) => {
    const first = await Outbox.open(path, 'flushed', silentLog);
    for (let n = 0; n < 5; n += 1) first.add(event);
    await first.settle();
    first.acknowledge(2);
    // Killed: nothing is written at the end. What is left of it is put away when all is over.
    const second = await Outbox.open(path, 'flushed', silentLog);
    second.acknowledge(2);
    assert.deepEqual(seqs(second), [3, 4, 5]);
    second.add(event);
    await second.settle();
    assert.deepEqual(seqs(second), [3, 4, 5, 6]);
    await second[Symbol.asyncDispose]();
    const third = await Outbox.open(path, 'flushed', silentLog);
    assert.deepEqual(seqs(third), [3, 4, 5, 6]);
    await third[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
  }));

test('numbers never restart, even when all events were delivered', () =>
  withPath(async (path) => {
    const first = await Outbox.open(path, 'cached', silentLog);
    first.add(event);
    await first.settle();
    first.acknowledge(1);
    await first[Symbol.asyncDispose]();
    const second = await Outbox.open(path, 'cached', silentLog);
    second.add(event);
    await second.settle();
    assert.deepEqual(seqs(second), [2]);
    await second[Symbol.asyncDispose]();
  }));

test('a coordinator that knows later numbers than ours is believed', () =>
  withPath(async (path) => {
    const outbox = await Outbox.open(path, 'cached', silentLog);
    outbox.acknowledge(41);
    outbox.add(event);
    await outbox.settle();
    assert.deepEqual(seqs(outbox, 41), [42]);
    await outbox[Symbol.asyncDispose]();
  }));

test('a line that was cut off by a power cut costs only itself', () =>
  withPath(async (path) => {
    const first = await Outbox.open(path, 'cached', silentLog);
    for (let n = 0; n < 3; n += 1) first.add(event);
    await first.settle();
    const { size } = await stat(path);
    await truncate(path, size - 10);
    const second = await Outbox.open(path, 'cached', silentLog);
    assert.deepEqual(seqs(second), [1, 2]);
    await second[Symbol.asyncDispose]();
    await appendFile(path, 'garbage\n');
    const third = await Outbox.open(path, 'cached', silentLog);
    assert.deepEqual(seqs(third), [1, 2]);
    assert.doesNotMatch(await readFile(path, 'utf8'), /garbage/);
    await third[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
  }));

test('EVT-10 whatever is added, acknowledged and restarted: in order, without gaps or repeats', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({
        kind: fc.constant('ack' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.constant({ kind: 'restart' as const }),
    ),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, (course) =>
      withPath(async (path) => {
        let outbox = await Outbox.open(path, 'cached', silentLog);
        let added = 0;
        let acknowledged = 0;
        for (const step of course) {
          if (step.kind === 'add') {
            for (let n = 0; n < step.count; n += 1) outbox.add(event);
            added += step.count;
            await outbox.settle();
          } else if (step.kind === 'ack') {
            acknowledged = Math.max(acknowledged, Math.floor(added * step.share));
            outbox.acknowledge(acknowledged);
          } else {
            await outbox[Symbol.asyncDispose]();
            outbox = await Outbox.open(path, 'cached', silentLog);
          }
          const expected = Array.from(
            { length: added - acknowledged },
            (_, n) => acknowledged + n + 1,
          );
          assert.deepEqual(seqs(outbox, acknowledged), expected);
        }
        await outbox[Symbol.asyncDispose]();
      }),
    ),
    { numRuns: 25 },
  );
});
