import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#log';
import type { ForeignAnswer } from '#api';
import { ForeignProcess } from './process.ts';

const target = {
  address: 'test+unix:///default?socket=/nowhere/libvirt-sock',
  user: null,
  password: null,
  unverified: 'refused',
} as const;

void test('the process answers what it is asked, and a new one is there after it was killed', async () => {
  let hear: (answer: ForeignAnswer) => void = () => undefined;
  const lost = Promise.withResolvers<void>();
  const restarted = Promise.withResolvers<void>();
  await using kept = new ForeignProcess({
    log: silentLog,
    logLevel: 'silent',
    onAnswer: (answer) => hear(answer),
    onLost: lost.resolve,
    onRestarted: restarted.resolve,
  });
  const ask = async (id: number): Promise<ForeignAnswer> => {
    const { promise, resolve } = Promise.withResolvers<ForeignAnswer>();
    hear = resolve;
    kept.send({ type: 'try', id, target });
    return await promise;
  };
  assert.equal(kept.pid, undefined);
  const answer = await ask(1);
  assert.ok(answer.type === 'tried' && answer.id === 1);
  assert.equal(answer.fault?.code, 'unavailable');
  const { pid } = kept;
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGKILL');
  await lost.promise;
  await restarted.promise;
  assert.notEqual(kept.pid, pid);
  const again = await ask(2);
  assert.ok(again.type === 'tried' && again.id === 2);
});
