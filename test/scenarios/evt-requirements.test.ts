/** What is asked of events and their log, through CLI and API, on one coordinator with a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Event } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;
before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
  await gantry.must('vm', 'create', 'told', '--start');
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
});

/** What the last command has brought about, by name, of the vm's own events. */
async function eventsOf(...words: string[]): Promise<readonly Event[]> {
  const before = (await gantry.json<Event[]>('event', 'export')).at(-1)?.seq ?? 0;
  await gantry.must(...words);
  const all = await gantry.json<Event[]>('event', 'export', '--filter', `seq > ${before}`);
  return all.filter(({ name, target }) => name.startsWith('vm.') && target.name === 'told');
}

const namesOf = (events: readonly Event[]): readonly string[] =>
  events.map(({ name }) => name).filter((name) => name !== 'vm.setting.changed');

void test('EVT-58 EVT-40 EVT-39 pausing, saving, restoring and discarding are events of their own', async () => {
  assert.deepEqual(namesOf(await eventsOf('vm', 'pause', 'told')), ['vm.state.suspended']);
  assert.deepEqual(namesOf(await eventsOf('vm', 'resume', 'told')), ['vm.state.resumed']);
  assert.ok(namesOf(await eventsOf('vm', 'save', 'told')).includes('vm.state.saved'));
  assert.ok(namesOf(await eventsOf('vm', 'restore', 'told')).includes('vm.state.restored'));
  await gantry.must('vm', 'save', 'told');
  const discarded = await eventsOf('vm', 'discard', 'told', '--yes');
  assert.ok(namesOf(discarded).includes('vm.state.discarded'));
  await gantry.must('vm', 'start', 'told');
});

void test('EVT-38 a vm that was restarted is an event about the vm', async () => {
  const [reset, ...others] = (await eventsOf('vm', 'reset', 'told', '--yes')).filter(
    ({ name }) => name === 'vm.state.reset',
  );
  assert.deepEqual(others, []);
  assert.equal(reset?.target.kind, 'vm');
  assert.equal(reset?.actor.kind, 'user');
});

void test('EVT-09 the log is exported as JSON and CSV, whole or filtered, and kept for 90 days and so many events', async () => {
  const all = await gantry.json<Event[]>('event', 'export');
  assert.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, index) => index + 1),
    'every event, oldest first',
  );
  const csv = (await gantry.must('event', 'export', '-o', 'csv')).trimEnd().split('\n');
  assert.match(csv[0] ?? '', /^seq,time,type,category,name,message,/);
  assert.ok(csv.length > all.length);
  assert.match(csv[1] ?? '', /^1,\d{4}-\d\d-\d\dT[\d:.]+Z,/);
  const some = await gantry.json<Event[]>(
    'event',
    'export',
    '--filter',
    'name = vm.state.saved',
    '--since',
    all[0]?.time ?? '',
  );
  assert.ok(some.length >= 2 && some.every(({ name }) => name === 'vm.state.saved'));
  assert.deepEqual(
    await gantry.json<Event[]>('event', 'export', '--until', all[0]?.time ?? ''),
    [],
  );
  const refused = await gantry.run(['event', 'export', '-o', 'yaml']);
  assert.notEqual(refused.code, 0);
  const { settings } = await gantry.client().call('installation.show', {});
  assert.equal(settings.eventRetentionDays, 90);
  assert.ok(settings.eventRetentionCount > 0);
});
