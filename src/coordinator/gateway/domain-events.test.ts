import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '#api';
import { makeSerialNumber } from '../app/vm-identity.ts';
import { DomainEvents, type DomainEvent } from './domain-events.ts';
import { onceDefined } from './tell-events.ts';

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
  const setting = 'vm.setting.changed';
  const [own, theirs] = readAll(
    [setting, { path: 'settings/shutdown/quit/wasRunning' }],
    [setting, { path: 'description' }],
  );
  assert.equal(own, undefined);
  const path = 'hardware/bios/chassis/serial_number';
  const [given, ...chosen] = readAll(
    [setting, { path, oldValue: null, newValue: makeSerialNumber() }],
    [setting, { path, oldValue: null, newValue: 'rack 7' }],
    [setting, { path, oldValue: 'rack 7', newValue: makeSerialNumber() }],
    [setting, { path: 'description', oldValue: null, newValue: makeSerialNumber() }],
  );
  assert.equal(given, undefined);
  assert.deepEqual(chosen, [theirs, theirs, theirs]);
  assert.deepEqual(theirs, { kind: 'lifecycle', event: 0, detail: 1 });
});

test('settings that have changed at once are one change of the definition, for each vm', () => {
  const change = (path: string, id: string): Event =>
    ({
      name: 'vm.setting.changed',
      attributes: { path },
      target: { ...target, id },
    }) as unknown as Event;
  const on = { name: 'vm.state.powered-on', attributes: {}, target } as unknown as Event;
  const own = change('settings/shutdown/quit/wasRunning', 'a');
  const [first, second, other] = [change('name', 'a'), change('tags', 'a'), change('name', 'b')];
  assert.deepEqual(onceDefined([own, first, on, second, other]), [own, first, on, other]);
});
