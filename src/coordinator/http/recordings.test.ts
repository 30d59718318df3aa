/** Recordings of screens and serial ports over real sockets and files: begun, told, stopped, read, bounded, deleted. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Recording } from '#api';
import { maxRecordingBytes } from '../consoles/recorder.ts';
import { filmTerminal } from '../consoles/asciicast.ts';
import { ConsolePerson, consoleEvents, echoConsoles } from '../testing/console-peers.ts';
import { PaintedScreens, screenSize } from '../testing/painted-screen.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { systemClock } from '#lib';
import { silentLog } from '#log';

let stage: Stage;
let agent: FakeAgent;
let ends: ReturnType<typeof echoConsoles>;
let painted: PaintedScreens;
let [ada, bob] = ['', ''];

const machines = ['web-1', 'loud', 'short'].map((name) =>
  makeRecord(makeDefinition(name), 1, { state: 'running', wasRunning: true }),
);

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  ends = echoConsoles(agent);
  const openSerial = openerOf(agent);
  painted = new PaintedScreens(agent);
  const openScreen = openerOf(agent);
  agent.handlers['stream.open'] = (params: { readonly channel: string }) =>
    (params.channel === 'screen' ? openScreen : openSerial)(params);
  await agent.connect(machines);
  ada = await stage.addUser('ada', [{ role: 'vm-administrator' }]);
  bob = await stage.addUser('bob', [{ role: 'vm-operator' }]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

type Opener = (params: { readonly channel: string }) => unknown;

function openerOf({ handlers }: FakeAgent): Opener {
  const opener = handlers['stream.open'];
  assert.ok(opener);
  return opener as Opener;
}

async function record(vm: string, body: object = {}): Promise<Recording> {
  const { status, json, text } = await stage.send('POST', `/vms/${vm}/recordings`, {
    body,
    token: ada,
  });
  assert.equal(status, 200, text);
  return json as Recording;
}

async function list(vm: string): Promise<readonly Recording[]> {
  const { json } = await stage.send('GET', `/vms/${vm}/recordings`, { token: ada });
  return (json as { items: Recording[] }).items;
}

/** The first recording of the vm, once it has ended. */
async function endOf(vm: string): Promise<Recording> {
  for (let look = 0; look < 500; look += 1) {
    const [one] = await list(vm);
    if (one !== undefined && one.state === 'ended') return one;
  }
  throw new Error('it does not end');
}

test('what a serial port says is recorded with times, and everybody at it is told', async () => {
  const person = await ConsolePerson.join(stage, '/vms/web-1/serial', bob);
  const refused = await stage.send('POST', '/vms/web-1/recordings', { body: {}, token: bob });
  assert.equal(refused.status, 403);
  const { id, state, by } = await record('web-1');
  assert.deepEqual([state, by], ['running', 'ada']);
  await person.hears('recording ada by ada');
  const late = await ConsolePerson.join(stage, '/vms/web-1/serial', bob);
  assert.equal(late.last.session.recordedBy, 'ada');
  const again = await stage.send('POST', '/vms/web-1/recordings', { body: {}, token: ada });
  assert.equal(again.status, 409);
  person.type('uname -a\r\n');
  person.type('Gr\xc3\xbc\xc3\x9fe\r\n');
  await late.sees('e\r\n');
  const path = `/vms/web-1/recordings/${id}`;
  assert.equal((await stage.send('DELETE', path, { token: ada })).status, 409);
  const stopped = await stage.send('POST', `${path}/stop`, { token: ada });
  assert.equal((stopped.json as Recording).why, 'person');
  await person.hears('recording-ended ada by ada');
  const { text, headers } = await stage.send('GET', `${path}/file`, { token: ada });
  assert.equal(headers['content-type'], 'application/octet-stream');
  const [header, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(
    [(header as { version: number }).version, (header as { title: string }).title],
    [2, 'web-1: serial1'],
  );
  const said = (lines as [number, string, string][]).map(([at, kind, what]) => {
    assert.ok(at >= 0 && kind === 'o');
    return what;
  });
  assert.equal(said.join(''), 'uname -a\r\nGrüße\r\n');
  // How long it was, although nothing more was said.
  assert.equal(said.at(-1), '');
  assert.equal((await stage.send('GET', `${path}/file`, { token: bob })).status, 403);
  assert.equal((await stage.send('DELETE', path, { token: ada })).status, 204);
  assert.deepEqual(await list('web-1'), []);
  assert.deepEqual(await readdir(join(stage.folder, 'data/recordings')), []);
  const events = await consoleEvents(stage, 'name : console.recording', 2);
  assert.deepEqual(
    events.map(({ name, actor }) => `${name} ${actor.name}`),
    ['console.recording-started ada', 'console.recording-ended ada'],
  );
  await Promise.all([person.leave(), late.leave()]);
});

test('a recording ends when it is as large as it may be, and when its machine does', async () => {
  const { id } = await record('loud');
  const [end] = ends.get(`${stage.vm('loud')?.id} serial1`) ?? [];
  assert.ok(end);
  const chunk = Buffer.alloc(256 * 1024, 'x');
  for (let sent = 0; sent <= maxRecordingBytes.serial1; sent += chunk.length) end.send(chunk);
  assert.equal((await endOf('loud')).why, 'size');
  const { size } = await stat(join(stage.folder, 'data/recordings', `${id}.cast`));
  assert.ok(size <= maxRecordingBytes.serial1 && size > maxRecordingBytes.serial1 / 2, `${size}`);
  await record('short');
  for (const one of ends.get(`${stage.vm('short')?.id} serial1`) ?? []) one.close(1000);
  const first = await endOf('short');
  assert.equal(first.why, 'machine');
  await stage.send('DELETE', `/vms/short/recordings/${first.id}`, { token: ada });
  await record('short');
  for (const one of ends.get(`${stage.vm('short')?.id} serial1`) ?? []) one.terminate();
  assert.equal((await endOf('short')).why, 'connection');
});

/** The blocks of FBS 001.000, each with what it holds and when. */
function blocksOf(fbs: Buffer): { readonly bytes: Buffer; readonly atMs: number }[] {
  const blocks = [];
  for (let at = 12; at < fbs.length;) {
    const length = fbs.readUInt32BE(at);
    const end = at + 4 + Math.ceil(length / 4) * 4;
    blocks.push({ bytes: fbs.subarray(at + 4, at + 4 + length), atMs: fbs.readUInt32BE(end) });
    at = end + 4;
  }
  return blocks;
}

test('what a screen shows is recorded as its server sends it, whoever else looks, and one at a time', async () => {
  const answers = await Promise.all(
    [1, 2].map(() =>
      stage.send('POST', '/vms/loud/recordings', { body: { console: 'screen' }, token: ada }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([200, 409]));
  const begun = answers.find(({ status }) => status === 200);
  assert.ok(begun);
  const { id } = begun.json as Recording;
  const file = join(stage.folder, 'data/recordings', `${id}.fbs`);
  const { width, height } = screenSize;
  const pictureBytes = 16 + width * height * 4;
  while ((await stat(file)).size < pictureBytes) await list('loud');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const path = `/vms/loud/recordings/${id}`;
  const { json } = await stage.send('POST', `${path}/stop`, { token: ada });
  const { why, console, sizeBytes } = json as Recording;
  assert.deepEqual([why, console, sizeBytes], ['person', 'screen', (await stat(file)).size]);
  const { text } = await stage.send('GET', `${path}/file`, { token: ada });
  assert.match(text, /^FBS 001\.000\n/);
  const blocks = blocksOf(await readFile(file));
  const times = blocks.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
  const all = Buffer.concat(blocks.map(({ bytes }) => bytes));
  const greeting = all.subarray(0, 16).toString('latin1');
  assert.equal(greeting, 'RFB 003.003\n\0\0\0\x01');
  assert.deepEqual([all.readUInt16BE(16), all.readUInt16BE(18)], [width, height]);
  // Its pixels: red, green, blue, nothing, whatever the server had before.
  assert.equal(all.toString('hex', 20, 36), '2018000100ff00ff00ff000810000000');
  const picture = all.subarray(16 + 24 + 'fake'.length);
  // The first, and the one that is asked for at the end.
  assert.equal(picture.length, 2 * pictureBytes);
  for (const from of [0, pictureBytes])
    for (let at = from + 16; at < from + pictureBytes; at += 4)
      assert.equal(picture.toString('hex', at, at + 3), 'c86432');
  assert.deepEqual(painted.typed, []);
});

test('a coordinator that stops ends its recordings and keeps them; those that it could not end have their end, once, from the next', async () => {
  await record('web-1');
  const begun = await record('short');
  const { inventory } = stage.coordinator;
  const kept = inventory.document('recording', begun.id);
  assert.ok(kept);
  const file = join(stage.folder, 'data/recordings', `${begun.id}.cast`);
  const writtenAt = new Date(Date.parse(begun.startedAt) + 61_000);
  const notBegun = crypto.randomUUID();
  await stage.restart(async () => {
    await truncate(file, 20);
    await utimes(file, writtenAt, writtenAt);
    // As a coordinator leaves them that is killed.
    await using store = await openSqliteStore({
      file: join(stage.folder, 'data/store.db'),
      clock: systemClock,
      log: silentLog,
    });
    for (const id of [begun.id, notBegun])
      await store.commit({ writes: [{ kind: 'recording', id, data: kept.data }] });
  });
  const ended = await endOf('web-1');
  assert.equal(ended.why, 'coordinator');
  assert.ok(ended.sizeBytes > 0 && ended.endedAt !== null);
  await stage.until(
    () => stage.coordinator.inventory.document('recording', notBegun) === undefined,
    'what had not begun is gone',
  );
  const all = await list('short');
  const times = all.map(({ startedAt }) => startedAt);
  assert.deepEqual(times, times.toSorted());
  const short = all.filter(({ startedAt }) => startedAt === begun.startedAt);
  const endedAt = writtenAt.toISOString();
  assert.deepEqual(short, [
    { ...begun, state: 'ended', endedAt, why: 'coordinator', sizeBytes: 20 },
  ]);
  const events = await consoleEvents(stage, 'name : console.recording-ended', 1);
  const [told, ...again] = events.filter(({ attributes }) => attributes['durationMs'] === 61_000);
  assert.deepEqual(again, []);
  assert.equal(told?.actor.name, 'coordinator');
  assert.deepEqual(told.attributes, { channel: 'serial1', durationMs: 61_000, why: 'coordinator' });
});

test('a character that comes in two pieces is one, and what is no UTF-8 does no harm', () => {
  const film = filmTerminal('web-1: serial1', 0);
  assert.equal(film.add(Buffer.from([0xc3]), 5).length, 0);
  const line = film.add(Buffer.from([0xbc, 0xff]), 1500);
  assert.equal(Buffer.from(line).toString(), '[1.5,"o","ü\ufffd"]\n');
});
