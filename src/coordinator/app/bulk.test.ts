/** What is done to many vms of a host at once, and to the host itself, through the API, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DryRun, Operation, Vm } from '#api';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1', 2);
});
after(() => stage[Symbol.asyncDispose]());

async function show(name: string): Promise<Vm> {
  const { json, status, text } = await stage.send('GET', `/vms/${encodeURIComponent(name)}`);
  assert.equal(status, 200, text);
  return json as Vm;
}

function done(operation: Operation): Operation {
  assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
  return operation;
}

test('HOST-29 a bulk operation acts on vms in the fitting state only, and lists who was left out', async () => {
  done(await stage.act('POST', '/hosts/h1/actions/turn-off-all', {}));
  done(await stage.act('POST', '/vms', { name: 'bulk-off' }));
  done(await stage.act('POST', '/vms', { name: 'bulk-on', start: true }));
  const dry = await stage.send('POST', '/hosts/h1/actions/pause-all?dryRun=true');
  const { warnings } = dry.json as DryRun;
  assert.ok(warnings.some(({ code, text }) => code === 'acts-on' && text === 'pause bulk-on'));
  const operation = done(await stage.act('POST', '/hosts/h1/actions/pause-all', {}));
  assert.deepEqual(operation.result?.['actedOn'], ['bulk-on']);
  const skipped = operation.result?.['skipped'] as { vm: string; why: string }[];
  assert.ok(skipped.some(({ vm, why }) => vm === 'bulk-off' && /off/.test(why)));
  assert.deepEqual(operation.result?.['failed'], []);
  done(await stage.act('POST', '/vms', { name: 'bulk-saved', start: true }));
  done(await stage.act('POST', '/vms/bulk-saved/actions/save', {}));
  done(await stage.act('POST', '/vms', { name: 'bulk-running', start: true }));
  const started = done(await stage.act('POST', '/hosts/h1/actions/turn-on-all', {}));
  const acted = started.result?.['actedOn'] as string[];
  assert.ok(acted.includes('bulk-off'));
  const states = ['bulk-on', 'bulk-saved', 'bulk-running', ...acted].map(async (name) => ({
    name,
    state: (await show(name)).state,
  }));
  const now = Object.fromEntries(
    (await Promise.all(states)).map(({ name, state }) => [name, state]),
  );
  assert.deepEqual(now, {
    ...Object.fromEntries(acted.map((name) => [name, 'running'])),
    'bulk-on': 'paused',
    'bulk-saved': 'saved',
    'bulk-running': 'running',
  });
  const left = started.result?.['skipped'] as { vm: string }[];
  for (const name of ['bulk-on', 'bulk-saved', 'bulk-running'])
    assert.ok(!acted.includes(name) && left.some(({ vm }) => vm === name), name);
  done(await stage.act('POST', '/hosts/h1/actions/turn-off-all', {}));
});

test('HOST-28 whoever controls a host acts on all of its vms, seen or not, and is told of all beforehand', async () => {
  done(await stage.act('POST', '/vms', { name: 'hidden', start: true }));
  const verbs = ['host.view', 'host.power', 'operation.view'];
  const made = await stage.send('POST', '/roles', { body: { name: 'switch', verbs } });
  assert.equal(made.status, 200, made.text);
  const token = await stage.addUser('porter', [
    { role: 'switch', objectKind: 'host', object: 'h1' },
  ]);
  assert.equal((await stage.send('GET', '/vms/hidden', { token })).status, 404, 'not seen');
  const told = async (action: string): Promise<readonly string[]> => {
    const { json } = await stage.send('POST', `/hosts/h1/actions/${action}?dryRun=true`, { token });
    return (json as DryRun).warnings.map(({ code, text }) => `${code} ${text}`);
  };
  const { json } = await stage.send('GET', '/vms?filter=host=h1&limit=1000');
  const all = (json as { items: Vm[] }).items;
  const lines = await told('turn-off-all');
  assert.equal(lines.length, all.length);
  for (const { name } of all)
    assert.ok(
      lines.some((line) => line.split(/[ :]/).includes(name)),
      `${name} in ${lines.join()}`,
    );
  assert.ok(lines.includes('acts-on turn-off hidden'));
  assert.ok((await told('stop')).includes('acts-on save hidden'));
  const asked = await stage.send('POST', '/hosts/h1/actions/turn-off-all', { token, body: {} });
  assert.equal(asked.status, 202, asked.text);
  await stage.until(() => stage.vm('hidden')?.state === 'off', 'hidden is off');
});

test('one operation acts on the vms that were selected, and says which it left out and why', async () => {
  done(await stage.act('POST', '/vms', { name: 'many-off' }));
  done(await stage.act('POST', '/vms', { name: 'many-on', start: true }));
  const body = { action: 'pause', vms: ['many-off', 'many-on'] };
  const dry = (await stage.send('POST', '/vms/bulk?dryRun=true', { body })).json as DryRun;
  assert.deepEqual(dry.warnings, [
    { code: 'acts-on', text: 'pause many-on' },
    { code: 'leaves-out', text: 'many-off: cannot pause many-off: many-off is off' },
  ]);
  const operation = done(await stage.act('POST', '/vms/bulk', body));
  assert.deepEqual(operation.result?.['actedOn'], ['many-on']);
  assert.equal((await show('many-on')).state, 'paused');
  assert.equal((await show('many-off')).state, 'off');
  const missing = { action: 'pause', vms: ['many-on', 'nowhere'] };
  assert.equal((await stage.send('POST', '/vms/bulk', { body: missing })).status, 404);
});

test('the service is stopped while it runs and started while it does not', async () => {
  assert.equal((await stage.send('POST', '/hosts/h1/actions/start')).status, 409);
  done(await stage.act('POST', '/hosts/h1/actions/stop', {}));
  await stage.until(() => stage.host('h1')?.status === 'service-stopped', 'service-stopped');
  assert.equal((await stage.send('POST', '/hosts/h1/actions/stop')).status, 409);
  done(await stage.act('POST', '/hosts/h1/actions/start', {}));
  await stage.until(() => stage.host('h1')?.status === 'ready', 'ready');
});

test('HOST-19 the maximum of running vms is refused, naming the limit', async () => {
  const patched = await stage.send('PATCH', '/hosts/h1', {
    body: { settings: { maxRunningVms: 0 } },
  });
  assert.equal(patched.status, 200, patched.text);
  const operation = await stage.act('POST', '/vms/bulk-off/actions/turn-on', {});
  assert.equal(operation.fault?.code, 'blocked');
  assert.ok(operation.fault?.reasons?.some(({ code }) => code === 'running-limit'));
  await stage.send('PATCH', '/hosts/h1', { body: { settings: { maxRunningVms: null } } });
});
