/** What is asked of vms as a whole, through CLI and API, on one coordinator with two simulated hosts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AllowedAction, Client, Event, GuestCatalogueEntry, Operation, Vm } from '#api';
import { isFault, systemClock, withDeadline } from '#lib';
import { findConnection, openClient } from '../../src/cli/connection.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;
let client: Client;

before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '2x6', '--yes', '--listen', gantry.listen);
  client = gantry.client();
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
});

const vms = async (filter?: string): Promise<readonly Vm[]> =>
  (await client.call('vm.list', { query: { limit: 500, ...(filter ? { filter } : {}) } })).items;
const show = (vm: string): Promise<Vm> => client.call('vm.show', { params: { vm } });
const eventsAbout = async (about: string): Promise<readonly Event[]> =>
  (await client.call('event.list', { query: { about, limit: 200 } })).items.toReversed();
const refusedAs =
  (code: Parameters<typeof isFault>[1]) =>
  (error: unknown): boolean =>
    isFault(error, code);

async function finish(operation: Operation): Promise<Operation> {
  return withDeadline(`the end of ${operation.action}`, 30_000, undefined, async (signal) => {
    for (;;) {
      const now = await client.call(
        'operation.show',
        { params: { operation: operation.id } },
        signal,
      );
      if (now.endedAt !== null) return now;
      await systemClock.sleep(50, signal);
    }
  });
}

/** A guest is offered a shutdown when it has booted and its additions were heard. */
async function untilAdditionsAnswer(
  vm: string,
): Promise<{ readonly actions: readonly AllowedAction[] }> {
  return withDeadline(`the additions of ${vm}`, 60_000, undefined, async (signal) => {
    for (;;) {
      const answer = await client.call('vm.actions', { params: { vm } }, signal);
      if (answer.actions.some(({ action, allowed }) => action === 'shutdown' && allowed))
        return answer;
      await systemClock.sleep(200, signal);
    }
  });
}

void test('VM-03 a creation with more memory than the host has free is warned of, and one without space for its disk refused before anything is there', async () => {
  const [host] = (await client.call('host.list', { query: { filter: 'name = sim-1' } })).items;
  const { memoryTotalBytes } = host?.facts ?? { memoryTotalBytes: 0 };
  const memory = String(memoryTotalBytes - 1024 * 1024);
  const told = await gantry.run(['vm', 'create', 'roomy', '--host', 'sim-1', '--memory', memory]);
  assert.equal(told.code, 0, told.err);
  assert.match(told.err, /warning: the vm needs .* of memory with overhead, .* are free/);
  const small = ['--host', 'sim-1', '--memory', '128M', '--firmware', 'uefi'];
  const hanging = await gantry.run(['vm', 'create', 'hanging', ...small]);
  assert.match(hanging.err, /warning: UEFI firmware .* needs 256 MiB/);
  const fitting = await gantry.run(['vm', 'create', 'fitting', ...small.toSpliced(2, 2)]);
  assert.equal(fitting.err.includes('warning'), false, fitting.err);
  const huge = ['--host', 'sim-1', '--disk', '64T'];
  const refused = await gantry.run(['vm', 'create', 'huge', ...huge]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /the disks need .* are free/);
  assert.deepEqual(await vms('name = huge'), []);
});

void test('VM-14 names and UUIDs are unique over all hosts, and listed for one host or for all at once', async () => {
  for (const name of ['unique', 'afterwards'])
    await gantry.must('vm', 'create', name, '--host', 'sim-1');
  const { id } = await show('unique');
  const again = { host: 'sim-2', disk: { kind: 'none' } } as const;
  await assert.rejects(
    client.call('vm.create', { body: { ...again, name: 'unique' } }),
    refusedAs('exists'),
  );
  await assert.rejects(
    client.call('vm.create', { body: { ...again, name: 'other', definition: { id } } }),
    refusedAs('exists'),
  );
  await assert.rejects(
    client.call('vm.update', { params: { vm: 'unique' }, body: { name: 'afterwards' } }),
    refusedAs('exists'),
  );
  const all = await vms();
  const [one, two] = [await vms('host = sim-1'), await vms('host = sim-2')];
  assert.ok(one.length > 6 && two.length >= 6);
  assert.equal(one.length + two.length, all.length);
  const listed = await gantry.json<readonly Vm[]>('vm', 'list');
  assert.deepEqual(listed.map(({ id: one }) => one).sort(), all.map(({ id: one }) => one).sort());
  for (const list of [all.map((vm) => vm.name), all.map((vm) => vm.id)])
    assert.equal(new Set(list).size, all.length);
  assert.deepEqual(
    new Set([...one, ...two].map((vm) => `${vm.id} ${vm.name}`)),
    new Set(all.map((vm) => `${vm.id} ${vm.name}`)),
  );
});

void test('DISK-67 the space of all files of a vm is a counter beside the others, and a warning is told once above its limit and once within it again', async () => {
  const { name, id } = await withDeadline(
    'a vm of known space',
    30_000,
    undefined,
    async (signal) => {
      for (;;) {
        const [measured] = await vms('host = sim-2 AND status.diskSpaceBytes > 0');
        if (measured !== undefined) return measured;
        await systemClock.sleep(50, signal);
      }
    },
  );
  assert.match(await gantry.must('vm', 'show', name), /^disk space +[\d.]+ \wiB$/m);
  const setLimit = (bytes: string): Promise<string> =>
    gantry.must('vm', 'set', name, `settings.diskSpace.warnBytes=${bytes}`);
  const untilTold = async (sides: readonly string[]): Promise<void> =>
    withDeadline(`${sides.join()} of ${name}`, 30_000, undefined, async (signal) => {
      for (;;) {
        const told = (await eventsAbout(id)).filter((event) => event.name === 'vm.threshold.disk');
        const seen = told.map(({ attributes }) => attributes['side']);
        if (seen.length >= sides.length) return assert.deepEqual(seen, sides);
        await systemClock.sleep(50, signal);
      }
    });
  await setLimit('1K');
  await untilTold(['above']);
  const above = new RegExp(`the files of vm ${name} take up .*: its limit is 1 KiB`);
  const findings = async (): Promise<string> =>
    JSON.stringify((await client.call('installation.show', {})).findings);
  assert.match(await findings(), above);
  assert.match(await gantry.must('vm', 'show', name), /^disk space .*, above its limit of 1 KiB$/m);
  await setLimit('60T');
  await untilTold(['above', 'within']);
  assert.doesNotMatch(await findings(), above);
});

void test('VM-15 a list of vms is filtered by host, by kind and by state, and names the host of each', async () => {
  const all = await vms();
  const [first] = all;
  assert.ok(first);
  for (const [filter, fits] of [
    ['host = sim-2', (vm: Vm) => vm.host === 'sim-2'],
    ['driver = simulated', (vm: Vm) => vm.driver === 'simulated'],
    ['driver = qemu', (vm: Vm) => vm.driver === 'qemu'],
    [`technique = ${first.technique}`, (vm: Vm) => vm.technique === first.technique],
    ['state = off', (vm: Vm) => vm.state === 'off'],
    ['state = off AND host = sim-1', (vm: Vm) => vm.state === 'off' && vm.host === 'sim-1'],
  ] as const)
    assert.deepEqual(
      (await vms(filter)).map((vm) => vm.name).sort(),
      all
        .filter(fits)
        .map((vm) => vm.name)
        .sort(),
      filter,
    );
  const [title, ...lines] = (await gantry.must('vm', 'list')).trim().split('\n');
  assert.match(title ?? '', /\bHOST\b/);
  assert.equal(lines.length, all.length);
  for (const line of lines) assert.match(line, / sim-[12] /);
});

void test('VM-18 a change of a setting is an event with path, vm, old and new value', async () => {
  const before = await show('unique');
  await gantry.must(
    'vm',
    'set',
    'unique',
    'settings.start.order=7',
    'description=kept-in-the-cellar',
  );
  const changes = (await eventsAbout(before.id)).filter(
    ({ name }) => name === 'vm.setting.changed',
  );
  assert.deepEqual(
    changes.map(({ target, attributes }) => ({ vm: target.name, ...attributes })),
    [
      { vm: 'unique', path: 'description', oldValue: null, newValue: 'kept-in-the-cellar' },
      { vm: 'unique', path: 'settings/start/order', oldValue: 100, newValue: 7 },
    ],
  );
  const texts = changes.map(({ message }) => message);
  assert.match(texts[0] ?? '', /description of unique .* from \(no value\) to kept-in-the-cellar/);
  assert.match(texts[1] ?? '', /settings\/start\/order of unique .* from 100 to 7/);
});

void test('HW-32 the three serial numbers are logged at the first start, from no value, each under its path', async () => {
  const { id } = await show('unique');
  await gantry.must('vm', 'start', 'unique');
  await gantry.must('vm', 'turn-off', 'unique', '--yes');
  await gantry.must('vm', 'start', 'unique');
  const { definition } = await show('unique');
  const number = definition.hardware.bios.chassis.assetTag;
  assert.match(number ?? '', /^\d{4}-/);
  const logged = (await eventsAbout(id))
    .map(({ attributes }) => attributes)
    .filter(({ path }) => typeof path === 'string' && path.startsWith('hardware/bios/'));
  assert.deepEqual(
    logged
      .toSorted((one, other) => String(one['path']).localeCompare(String(other['path'])))
      .map(({ path, oldValue, newValue }) => [path, oldValue, newValue]),
    [
      ['hardware/bios/base_board/serial_number', null, number],
      ['hardware/bios/chassis/asset_tag', null, number],
      ['hardware/bios/chassis/serial_number', null, number],
    ],
  );
});

void test('VM-22 guests are marked supported or best effort, and run side by side, also several of one kind', async () => {
  const guests = await gantry.json<readonly GuestCatalogueEntry[]>('guest', 'list');
  const support = new Map(guests.map((guest) => [guest.id, guest.support]));
  assert.deepEqual(new Set(support.values()), new Set(['supported', 'best-effort']));
  assert.equal(support.get('linux'), 'supported');
  const kinds = ['linux', 'linux', 'linux', 'netware', 'netware', 'os2', 'windows-server-2022'];
  assert.equal(support.get('netware'), 'best-effort');
  await Promise.all(
    kinds.map(async (guestOs, index) => {
      const body = { name: `side-${index}`, host: 'sim-2', guestOs, start: true } as const;
      const ended = await finish(await client.call('vm.create', { body }));
      assert.equal(ended.state, 'done', `${guestOs}: ${ended.fault?.message ?? ''}`);
    }),
  );
  const running = await vms('name : side AND state = running AND host = sim-2');
  assert.deepEqual(running.map((vm) => vm.definition.guestOs).sort(), [...kinds].sort());
});

void test('VM-46 a power operation runs in the background, with progress and a result, while others go on', async () => {
  const ended = new Map<string, Operation>();
  const act = (vm: string, action: string): Promise<Operation> =>
    client.call('vm.act', { params: { vm, action }, body: {} });
  const names = ['side-0', 'side-1', 'side-2'];
  const begun = await Promise.all(names.map((name) => act(name, 'restart')));
  for (const operation of begun) {
    assert.equal(operation.action, 'vm.restart');
    assert.equal(operation.endedAt, null, 'it was answered before its end');
  }
  await gantry.must('vm', 'set', 'side-5', 'description=meanwhile');
  assert.equal((await act('side-6', 'pause')).action, 'vm.pause');
  for (const operation of begun) ended.set(operation.id, await finish(operation));
  for (const operation of ended.values()) {
    assert.equal(operation.state, 'done');
    assert.ok(operation.startedAt !== null && operation.endedAt !== null);
    assert.equal(operation.progress, 1);
    assert.equal(operation.fault, null);
    assert.ok(operation.steps.length > 0 && operation.steps.every(({ state }) => state === 'done'));
  }
});

void test('Restart lets the guest restart and run on, Shutdown is Shut Down Guest', async () => {
  const vm = (await vms('state = running AND name : sim-1'))[0];
  assert.ok(vm);
  const { actions } = await untilAdditionsAnswer(vm.id);
  assert.equal(actions.find(({ action }) => action === 'reboot')?.allowed, true);
  await gantry.must('vm', 'reboot', vm.name);
  const restarted = await show(vm.id);
  assert.equal(restarted.state, 'running');
  assert.equal(restarted.generation, vm.generation, 'it is the same process');
  const reset = (await eventsAbout(vm.id)).find(({ name }) => name === 'vm.state.reset');
  assert.equal(reset?.attributes['how'], 'reboot');
  const words = await Promise.all(
    ['shutdown', 'shut-down-guest'].map(async (action) => {
      const asked = action === 'shutdown' ? vm.id : 'side-5';
      await untilAdditionsAnswer(asked);
      const { action: done } = await client.call('vm.act', {
        params: { vm: asked, action },
        body: {},
      });
      return done;
    }),
  );
  assert.deepEqual(words, ['vm.shutdown', 'vm.shutdown']);
  await withDeadline('the guest to be off', 20_000, undefined, async (signal) => {
    while ((await show(vm.id)).state !== 'off') await systemClock.sleep(100, signal);
  });
});

void test('VM-91 a run-only right operates vms of others and creates or reconfigures none', async () => {
  await gantry.must('user', 'create', 'ada');
  await gantry.must('grant', 'create', 'ada', 'player');
  const secret = (await gantry.must('token', 'create', 'play', '--user', 'ada'))
    .trim()
    .split('\n')[0];
  const connection = findConnection(gantry.installation, {});
  const player = openClient({ ...connection, token: secret ?? '' });
  const on = { params: { vm: 'side-4' } } as const;
  assert.equal((await player.call('vm.show', on)).state, 'running');
  for (const [action, state] of [
    ['pause', 'paused'],
    ['resume', 'running'],
    ['turn-off', 'off'],
    ['turn-on', 'running'],
  ] as const) {
    const operation = await player.call('vm.act', { params: { vm: 'side-4', action }, body: {} });
    assert.equal((await finish(operation)).state, 'done');
    assert.equal((await show('side-4')).state, state);
  }
  assert.ok((await player.call('vm.screenshot', on)).length > 0);
  for (const refused of [
    () => player.call('vm.create', { body: { name: 'mine' } }),
    () => player.call('vm.update', { ...on, body: { description: 'mine' } }),
    () =>
      player.call('vm.disk.attach', {
        ...on,
        body: { kind: 'new', sizeBytes: 1_048_576, format: 'qcow2' },
      }),
    () => player.call('vm.remove', on),
    () => player.call('vm.delete', on),
  ])
    await assert.rejects(refused, refusedAs('forbidden'));
});
