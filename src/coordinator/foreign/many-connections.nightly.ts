/** A hundred hypervisors made of bytes with a hundred vms each: what lists of them cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Vm } from '#api';
import { Hypervisors } from '../testing/hypervisors.ts';
import { Stage } from '../testing/stage.ts';

const connections = 100;
const vmsOfEach = 100;
const atOnce = 10;
const limitMs = 1000;

test('FED-61 lists over 100 connections and 10 000 vms answer within one second from memory, since no list asks a hypervisor: while none of them answers anything', async () => {
  await using stage = await Stage.open();
  await using hypervisors = await Hypervisors.open();
  const names = Array.from({ length: connections }, (_, index) => `h${index}`);
  let asleep = false;
  const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
  const connect = async (name: string): Promise<void> => {
    const vms = Array.from({ length: vmsOfEach }, (_, index) => `${name}-vm-${index}`);
    await hypervisors.serve(name, vms, ({ handlers }) =>
      Object.fromEntries(
        Object.entries(handlers).map(([procedure, handle]) => [
          procedure,
          async (args: never, context: never) => {
            if (asleep) await awake;
            return handle(args, context);
          },
        ]),
      ),
    );
    await hypervisors.connect(stage, name);
  };
  for (let at = 0; at < connections; at += atOnce)
    await Promise.all(names.slice(at, at + atOnce).map(connect));
  const { inventory } = stage.coordinator;
  await stage.until(() => inventory.count('vm') === connections * vmsOfEach, 'all vms', 300_000);
  asleep = true;
  const lists = [
    ['/vms', connections * vmsOfEach],
    ['/vms?limit=1000&sort=-name', connections * vmsOfEach],
    ['/vms?limit=1000&skip=9000&fields=name,uuid,host,standing', connections * vmsOfEach],
    [`/vms?filter=${encodeURIComponent('name : vm-7 AND host = h42')}`, 11],
    [
      `/vms?filter=${encodeURIComponent('driver = libvirt AND stateNumber >= 0')}&sort=host,name`,
      connections * vmsOfEach,
    ],
    ['/hosts?limit=1000', connections],
  ] as const;
  for (const [path, total] of lists) {
    // The machine may be busy with other tests: the quickest of three counts.
    const took: number[] = [];
    while (took.length < 3 && !took.some((ms) => ms < limitMs)) {
      const begun = performance.now();
      const { json, status, text } = await stage.send('GET', path);
      took.push(performance.now() - begun);
      assert.equal(status, 200, text);
      assert.equal((json as Page<Vm>).total, total, path);
    }
    assert.ok(Math.min(...took) < limitMs, `${path} took ${took.join(', ')} ms`);
  }
  wake();
});
