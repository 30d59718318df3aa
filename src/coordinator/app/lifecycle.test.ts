/**
 * A vm's whole life through the API, on a simulated host whose agent is a process of its own. One file because each
 * test goes on where the one before it ended.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  finishedStates,
  type AllowedAction,
  type DryRun,
  type Event,
  type Operation,
  type Vm,
} from '#api';
import type { OperationDocument } from '../documents.ts';
import { Stage, type AgentProcess } from '../testing/stage.ts';

let stage: Stage;
let agent: AgentProcess;
before(async () => {
  stage = await Stage.open();
  agent = await stage.addHost('h1', 4);
});
after(() => stage[Symbol.asyncDispose]());

async function show(name: string): Promise<Vm> {
  const { json, status, text } = await stage.send('GET', `/vms/${encodeURIComponent(name)}`);
  assert.equal(status, 200, text);
  return json as Vm;
}

async function eventsOf(operation: Operation): Promise<readonly Event[]> {
  const { json } = await stage.send(
    'GET',
    `/events?limit=1000&sort=seq&filter=correlationId=${operation.correlationId}`,
  );
  return (json as { items: Event[] }).items;
}

function done(operation: Operation): Operation {
  assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
  return operation;
}

test('a vm is created with its disk in one operation, and that is an event', async () => {
  const operation = done(
    await stage.act('POST', '/vms', {
      name: 'web-1',
      memoryBytes: 256 * 1024 ** 2,
      disk: { kind: 'new', sizeBytes: 1024 ** 3 },
    }),
  );
  const vm = await show('web-1');
  assert.equal(vm.state, 'off');
  assert.equal(vm.definition.hardware.disks.length, 1);
  const [created] = await eventsOf(operation);
  assert.equal(created?.name, 'vm.created');
  assert.deepEqual(
    created?.ancestors.map(({ kind, name }) => `${kind} ${name}`),
    ['host h1', 'folder /', 'installation installation'],
  );
});

test('HW-32 EVT-17 EVT-18 EVT-19 EVT-20 EVT-21 EVT-37 the first start gives the identity, then the vm runs', async () => {
  const operation = done(await stage.act('POST', '/vms/web-1/actions/turn-on', {}));
  const vm = await show('web-1');
  assert.equal(vm.state, 'running');
  assert.equal(vm.generation, 1);
  const { chassis, baseBoard } = vm.definition.hardware.bios;
  assert.match(chassis.assetTag ?? '', /^\d{4}(-\d{4}){5}-\d{2}$/);
  assert.equal(chassis.serialNumber, chassis.assetTag);
  assert.equal(baseBoard.serialNumber, chassis.assetTag);
  const told = await eventsOf(operation);
  const changes = told.filter(({ name }) => name === 'vm.setting.changed');
  assert.deepEqual(
    changes.slice(0, 3).map(({ attributes }) => attributes['path']),
    [
      'hardware/bios/chassis/asset_tag',
      'hardware/bios/chassis/serial_number',
      'hardware/bios/base_board/serial_number',
    ],
  );
  for (const { attributes } of changes.slice(0, 3)) {
    assert.equal(attributes['oldValue'], null);
    assert.equal(attributes['newValue'], chassis.assetTag);
  }
  assert.ok(told.some(({ name }) => name === 'vm.state.powered-on'));
  const memory = changes.at(-1);
  assert.equal(memory?.attributes['path'], 'settings/shutdown/quit/was_running');
  assert.equal(memory?.attributes['newValue'], true);
});

const cycle: readonly (readonly [string, string])[] = [
  ['pause', 'paused'],
  ['resume', 'running'],
  ['save', 'saved'],
  ['restore', 'running'],
  ['reset', 'running'],
  ['restart', 'running'],
  ['turn-off', 'off'],
  ['hold', 'paused'],
  ['release', 'running'],
  ['power-button', 'off'],
];
for (const [action, state] of cycle)
  test(`${action} leads to ${state}, in the background, with a result`, async () => {
    const operation = done(await stage.act('POST', `/vms/web-1/actions/${action}`, {}));
    assert.equal(operation.result?.['state'], state);
    assert.equal((await show('web-1')).state, state);
  });

test('what the driver of its host cannot do is marked among the actions of a vm, in every state', async () => {
  const { json } = await stage.send('GET', '/vms/web-1/actions');
  const { actions } = json as { actions: readonly AllowedAction[] };
  const of = (wanted: string) => actions.find(({ action }) => action === wanted);
  const { allowed, reason, unsupported } = of('screen') ?? {};
  assert.deepEqual(
    [allowed, reason, unsupported],
    [false, 'a simulated machine has pictures of a screen, not a screen', true],
  );
  assert.equal(of('clone')?.unsupported, true);
  for (const able of ['turn-on', 'pause', 'take-snapshot'])
    assert.equal(of(able)?.unsupported, undefined, able);
});

test('GA-18 a guest whose additions have not been heard is not asked to shut down, and that is said', async () => {
  done(await stage.act('POST', '/vms/web-1/actions/turn-on', {}));
  const { json } = await stage.send('GET', '/vms/web-1/actions');
  const { actions } = json as { actions: readonly AllowedAction[] };
  const of = (wanted: string) => actions.find(({ action }) => action === wanted);
  assert.equal(of('shutdown')?.allowed, false);
  assert.match(of('shutdown')?.reason ?? '', /no guest additions have answered in web-1/);
  assert.match(of('shutdown')?.hint ?? '', /power button/);
  assert.equal(of('power-button')?.allowed, true);
  const refused = await stage.send('POST', '/vms/web-1/actions/shutdown', {});
  assert.equal(refused.status, 409);
  done(await stage.act('POST', '/vms/web-1/actions/turn-off', {}));
});

test('GA-14 the clock of a vm marked as domain controller is set only when that is confirmed', async () => {
  const patch = (body: object) => stage.send('PATCH', '/vms/web-1', { body });
  const time = (synchronise: object) => ({ settings: { time: synchronise } });
  done(await stage.act('PATCH', '/vms/web-1', { domainController: true }));
  const refused = await patch(time({ synchronise: true }));
  assert.equal(refused.status, 409);
  const { detail, hint } = refused.json as { detail: string; hint: string };
  assert.match(detail, /web-1: it is marked as a domain controller/);
  assert.match(hint, /external source.*evenDomainController=true/);
  const marked = { domainController: true, ...time({ synchronise: true }) };
  const made = await stage.send('POST', '/vms', { body: { name: 'dc-1', definition: marked } });
  assert.equal(made.status, 409);
  const confirmed = time({ synchronise: true, evenDomainController: true });
  done(await stage.act('PATCH', '/vms/web-1', confirmed));
  assert.equal((await show('web-1')).definition.settings.time.synchronise, true);
  const back = time({ synchronise: null, evenDomainController: false });
  done(await stage.act('PATCH', '/vms/web-1', { ...back, domainController: false }));
});

test('SEC-55 EVT-75 root as the account of a vm is warned of, and taken only when that is confirmed', async () => {
  const patch = (settings: object) => stage.send('PATCH', '/vms/web-1', { body: { settings } });
  const refused = await patch({ runAs: 'root' });
  assert.equal(refused.status, 409);
  const { detail, hint } = refused.json as { detail: string; hint: string };
  assert.match(detail, /web-1 run as root: whoever breaks out has the host/);
  assert.match(hint, /few rights.*evenPowerfulAccount=true/);
  const asRoot = { settings: { runAs: 'root' } };
  const made = await stage.send('POST', '/vms', { body: { name: 'rooted', definition: asRoot } });
  assert.equal(made.status, 409);
  const settings = { runAs: 'root', evenPowerfulAccount: true };
  const changed = done(await stage.act('PATCH', '/vms/web-1', { settings }));
  const [told, ...others] = (await eventsOf(changed)).filter(
    ({ category }) => category === 'Security',
  );
  assert.equal(told?.name, 'security.run-account.changed');
  assert.deepEqual(
    [told.target.name, told.attributes['oldValue'], told.attributes['newValue']],
    ['web-1', null, 'root'],
  );
  assert.deepEqual(others, []);
  assert.equal((await show('web-1')).definition.settings.runAs, 'root');
  done(
    await stage.act('PATCH', '/vms/web-1', {
      settings: { runAs: null, evenPowerfulAccount: false },
    }),
  );
});

test('asking for what is so already ends well at once', async () => {
  const operation = done(await stage.act('POST', '/vms/web-1/actions/turn-off', {}));
  assert.match(String(operation.result?.['ignored']), /off already/);
});

test('VM-48 a forbidden action is refused with the reason and the present state', async () => {
  const { status, json } = await stage.send('POST', '/vms/web-1/actions/pause');
  assert.equal(status, 409);
  const { detail, facts } = json as { detail: string; facts: { state: string } };
  assert.match(detail, /web-1 is off/);
  assert.equal(facts.state, 'off');
});

test('VM-82 EVT-41 a start is checked whole: all reasons at once, also without starting, and nothing changes', async () => {
  done(await stage.act('PATCH', '/vms/web-1', { hardware: { processor: { count: 1000 } } }));
  const check = await stage.send('POST', '/vms/web-1/check');
  const { ok, reasons } = check.json as { ok: boolean; reasons: { code: string }[] };
  assert.equal(ok, false);
  assert.ok(reasons.some(({ code }) => code === 'processors'));
  const before = await show('web-1');
  const operation = await stage.act('POST', '/vms/web-1/actions/turn-on', {});
  assert.equal(operation.state, 'failed');
  assert.equal(operation.fault?.code, 'blocked');
  assert.deepEqual(
    operation.fault?.reasons?.map(({ code }) => code),
    reasons.map(({ code }) => code),
  );
  assert.equal((await show('web-1')).generation, before.generation);
  const told = await eventsOf(operation);
  assert.deepEqual(told.map(({ name }) => name).sort(), ['vm.start-failed', 'vm.task-failed']);
  const failed = told.find(({ name }) => name === 'vm.task-failed');
  assert.deepEqual(failed?.attributes, {
    operation: 'Turn on',
    reason: operation.fault.message,
    state: 'off',
  });
  done(await stage.act('PATCH', '/vms/web-1', { hardware: { processor: { count: 1 } } }));
});

test('EVT-31 EVT-32 EVT-33 EVT-22 one patch of several settings: one record for each, and those of resources', async () => {
  const { id, definition: before } = await show('web-1');
  const operation = done(
    await stage.act('PATCH', '/vms/web-1', {
      name: 'web-one',
      resources: { cpuWeight: 300, cpuReservePercent: 10, cpuMaximumPercent: 50 },
      hardware: { memory: { sizeBytes: 512 * 1024 ** 2 } },
    }),
  );
  const vm = await show('web-one');
  assert.equal(vm.id, id);
  const told = await eventsOf(operation);
  const changes = told.map(({ name, attributes: { path, oldValue, newValue } }) =>
    name === 'vm.renamed' ? name : `${name} ${path} ${oldValue} ${newValue}`,
  );
  const resources = [
    `vm.resource.cpu resources/cpu_maximum_percent ${before.resources.cpuMaximumPercent} 50`,
    `vm.resource.cpu resources/cpu_reserve_percent ${before.resources.cpuReservePercent} 10`,
    `vm.resource.cpu resources/cpu_weight ${before.resources.cpuWeight} 300`,
    `vm.resource.memory hardware/memory/size_bytes ${256 * 1024 ** 2} ${512 * 1024 ** 2}`,
  ];
  assert.deepEqual(changes.sort(), [
    'vm.renamed',
    ...resources,
    ...resources
      .map((one) => one.replace(/^vm\.resource\.\w+/, 'vm.setting.changed'))
      .concat('vm.setting.changed name web-1 web-one')
      .sort(),
  ]);
  assert.equal((await stage.send('GET', '/vms/web-1')).status, 404);
  const none = done(await stage.act('PATCH', '/vms/web-one', { resources: { cpuWeight: 300 } }));
  assert.deepEqual(await eventsOf(none), []);
});

test('the path of the offending setting is named', async () => {
  const { status, text } = await stage.send('PATCH', '/vms/web-one', {
    body: { hardware: { memory: { sizeBytes: 5 } } },
  });
  assert.equal(status, 400);
  assert.match(text, /hardware\/memory\/sizeBytes/);
});

test('the id never changes, and the was-running memory is not changed from outside', async () => {
  const other = { id: '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f' };
  assert.equal((await stage.send('PATCH', '/vms/web-one', { body: other })).status, 400);
  const patch = { settings: { shutdown: { quit: { wasRunning: true } } } };
  const operation = done(await stage.act('PATCH', '/vms/web-one', patch));
  assert.equal((await show('web-one')).definition.settings.shutdown.quit.wasRunning, false);
  assert.deepEqual(await eventsOf(operation), []);
});

test('disks and adapters are added and removed, each an event of its setting', async () => {
  const attached = done(
    await stage.act('POST', '/vms/web-one/disks', { kind: 'new', sizeBytes: 1024 ** 2 }),
  );
  assert.equal((await show('web-one')).definition.hardware.disks.length, 2);
  assert.ok(
    (await eventsOf(attached)).some(
      ({ attributes }) => attributes['path'] === 'hardware/disks/virtio0:1/file',
    ),
  );
  done(await stage.act('DELETE', '/vms/web-one/disks/virtio0:1'));
  assert.equal((await show('web-one')).definition.hardware.disks.length, 1);
  done(await stage.act('POST', '/vms/web-one/adapters', {}));
  const [first, second] = (await show('web-one')).definition.hardware.adapters;
  assert.equal(second?.slot, 1);
  assert.notEqual(second?.mac, first?.mac);
  done(await stage.act('DELETE', '/vms/web-one/adapters/1'));
  assert.equal((await stage.send('DELETE', '/vms/web-one/adapters/1')).status, 404);
});

test('GA-28 shared folders come and go by name, read-only unless said otherwise, up to four', async () => {
  const add = (name: string, hostPath = `/srv/${name}`) =>
    stage.send('POST', '/vms/web-one/shared-folders', { body: { name, hostPath } });
  for (const path of ['srv', '/srv/../etc', '/srv/./x', '/srv/..', '/srv\nx', '/srv/\u0000'])
    assert.equal((await add('docs', path)).status, 400, path);
  for (const name of ['', '-x', 'a b', 'a,b', '../x', 'x'.repeat(32)])
    assert.equal((await add(name, '/srv')).status, 400, name);
  const body = { name: 'docs', hostPath: '/srv/docs' };
  const added = done(await stage.act('POST', '/vms/web-one/shared-folders', body));
  assert.ok(
    (await eventsOf(added)).some(
      ({ attributes }) => attributes['path'] === 'hardware/shared_folders/0/host_path',
    ),
  );
  assert.deepEqual((await show('web-one')).definition.hardware.sharedFolders, [
    { ...body, slot: 0, readOnly: true },
  ]);
  assert.equal((await add('docs', '/srv/other')).status, 409);
  for (const name of ['two', 'three', 'four'])
    done(await stage.act('POST', '/vms/web-one/shared-folders', { name, hostPath: '/srv/x' }));
  assert.equal((await add('five')).status, 507);
  done(await stage.act('DELETE', '/vms/web-one/shared-folders/two'));
  assert.equal((await stage.send('DELETE', '/vms/web-one/shared-folders/two')).status, 404);
  done(await stage.act('POST', '/vms/web-one/shared-folders', { ...body, name: 'five' }));
  const { sharedFolders } = (await show('web-one')).definition.hardware;
  assert.deepEqual(
    sharedFolders.map(({ slot, name }) => [slot, name]),
    [
      [0, 'docs'],
      [1, 'five'],
      [2, 'three'],
      [3, 'four'],
    ],
  );
  for (const { name } of sharedFolders)
    done(await stage.act('DELETE', `/vms/web-one/shared-folders/${name}`));
});

test('a MAC address that another vm has is refused', async () => {
  const [adapter] = (await show('web-one')).definition.hardware.adapters;
  const { status, text } = await stage.send('POST', '/vms', {
    body: { name: 'copycat', definition: { hardware: { adapters: [adapter] } } },
  });
  assert.equal(status, 409, text);
  assert.match(text, /MAC address/);
});

test('API-14 VM-04 an exported definition makes the vm again, with its identity when it is free', async () => {
  const schemas = (await stage.send('GET', '/openapi.json', { token: null })).json as {
    components: { schemas: Record<string, unknown> };
  };
  assert.ok(schemas.components.schemas['VmDefinition'], 'its schema is published');
  const extensions = { 'org.example.assets': { shelf: [7, { row: 'b' }] } };
  done(await stage.act('PATCH', '/vms/web-one', { extensions }));
  const file = (await stage.send('GET', '/vms/web-one/definition')).json as {
    definition: Record<string, unknown>;
  };
  assert.deepEqual(file.definition['extensions'], extensions);
  const taken = await stage.send('POST', '/vms', {
    body: { name: 'again', definition: { ...file.definition, name: 'again' } },
  });
  assert.equal(taken.status, 409, taken.text);
  done(await stage.act('DELETE', '/vms/web-one'));
  done(await stage.act('POST', '/vms', { name: 'web-one', definition: file.definition }));
  const vm = await show('web-one');
  assert.deepEqual(vm.definition, file.definition);
});

test('a vm is taken out: it is known no longer, and its name is free', async () => {
  const operation = done(await stage.act('POST', '/vms/web-one/remove'));
  assert.equal((await stage.send('GET', '/vms/web-one')).status, 404);
  const [deleted] = await eventsOf(operation);
  assert.equal(deleted?.attributes['how'], 'removed');
  assert.equal(deleted?.attributes['filesRemain'], true);
  done(await stage.act('POST', '/vms', { name: 'web-one' }));
});

test('a delete says first which files go, and then they are gone', async () => {
  const dry = await stage.send('DELETE', '/vms/web-one?dryRun=true');
  const { warnings } = dry.json as DryRun;
  assert.ok(warnings.some(({ code, text }) => code === 'file-deleted' && text.includes('vm.json')));
  const operation = done(await stage.act('DELETE', '/vms/web-one'));
  const [deleted] = await eventsOf(operation);
  assert.equal(deleted?.name, 'vm.deleted');
  assert.equal(deleted?.attributes['filesRemain'], false);
  assert.equal((await stage.send('GET', '/vms/web-one')).status, 404);
  assert.equal(
    (await stage.send('POST', '/vms?dryRun=true', { body: { name: 'web-one' } })).status,
    200,
  );
});

test('of two that want a name at the same moment one gets it, and the other is told', async () => {
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => stage.send('POST', '/vms', { body: { name: 'contested' } })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [202, 409, 409, 409],
  );
  for (const { status, text } of answers)
    if (status === 409) assert.match(text, /a vm called contested already/);
});

test('when a step fails nothing is left behind', async () => {
  const operation = await stage.act('POST', '/vms', {
    name: 'too-big',
    processors: 1000,
    start: true,
  });
  assert.equal(operation.state, 'failed');
  assert.equal((await stage.send('GET', '/vms/too-big')).status, 404);
  const again = await stage.send('POST', '/vms?dryRun=true', { body: { name: 'too-big' } });
  assert.equal(again.status, 200, 'the name is free again');
});

test('a restart of the coordinator in the middle of things: no operation is forgotten, every vm is shown as it is', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `storm-${index}`);
  const ids: string[] = [];
  for (const name of names) {
    const { json } = await stage.send('POST', '/vms', { body: { name, start: true } });
    ids.push((json as Operation).id);
  }
  await stage.restart();
  await stage.until(() => stage.host('h1')?.status === 'ready', 'ready', 20_000);
  const { inventory, operations } = stage.coordinator;
  for (const id of ids) {
    let operation = await operations.wait(id, 20_000);
    while (!finishedStates.includes(operation.state)) operation = await operations.wait(id, 20_000);
    done(operation);
  }
  for (const name of names) {
    const vm = await show(name);
    assert.equal(vm.state, 'running');
    const log = await stage.send(
      'GET',
      `/events?filter=${encodeURIComponent(`name = vm.state.powered-on AND target.name = ${name}`)}`,
    );
    assert.equal((log.json as { items: readonly unknown[] }).items.length, 1, 'started once');
  }
  for (const { data } of inventory.documents<OperationDocument>('operation'))
    assert.ok(finishedStates.includes(data.state), data.action);
});

test('an agent that is killed and comes back finds its vms, and nobody is told that it was gone', async () => {
  const before = await show('storm-0');
  await agent.end();
  agent.run();
  const call = stage.act('POST', '/vms/storm-1/actions/pause', {});
  done(await call);
  assert.equal((await show('storm-0')).state, before.state);
});
