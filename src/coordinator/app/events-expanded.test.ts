/** One event in the logs of its target and of everything above it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installationId, type EventEntry, type EventPage } from '#api';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  await stage.send('POST', '/folders', { body: { name: 'lab' } });
  await stage.act('POST', '/vms', { name: 'web', folder: '/lab' });
});
after(() => stage[Symbol.asyncDispose]());

const created = 'filter=name=vm.created';

async function read(query: string, token?: string): Promise<EventPage> {
  const asked = token === undefined ? {} : { token };
  const { status, json, text } = await stage.send('GET', `/events?${query}`, asked);
  assert.equal(status, 200, text);
  return json as EventPage;
}

/** The entry without the thing in whose log it stands. */
function detail({ level: _level, ...event }: EventEntry): object {
  return event;
}

const levels = ({ items }: EventPage): readonly string[] =>
  items.map(({ level }) => `${level?.kind} ${level?.name}`);

test('an event is stored and counted once, and listed at each level on request and in the log of each thing', async () => {
  const plain = await read(created);
  const [event, ...others] = plain.items;
  assert.ok(event !== undefined && event.level === undefined);
  assert.deepEqual(others, [], 'it is stored once');
  const things = [event.target, ...event.ancestors];
  assert.deepEqual(things.map(({ kind }) => kind).sort(), [
    'folder',
    'folder',
    'host',
    'installation',
    'vm',
  ]);

  const expanded = await read(`${created}&expanded=true`);
  assert.deepEqual(
    expanded.items.map(({ level }) => level),
    things,
  );
  for (const entry of expanded.items) assert.deepEqual(detail(entry), detail(event));

  for (const { id } of things) {
    const { items } = await read(`${created}&about=${id}`);
    assert.deepEqual(items, [event], `in the log of ${id}`);
  }

  const whole = await read('limit=1000');
  const wholeExpanded = await read('limit=1000&expanded=true');
  assert.equal(wholeExpanded.total, whole.total);
  assert.equal(whole.total, whole.items.length);
  assert.ok(wholeExpanded.items.length > whole.items.length);
  const ofVm = `about=${event.target.id}&limit=1000`;
  const total = (await read(ofVm)).items.length;
  assert.equal((await read(ofVm)).total, total);
  assert.equal((await read(`${ofVm}&expanded=true`)).total, total);
  assert.equal((await read(`about=${installationId}&limit=1000`)).total, whole.total);
});

test('pages of expanded entries leave no event out and tell none twice', async () => {
  const seqs: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: EventPage = await read(
      `sort=seq&limit=2&expanded=true&fields=seq${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    for (const { seq, level } of page.items) {
      assert.ok(level !== undefined, 'the level is told whatever the fields');
      if (seqs.at(-1) !== seq) seqs.push(seq);
    }
    cursor = page.nextCursor;
  }
  assert.deepEqual(
    seqs,
    seqs.map((_, index) => index + 1),
  );
});

test('a level that may not be seen has no entry', async () => {
  const token = await stage.addUser('of-lab', [
    { role: 'auditor', objectKind: 'folder', object: '/lab' },
  ]);
  const seen = levels(await read(`${created}&expanded=true`, token));
  assert.deepEqual(seen, ['vm web', 'folder /lab']);
});
