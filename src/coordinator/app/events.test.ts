import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Event, EventPage } from '#api';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  for (let index = 0; index < 30; index += 1)
    await stage.send('POST', '/folders', { body: { name: `f-${index}` } });
});
after(() => stage[Symbol.asyncDispose]());

async function list(query: string): Promise<EventPage> {
  const { status, json, text } = await stage.send('GET', `/events?${query}`);
  assert.equal(status, 200, text);
  return json as EventPage;
}

async function readAll(query: string): Promise<readonly Event[]> {
  const events: Event[] = [];
  let cursor = '';
  for (;;) {
    const page = await list(`${query}${cursor}`);
    events.push(...page.items);
    if (page.nextCursor === null) return events;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

test('the log is read newest first, or oldest first when asked, in pages without gaps', async () => {
  const newest = await readAll('limit=7');
  const oldest = await readAll('limit=7&sort=seq');
  assert.deepEqual(
    newest.map(({ seq }) => seq),
    oldest.map(({ seq }) => seq).reverse(),
  );
  assert.deepEqual(
    oldest.map(({ seq }) => seq),
    oldest.map((_, index) => index + 1),
  );
});

test('EVT-07 it is filtered by name, type, category, person, text and time, also page by page', async () => {
  const created = await readAll('limit=4&filter=name=folder.created');
  assert.equal(created.length, 30);
  assert.equal((await readAll('filter=category=Coordinator%20actor.name=admin')).length, 30);
  assert.equal((await readAll('filter=f-17')).length, 1);
  assert.equal((await readAll('filter=type=error')).length, 0);
  const { time } = created[10] ?? { time: '' };
  const since = await readAll(`filter=name=folder.created&since=${time}`);
  assert.ok(since.length >= 11 && since.every((event) => event.time >= time));
  const until = await readAll(`filter=name=folder.created&until=${time}`);
  assert.ok(until.every((event) => event.time < time));
  assert.equal(since.length + until.length, 30);
});

test('one operation has its events by its correlation', async () => {
  const id = '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f';
  const headers = { 'x-correlation-id': id };
  await stage.send('POST', '/folders', { body: { name: 'correlated' }, headers });
  const [event, ...others] = await readAll(`filter=correlationId=${id}`);
  assert.equal(event?.target.name, '/correlated');
  assert.deepEqual(others, []);
});

test('fields are cut, the total is told where it is known', async () => {
  const page = await list('limit=2&fields=name,target.name');
  assert.deepEqual(Object.keys(page.items[0] ?? {}).sort(), ['name', 'target']);
  assert.equal(page.total, (await readAll('limit=1000')).length);
  assert.equal((await list('filter=f-1')).total, null);
});

test('what cannot be asked for is refused', async () => {
  for (const query of [
    'sort=name',
    'cursor=x',
    'filter=nothing=1',
    'fields=nothing',
    'since=yesterday',
    'limit=5000',
  ])
    assert.equal((await stage.send('GET', `/events?${query}`)).status, 400, query);
});

test('EVT-13 the log is cleared up to a time, and that leaves a record', async () => {
  const future = await stage.send('POST', '/events/clear', {
    body: { before: '2999-01-01T00:00:00.000Z' },
  });
  assert.equal(future.status, 400);
  // Times of the log are compared as text.
  for (const zone of ['+05:00', ''])
    assert.equal(
      (
        await stage.send('POST', '/events/clear', {
          body: { before: `2026-01-01T00:00:00.000${zone}` },
        })
      ).status,
      400,
      'only UTC is taken',
    );
  const before = new Date().toISOString();
  const dry = await stage.send('POST', '/events/clear?dryRun=true', { body: { before } });
  const { count } = dry.json as { count: number };
  assert.ok(count > 30);
  const cleared = await stage.send('POST', '/events/clear', { body: { before } });
  assert.ok((cleared.json as { count: number }).count >= count);
  const [record, ...others] = await readAll('limit=100');
  assert.equal(record?.name, 'coordinator.log.cleared');
  assert.deepEqual(others, []);
});

test('EVT-14 settings of the installation are changed one by one, each an event', async () => {
  const { status, json, text } = await stage.send('PATCH', '/installation', {
    body: { eventRetentionDays: 30, sessionHours: 8 },
  });
  assert.equal(status, 200, text);
  const { settings } = json as { settings: Record<string, number> };
  assert.equal(settings['eventRetentionDays'], 30);
  assert.equal(settings['operationRetentionDays'], 30);
  const changes = await readAll('filter=name=installation.setting.changed&sort=seq');
  assert.deepEqual(
    changes.map(({ attributes }) => [attributes['path'], attributes['newValue']]),
    [
      ['event_retention_days', 30],
      ['session_hours', 8],
    ],
  );
});
