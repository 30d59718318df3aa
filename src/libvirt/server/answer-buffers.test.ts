import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { present } from '#lib';
import { callFrame, makeSocketPair, RawPeer } from '../testing/socket-pair.ts';
import { uhyperParam } from '../wire/typed-param.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import type { OpenAnswer } from './handler.ts';
import { Session } from './session.ts';
import { encodeStats, encodeStatsRecord, layStats, type StatsRecord } from './stats-records.ts';

const uuid = '00000000-0000-4000-8000-000000000000';

void test('answers that differ in figures alone share their memory, and none is changed before it was sent', async () => {
  const of = (letter: string, count: number): StatsRecord[] =>
    Array.from({ length: count }, () =>
      encodeStatsRecord(
        { name: letter.repeat(200), uuid, id: -1 },
        [uhyperParam('count', 0)],
        () => true,
      ),
    );
  // Of two megabytes: some are on their way at once.
  const layouts = [layStats(of('x', 7000)), layStats(of('y', 7000)), layStats(of('z', 1))];
  const seen = { asked: 0 };
  await using pair = await makeSocketPair();
  const open = (): OpenAnswer => ({
    handlers: {
      CONNECT_GET_ALL_DOMAIN_STATS: ({ stats }) => {
        seen.asked += 1;
        const figure = seen.asked;
        const layout = present(layouts[stats], 'layout');
        return encodeStats(layout, (_, figures) => figures.fill(figure));
      },
    },
  });
  void new Session(pair.near, { transport: 'unix', address: 'test', access: 'write' }, { open });
  const peer = new RawPeer(pair.far);
  await peer.call('CONNECT_OPEN', { name: null, flags: 0 });
  const ask = (stats: number): void =>
    void peer.socket.write(
      callFrame('CONNECT_GET_ALL_DOMAIN_STATS', { doms: [], stats, flags: 0 }),
    );
  let told = 0;
  const hears = async (stats: number): Promise<void> => {
    told += 1;
    const frame = await peer.next();
    const { records, starts, sizeBytes } = present(layouts[stats], 'layout');
    assert.ok(frame);
    assert.equal(frame.payload.length, sizeBytes);
    assert.equal(frame.payload.readUInt32BE(0), records.length);
    assert.equal(frame.payload.toString('latin1', 8, 9), 'xyz'[stats]);
    const figures = records.map((record, index) =>
      frame.payload.readBigUInt64BE((starts[index] ?? 0) + (record.places[0] ?? 0)),
    );
    assert.deepEqual(new Set(figures), new Set([BigInt(told)]));
  };
  // None is read before all are asked for.
  peer.socket.pause();
  const many = [0, 0, 1, 0, 2, 1];
  for (const stats of many) ask(stats);
  while (seen.asked < 2) await once(pair.near, 'data');
  peer.socket.resume();
  for (const stats of many) await hears(stats);
  // One by one they are written to the same memory.
  for (const stats of [0, 0, 1, 1, 0]) {
    ask(stats);
    await hears(stats);
  }
});

void test('memory that nobody has asked for in a while is not kept', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const buffers = new AnswerBuffers(1000);
  const lasting = { layout: {} };
  const take = (): ReturnType<AnswerBuffers['take']> => buffers.take(1024 ** 2, lasting);
  const first = take();
  assert.ok(first);
  buffers.giveBack(first, lasting);
  t.mock.timers.tick(999);
  const second = take();
  assert.deepEqual([second?.buffer === first.buffer, second?.isLaid], [true, true]);
  // Another one while the first is out.
  assert.notEqual(take()?.buffer, first.buffer);
  buffers.giveBack(first, lasting);
  t.mock.timers.tick(1000);
  assert.notEqual(take()?.buffer, first.buffer);
  assert.equal(buffers.take(1024, lasting), undefined, 'what is short has memory of its own');
});
