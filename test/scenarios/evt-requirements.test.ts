/** What is asked of events and their log, through CLI and API, on one coordinator with a simulated host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Event, EventEntry } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const gantryScript = fileURLToPath(new URL('../../gantry', import.meta.url));

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

void test('EVT-54 an event is stored and counted once; logs of things, and query and export with expanded, list it at each level', async () => {
  const created = ['--filter', 'name = vm.created AND target.name = told'] as const;
  const [event, ...others] = await gantry.json<EventEntry[]>('event', 'export', ...created);
  assert.ok(event !== undefined);
  assert.deepEqual(others, [], 'it is stored once');
  const levels = [event.target, ...event.ancestors];
  assert.deepEqual(levels.map(({ kind }) => kind).sort(), ['folder', 'host', 'installation', 'vm']);
  const expected = levels.map((level) => ({ ...event, level }));
  const expand = [...created, '--expanded'] as const;
  assert.deepEqual(await gantry.json<EventEntry[]>('event', 'export', ...expand), expected);
  assert.deepEqual(
    (await gantry.json<EventEntry[]>('event', 'list', ...expand)).reverse(),
    expected,
  );
  const csv = (await gantry.must('event', 'export', ...expand, '-o', 'csv')).trimEnd().split('\n');
  assert.match(csv[0] ?? '', /^levelKind,levelId,levelName,seq,time,/);
  for (const { kind, id } of levels) {
    assert.ok(csv.some((line) => line.startsWith(`${kind},${id},`)));
    const own = await gantry.json<EventEntry[]>('event', 'list', ...created, '--about', id);
    assert.deepEqual(own, [event], `in the log of the ${kind}`);
  }
  const client = gantry.client();
  const query = { about: event.target.id, limit: 1000 };
  const plain = await client.call('event.list', { query });
  const expanded = await client.call('event.list', { query: { ...query, expanded: true } });
  assert.equal(plain.total, plain.items.length);
  assert.equal(expanded.total, plain.total, 'totals count it once');
  assert.equal(expanded.items.length, plain.items.length * levels.length);
});

void test('EVT-57 whatever the coordinator has been told of is shown with its details, whether anything uses it or not', async () => {
  const all = await gantry.json<Event[]>('event', 'export');
  const kinds = new Map(all.map((event) => [event.name, event]));
  const names = new Set([...kinds.values()].map(({ category }) => category));
  for (const category of ['Virtual Machine', 'Host', 'Coordinator', 'Security'] as const)
    assert.ok(names.has(category), category);
  for (const event of kinds.values()) {
    const text = await gantry.must('event', 'show', String(event.seq));
    const { message, name, target, actor, ancestors, attributes } = event;
    const details = [message, name, target.id, actor.name, ...ancestors.map((one) => one.name)];
    for (const detail of details) assert.ok(text.includes(detail), `${name}: ${detail}`);
    for (const [key, value] of Object.entries(attributes)) {
      // An event has a type of its own, and a network another.
      const lines = text.split('\n').filter((one) => one.startsWith(`${key} `));
      const shown = String(value ?? '(no value)');
      assert.ok(
        lines.some((line) => line.includes(shown)),
        `${name}: ${key}`,
      );
    }
    assert.deepEqual(await gantry.json<Event>('event', 'show', String(event.seq)), event);
  }
});

void test('EVT-08 what failed is told with the way to the log, filtered to the correlation id of the operation, by command line and API', async () => {
  const { code, err } = await gantry.run(['image', 'build', 'starter']);
  assert.notEqual(code, 0);
  const [, filter = ''] = /^log: \S+ event list --filter '(correlationId = \S+)'$/m.exec(err) ?? [];
  const told = await gantry.json<Event[]>('event', 'list', '--filter', filter);
  assert.ok(told.some(({ name }) => name === 'image.build-failed'));
  for (const event of told) assert.equal(filter, `correlationId = ${event.correlationId}`);
  const client = gantry.client();
  const [failed] = (await client.call('operation.list', { query: { filter: 'state = failed' } }))
    .items;
  assert.ok(failed?.fault);
  const log = client.url('event.list', {}, { filter });
  assert.equal(failed.fault.log, log.pathname + log.search);
  assert.match(
    await gantry.must('operation', 'show', failed.id),
    new RegExp(`^log .*${filter}`, 'm'),
  );
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
  const ofLastHour = await gantry.json<Event[]>('event', 'export', '--since', '-1h');
  assert.deepEqual(ofLastHour[0], all[0], 'a time may be how long ago');
  const refused = await gantry.run(['event', 'export', '-o', 'yaml']);
  assert.notEqual(refused.code, 0);
  const { settings } = await gantry.client().call('installation.show', {});
  assert.equal(settings.eventRetentionDays, 90);
  assert.ok(settings.eventRetentionCount > 0);
});

void test('EVT-27 EVT-28 a vm that comes into existence or ceases to exist is an event, which tells whether its files remain', async () => {
  const born = async (name: string): Promise<void> => {
    await gantry.must('vm', 'create', name);
    const [created, ...others] = await named('vm.created', name);
    assert.equal(created?.target.kind, 'vm');
    assert.deepEqual(others, []);
  };
  const named = async (event: string, name: string): Promise<readonly Event[]> =>
    gantry.json<Event[]>(
      'event',
      'export',
      '--filter',
      `name = ${event} AND target.name = ${name}`,
    );
  for (const [verb, filesRemain] of [
    ['remove', true],
    ['delete', false],
  ] as const) {
    await born(`gone-${verb}`);
    await gantry.must('vm', verb, `gone-${verb}`, '--yes');
    const [deleted, ...others] = await named('vm.deleted', `gone-${verb}`);
    assert.equal(deleted?.attributes['filesRemain'], filesRemain);
    assert.equal(deleted?.target.kind, 'vm');
    assert.deepEqual(others, []);
  }
});

void test('HOST-30 EVT-47 EVT-48 all running vms are turned off without a shutdown of their guests, as the confirmation says; the service of the host starts and stops with an event', async () => {
  const before = (await gantry.json<Event[]>('event', 'export')).at(-1)?.seq ?? 0;
  const [host] = await gantry.json<{ name: string }[]>('host', 'list');
  const words = `${gantryScript} host turn-off-all ${host?.name ?? ''}`;
  // A terminal, at which a person says yes.
  const { stdout } = spawnSync('script', ['-qec', words, '/dev/null'], {
    encoding: 'utf8',
    input: 'yes\n',
    env: { ...process.env, GANTRY_DATA: gantry.data },
  });
  assert.match(stdout, /without a shutdown of their guests.*Go on\?/);
  assert.match(stdout, /acts on 1 vm of \S+: turn-off told/, 'it names them');
  assert.match(stdout, /turn-off-all \S+: 1 acted on, \d skipped, 0 failed/);
  await gantry.must('host', 'stop', host?.name ?? '', '--yes');
  await gantry.must('host', 'start', host?.name ?? '');
  const since = await gantry.json<Event[]>('event', 'export', '--filter', `seq > ${before}`);
  const told = since.filter(({ target }) => target.name === 'told').map(({ name }) => name);
  assert.ok(told.includes('vm.state.powered-off'));
  assert.ok(!told.some((name) => name.startsWith('vm.shutdown.')), told.join(' '));
  for (const name of ['host.stopped', 'host.started']) {
    const [event, ...others] = since.filter((one) => one.name === name);
    assert.equal(event?.target.kind, 'host', name);
    assert.equal(event.target.name, host?.name);
    assert.deepEqual(others, []);
  }
});

void test('programs in the foreground that are stopped from another terminal end well', async () => {
  await gantry.must('down');
  const foreground = gantry.run(['up', '--foreground']);
  const early = foreground.then(({ err }) => assert.fail(err));
  while ((await Promise.race([gantry.run(['status']), early])).code !== 0);
  // The coordinator is ended by whichever of the two comes first.
  assert.match(await gantry.must('down'), /agent( and coordinator)? stopped/);
  const { code, err } = await foreground;
  assert.equal(code, 0, err);
});
