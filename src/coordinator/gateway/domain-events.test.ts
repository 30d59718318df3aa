import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '#api';
import { DomainEvents, type DomainEvent } from './domain-events.ts';

const target = { kind: 'vm', id: 'a', name: 'web' } as const;

function readAll(
  ...events: readonly (readonly [name: string, attributes?: Event['attributes']])[]
): readonly (DomainEvent | undefined)[] {
  const reader = new DomainEvents();
  return events.map(([name, attributes = {}]) => reader.read({ name, attributes, target }));
}

const stopped = (detail: number): DomainEvent => ({ kind: 'lifecycle', event: 5, detail });

test('how a vm went off is told apart: by its guest, by somebody, by a crash', () => {
  const off = 'vm.state.powered-off';
  assert.deepEqual(
    readAll([off, { cause: 'guest' }], [off, { cause: 'person' }], [off, { cause: 'crash' }]),
    [stopped(0), stopped(1), stopped(2)],
  );
  assert.deepEqual(
    readAll(['vm.shutdown.completed'], [off, { cause: 'person' }], [off, { cause: 'person' }]),
    [undefined, stopped(0), stopped(1)],
  );
});

test('what Gantry writes into a definition by itself is no change of it', () => {
  const [own, theirs] = readAll(
    ['vm.setting.changed', { path: 'settings/shutdown/quit/wasRunning' }],
    ['vm.setting.changed', { path: 'description' }],
  );
  assert.equal(own, undefined);
  assert.deepEqual(theirs, { kind: 'lifecycle', event: 0, detail: 1 });
});
