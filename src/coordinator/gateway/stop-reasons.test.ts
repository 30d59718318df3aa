import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '#api';
import type { InventoryChange } from '../inventory/inventory.ts';
import { StopReasons } from './stop-reasons.ts';

/** VIR_DOMAIN_SHUTOFF_… */
const unknown = 0;
const shutdown = 1;
const destroyed = 2;
const crashed = 3;

test('why a vm is off is known once it was told, of each vm by itself, until the vm is gone', () => {
  let told: (change: InventoryChange) => void = () => undefined;
  using reasons = new StopReasons({
    onChange(listener) {
      told = listener;
      return () => undefined;
    },
  });
  const happen = (name: string, id: string, attributes: Event['attributes'] = {}): void => {
    const event = { name, attributes, target: { kind: 'vm', id, name: id } } as Event;
    told({ seq: 1, things: [], events: [event] });
  };
  const off = 'vm.state.powered-off';
  assert.equal(reasons.of('a'), unknown);
  happen(off, 'a', { cause: 'guest' });
  happen(off, 'b', { cause: 'person' });
  assert.deepEqual([reasons.of('a'), reasons.of('b')], [shutdown, destroyed]);
  happen('vm.state.powered-on', 'a');
  happen(off, 'a', { cause: 'crash' });
  happen('vm.shutdown.completed', 'b');
  happen(off, 'b', { cause: 'person' });
  assert.deepEqual([reasons.of('a'), reasons.of('b')], [crashed, shutdown]);
  happen('vm.deleted', 'a');
  assert.equal(reasons.of('a'), unknown);
});
