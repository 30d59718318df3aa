/** Events told over real connections as they happen: resumed, filtered, cut off. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Event } from '#api';
import { isEvent, WatchRoom } from '../testing/watch-room.ts';

const room = await WatchRoom.open();
const { stage, listen, makeFolder } = room;
after(() => room[Symbol.asyncDispose]());

describe('events', { timeout: 20_000 }, () => {
  test('EVT-07 events are told as they happen, each with its number, filtered', async () => {
    await using all = await listen('/events/watch');
    await using folders = await listen('/events/watch?filter=name=folder.created');
    await makeFolder('told');
    const message = await all.until(isEvent('folder.created', '/told'));
    assert.equal(message.id, String((message.data as Event).seq));
    await stage.send('PATCH', '/folders/%2Ftold', { body: { name: 'told-2' } });
    await all.until(isEvent('folder.changed', '/told-2'));
    await folders.until(isEvent('folder.created', '/told'));
    assert.deepEqual(
      folders.heard.map(({ data }) => (data as Event).name),
      ['folder.created'],
    );
  });

  test('a listener that comes back is told what it has missed, once and in order', async () => {
    let last = '';
    {
      await using listener = await listen('/events/watch');
      await makeFolder('before-break');
      last = (await listener.until(isEvent('folder.created', '/before-break'))).id ?? '';
    }
    await makeFolder('during-break-1');
    await makeFolder('during-break-2');
    await using again = await listen('/events/watch?filter=name=folder.created', {
      'last-event-id': last,
    });
    await makeFolder('after-break');
    await again.until(isEvent('folder.created', '/after-break'));
    assert.deepEqual(
      again.heard.map(({ data }) => (data as Event).target.name),
      ['/during-break-1', '/during-break-2', '/after-break'],
    );
  });

  test('what is missed is told without a gap while new events come', async () => {
    const { json } = await stage.send('GET', '/events?limit=1');
    const [newest] = (json as { items: Event[] }).items;
    const wanted = 60;
    const makeAll = Promise.all(
      Array.from({ length: wanted }, (_, index) => makeFolder(`gapless-${index}`)),
    );
    await using listener = await listen(
      `/events/watch?since=${newest?.seq ?? 0}&filter=target.name=%2Fgapless-*`,
    );
    await makeAll;
    await listener.until(() => listener.heard.length === wanted);
    const seqs = listener.heard.map(({ data }) => (data as Event).seq);
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((one, other) => one - other),
    );
  });

  test('EVT-56 a listener hears only what it may see', async () => {
    const folder = await makeFolder('secret');
    const stranger = await stage.addUser('stranger', [
      { role: 'auditor', objectKind: 'folder', object: folder },
    ]);
    await using listener = await listen('/events/watch', {}, stranger);
    await makeFolder('not-for-strangers');
    await stage.send('POST', '/folders', { body: { name: 'inner', parent: '/secret' } });
    await listener.until(isEvent('folder.created', '/secret/inner'));
    assert.deepEqual(
      listener.heard.map(({ data }) => (data as Event).target.name),
      ['/secret/inner'],
    );
  });

  test('a revoked token ends the stream', async () => {
    const made = await stage.send('POST', '/tokens', { body: { name: 'short-lived' } });
    const { secret, token: shown } = made.json as { secret: string; token: { id: string } };
    await using listener = await listen('/events/watch', {}, secret);
    await stage.send('DELETE', `/tokens/${shown.id}`);
    await listener.untilEnded();
  });
});
