import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryOutbox } from './outbox.ts';

function add(outbox: MemoryOutbox, ...names: readonly string[]): void {
  for (const name of names)
    outbox.add({
      name,
      time: '2026-01-01T00:00:00.000Z',
      vmId: null,
      actor: { kind: 'system', name: 'test' },
      correlationId: null,
      attributes: {},
    });
}

const told = (outbox: MemoryOutbox, after: number, limit = 100): string[] =>
  outbox.after(after, limit).map(({ seq, name }) => `${seq} ${name}`);

test('numbers go on from what the coordinator has, and nothing is given before it has said so', () => {
  const outbox = new MemoryOutbox();
  add(outbox, 'a', 'b');
  assert.deepEqual(told(outbox, 0), []);
  outbox.acknowledge(41);
  assert.deepEqual(told(outbox, 41), ['42 a', '43 b']);
  assert.deepEqual(told(outbox, 42), ['43 b']);
  assert.deepEqual(told(outbox, 41, 1), ['42 a']);
});

test('what is acknowledged goes, and what was not keeps its number on the next link', () => {
  const outbox = new MemoryOutbox();
  outbox.acknowledge(0);
  add(outbox, 'a', 'b', 'c');
  outbox.acknowledge(2);
  assert.deepEqual(told(outbox, 2), ['3 c']);
  outbox.acknowledge(2);
  add(outbox, 'd');
  assert.deepEqual(told(outbox, 2), ['3 c', '4 d']);
});

test('where the coordinator has more than was told, numbers go on after that', () => {
  const outbox = new MemoryOutbox();
  outbox.acknowledge(0);
  add(outbox, 'a');
  outbox.acknowledge(9);
  add(outbox, 'b');
  assert.deepEqual(told(outbox, 9), ['10 b']);
});

test('of too many that wait the oldest go', () => {
  const outbox = new MemoryOutbox();
  outbox.acknowledge(0);
  add(outbox, ...Array.from({ length: 10_003 }, (_, at) => String(at)));
  assert.deepEqual(told(outbox, 0, 1), ['4 3']);
});
