/** A vm's and a host's figures over time, as the API shows them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '#lib';
import { installationId, samplesSchema, type Installation, type Samples } from '#api';
import { encodeBlock, encodePending } from '../samples/codec.ts';
import { makeGrid } from '../samples/grid.ts';
import { floorTo, hourMs, levels, minuteMs, shardOf } from '../samples/levels.ts';
import { columnOf } from '../samples/metrics.ts';
import { lookEveryMs } from '../samples/record.ts';
import { FakeAgent, load, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const web = makeDefinition('web');
/** The minute before last: no test runs so long that it leaves the stretches asked for. */
let minute = 0;

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  await agent.connect([makeRecord(web, 1, { state: 'running', wasRunning: true })]);
  minute = floorTo(Date.now() - minuteMs, minuteMs);
  const pending = makeGrid(1);
  pending.columns.set(columnOf('cpuPercent', 'average'), [12.34]);
  const fives = makeGrid(12);
  for (const [aggregate, value] of [
    ['average', 30],
    ['least', 10],
    ['most', 70],
  ] as const)
    fives.columns.set(columnOf('cpuPercent', aggregate), Array<number>(12).fill(value));
  const dayAgo = floorTo(Date.now() - 2 * levels.hour.spanMs, hourMs);
  await stage.coordinator.store.putSamples([
    {
      level: 'pending',
      start: minute,
      key: shardOf(web.id),
      data: encodePending({ ids: [web.id], grid: pending }),
    },
    { level: 'five-minutes', start: dayAgo, key: web.id, data: encodeBlock(fives) },
  ]);
});
after(async () => {
  await agent?.[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function show(path: string): Promise<Samples> {
  const { status, json, text } = await stage.send('GET', path);
  assert.equal(status, 200, text);
  return samplesSchema.parse(json);
}

test('the last hour of a vm comes in minutes, aligned, with null where nothing is known', async () => {
  const shown = await show('/vms/web/samples');
  assert.equal(shown.id, web.id);
  assert.equal(shown.stepSeconds, 60);
  const { from, to } = shown;
  const count = (Date.parse(to) - Date.parse(from)) / minuteMs;
  assert.ok(count === 60 || count === 61, `${count} minutes`);
  assert.equal(Date.parse(from) % minuteMs, 0);
  const cpu = shown.series.find(({ metric }) => metric === 'cpuPercent');
  assert.equal(cpu?.unit, 'percent');
  assert.equal(cpu.average.length, count);
  assert.equal(cpu.average[(minute - Date.parse(from)) / minuteMs], 12.34);
  assert.equal(cpu.average.filter((value) => value !== null).length, 1);
  assert.equal(cpu.least, null);
  for (const { average } of shown.series) assert.equal(average.length, count);
  assert.ok(!shown.series.some(({ metric }) => metric === 'runningVms'));
});

test('coarser steps carry the least and the most, and are those of what is kept so long', async () => {
  const from = new Date(Date.now() - 3 * levels.hour.spanMs).toISOString();
  const shown = await show(`/vms/${web.id}/samples?from=${from}&stepSeconds=60&metrics=cpuPercent`);
  assert.equal(shown.stepSeconds, 300);
  const [cpu, ...others] = shown.series;
  assert.equal(others.length, 0);
  const known = (values: readonly (number | null)[] | null | undefined) =>
    values?.filter((value) => value !== null);
  assert.deepEqual(known(cpu?.average), [...Array<number>(12).fill(30), 12.34]);
  assert.deepEqual(known(cpu?.least), [...Array<number>(12).fill(10), 12.34]);
  assert.deepEqual(known(cpu?.most), [...Array<number>(12).fill(70), 12.34]);
  const hourly = await show(`/vms/web/samples?from=${from}&stepSeconds=3600&metrics=cpuPercent`);
  assert.equal(hourly.stepSeconds, 3600);
  assert.deepEqual(known(hourly.series[0]?.average)?.at(-1), 12.34);
  const rounded = await show(`/vms/web/samples?from=${from}&stepSeconds=301`);
  assert.equal(rounded.stepSeconds, 600);
});

test('a host has its own metrics', async () => {
  const shown = await show('/hosts/h1/samples?metrics=cpuPercent,runningVms');
  assert.deepEqual(
    shown.series.map(({ metric, unit }) => [metric, unit]),
    [
      ['cpuPercent', 'percent'],
      ['runningVms', 'count'],
    ],
  );
});

test('an answer stays bounded, and what cannot be asked for is refused with the reason', async () => {
  const year = new Date(Date.now() - 365 * levels.hour.spanMs).toISOString();
  const points = (await show(`/vms/web/samples?from=${year}`)).series[0]?.average.length ?? 0;
  assert.ok(points > 300 && points <= 402, `${points} points`);
  assert.equal((await show('/vms/web/samples?from=0001-01-01T00:00:00Z')).stepSeconds, 86_400);
  const refused = async (query: string): Promise<string> => {
    const { status, text } = await stage.send('GET', `/vms/web/samples?${query}`);
    assert.equal(status, 400, `${query}: ${text}`);
    return text;
  };
  assert.match(await refused(`from=${year}&stepSeconds=3600`), /1500 is the most/);
  assert.match(await refused('metrics=runningVms'), /a vm has no runningVms/);
  assert.match(await refused('from=2999-01-01T00:00:00Z'), /does not lie before the end/);
  for (const query of ['stepSeconds=1', 'from=yesterday', 'metrics=', 'interval=1'])
    await refused(query);
});

test('what an agent tells is looked at every ten seconds, and is there after a restart', async () => {
  const told = {
    id: web.id,
    cpuPercent: 33.25,
    memoryBytes: 65_536,
    diskUse: null,
    networkUse: null,
    heartbeat: { state: 'good', lastAt: null, beats: 1 } as const,
    guestHealth: 'working' as const,
    additions: { state: 'none', version: null, agentVersion: null, functions: {} } as const,
    guest: null,
  };
  agent.send({ type: 'samples', load, samples: [told] });
  await stage.until(() => stage.vm('web')?.status.cpuPercent === 33.25, 'the sample');
  // The coordinator looks by its own clock, which is that of this machine.
  await systemClock.sleep(lookEveryMs + 500);
  await stage.restart();
  const { series } = await show('/vms/web/samples?metrics=cpuPercent,heartbeatPercent');
  assert.ok(series[0]?.average.includes(33.25), JSON.stringify(series));
  assert.ok(series[1]?.average.includes(100), JSON.stringify(series));
});

test('figures are for those who may see the thing', async () => {
  const token = await stage.addUser('ann');
  for (const path of ['/vms/web/samples', '/hosts/h1/samples']) {
    assert.ok([403, 404].includes((await stage.send('GET', path, { token })).status), path);
    assert.equal((await stage.send('GET', path, { token: null })).status, 401, path);
  }
  const viewer = await stage.addUser('bob', [
    { role: 'auditor', objectKind: 'vm', object: web.id },
  ]);
  assert.equal((await stage.send('GET', '/vms/web/samples', { token: viewer })).status, 200);
  // What all use together is for those who may see the installation.
  assert.equal((await stage.send('GET', '/installation/samples', { token: viewer })).status, 403);
  const { json } = await stage.send('GET', '/installation', { token: viewer });
  assert.equal((json as Installation).use, null);
  const all = await show('/installation/samples?metrics=runningVms,cpuPercent');
  assert.equal(all.id, installationId);
  assert.deepEqual(
    all.series.map(({ metric }) => metric),
    ['cpuPercent', 'runningVms'],
  );
});
