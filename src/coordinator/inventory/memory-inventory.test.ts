import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  crashCode,
  hostSchema,
  imageSchema,
  operationSchema,
  folderSchema,
  topFolderId,
  vmSchema,
  type Vm,
} from '#api';
import type { NetworkDocument } from '../documents.ts';
import { facts } from '../testing/fake-agent.ts';
import type { InventoryChange } from './inventory.ts';
import { createInventory, type MemoryInventory } from './memory-inventory.ts';
import { holdClock, type HeldClock } from './testing/clock.ts';
import {
  folderData,
  hostData,
  idOf,
  imageData,
  operationData,
  report,
  sample,
  vmData,
  Writer,
} from './testing/documents.ts';

const connected = { connected: true, reason: null, lastSeenAt: null };
const away = { connected: false, reason: 'the link broke', lastSeenAt: null };

/** One host h1, folders /lab/blue, one running vm web. */
function make(): { inventory: MemoryInventory; writer: Writer; clock: HeldClock } {
  const clock = holdClock();
  const inventory = createInventory({ clock });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('folder', topFolderId, folderData('/', null));
  writer.put('folder', idOf('lab'), folderData('lab'));
  writer.put('folder', idOf('blue'), folderData('blue', idOf('lab')));
  writer.put('vm', idOf('web'), vmData('web', { folderId: idOf('blue') }));
  writer.put('status', idOf('web'), { report: report('web') });
  inventory.setConnection(idOf('h1'), connected);
  return { inventory, writer, clock };
}

test('all vms gone through are those that are there, as each is shown', () => {
  const { inventory, writer } = make();
  writer.put('vm', idOf('db'), vmData('db', { folderId: idOf('blue') }));
  writer.put('vm', idOf('old'), vmData('old'));
  writer.put('vm', idOf('new'), vmData('new'));
  writer.drop('vm', idOf('old'));
  const names = (): (string | undefined)[] =>
    [...inventory.allVms()].map(({ name }) => name).toSorted();
  assert.deepEqual(names(), ['db', 'new', 'web']);
  const withoutTime = (vm: Vm | undefined): unknown => ({
    ...vm,
    status: { ...vm?.status, runningSeconds: 0 },
  });
  for (const vm of inventory.allVms())
    assert.deepEqual(withoutTime(vm), withoutTime(inventory.vm(vm.id)));
  inventory.setConnection(idOf('h1'), away);
  for (const { state } of inventory.allVms()) assert.equal(state, 'unknown');
});

test('shows the state unknown while the host is away, and what it was again afterwards', () => {
  const { inventory } = make();
  assert.equal(inventory.vm(idOf('web'))?.state, 'running');
  assert.equal(inventory.vm(idOf('web'))?.stateNumber, 5);
  inventory.setConnection(idOf('h1'), away);
  assert.equal(inventory.vm(idOf('web'))?.state, 'unknown');
  assert.equal(inventory.vm(idOf('web'))?.stateNumber, 0);
  assert.equal(inventory.vm(idOf('web'))?.status.startedAt, null);
  inventory.setConnection(idOf('h1'), connected);
  assert.equal(inventory.vm(idOf('web'))?.state, 'running');
});

test('how a vm stands follows its host, its moves and its last fault, and lists filter and sort by it', () => {
  const { inventory, writer } = make();
  const stands = (): string | undefined => inventory.vm(idOf('web'))?.standing;
  const listed = (standing: string): number =>
    inventory.list(
      'vm',
      { filter: `standing = ${standing}`, sort: 'standing', limit: 10 },
      undefined,
    ).total;
  const told: string[] = [];
  inventory.onChange(({ things }) => told.push(...things.map(({ kind, id }) => `${kind} ${id}`)));
  assert.equal(stands(), 'running');
  const target = { kind: 'vm', id: idOf('web'), name: 'web' } as const;
  const move = { ...operationData(), action: 'vm.migrate', target };
  writer.put('operation', idOf('move'), { ...move, state: 'running' });
  assert.equal(stands(), 'migrating');
  assert.equal(listed('migrating'), 1);
  assert.deepEqual(told, [`operation ${idOf('move')}`, `vm ${idOf('web')}`]);
  writer.put('operation', idOf('move'), { ...move, state: 'cancelling' });
  assert.equal(stands(), 'migrating');
  writer.put('operation', idOf('move'), { ...move, state: 'failed' });
  assert.equal(stands(), 'running');
  assert.equal(listed('migrating'), 0);
  writer.put('operation', idOf('start'), { ...move, action: 'vm.start', state: 'running' });
  assert.equal(stands(), 'running');
  const lastFault = { at: '2026-01-01T00:00:00.000Z', code: crashCode, message: 'it ended' };
  writer.put('status', idOf('web'), { report: report('web', { state: 'off', lastFault }) });
  assert.equal(stands(), 'crashed');
  assert.equal(listed('crashed'), 1);
  inventory.setConnection(idOf('h1'), away);
  assert.equal(stands(), 'host-unreachable');
  assert.equal(listed('host-unreachable'), 1);
  inventory.setConnection(idOf('h1'), connected);
  assert.equal(stands(), 'crashed');
});

test('the space of a vm is shown while its host is connected, running or not, and as that host measures it', () => {
  const { inventory, writer } = make();
  const shown = (name: string): number | null | undefined =>
    inventory.vm(idOf(name))?.status.diskSpaceBytes;
  assert.equal(shown('web'), null);
  // A vm may be measured before its document is here.
  inventory.setDiskSpaces(
    idOf('h1'),
    new Map([
      [idOf('web'), 5],
      [idOf('new'), 7],
    ]),
  );
  assert.equal(shown('web'), 5);
  writer.put('vm', idOf('new'), vmData('new'));
  assert.equal(shown('new'), 7);
  writer.put('status', idOf('web'), { report: report('web', { state: 'off', startedAt: null }) });
  assert.equal(shown('web'), 5);
  writer.put('host', idOf('h2'), hostData('h2'));
  inventory.setConnection(idOf('h2'), connected);
  inventory.setDiskSpaces(idOf('h2'), new Map([[idOf('web'), 9]]));
  assert.equal(shown('web'), 5);
  assert.deepEqual(
    [...inventory.diskSpaces()].map(({ usedBytes }) => usedBytes),
    [5, 7],
  );
  const sorted = inventory.list(
    'vm',
    { limit: 10, sort: '-status.diskSpaceBytes' },
    undefined,
  ).items;
  assert.deepEqual(
    sorted.map(({ name }) => name),
    ['new', 'web'],
  );
  inventory.setDiskSpaces(idOf('h1'), new Map([[idOf('web'), 8]]));
  const again = inventory.list(
    'vm',
    { limit: 10, sort: '-status.diskSpaceBytes' },
    undefined,
  ).items;
  assert.deepEqual(
    again.map(({ name }) => name),
    ['web', 'new'],
  );
  assert.equal(shown('new'), null);
  inventory.setConnection(idOf('h1'), away);
  assert.equal(shown('web'), null);
});

test('VM-17 counts the running time from the last start, at the time of reading', () => {
  const { inventory, writer, clock } = make();
  assert.equal(inventory.vm(idOf('web'))?.status.runningSeconds, 0);
  clock.seconds = 867.9;
  assert.equal(inventory.vm(idOf('web'))?.status.runningSeconds, 867);
  writer.put('status', idOf('web'), { report: report('web', { state: 'off' }) });
  assert.equal(inventory.vm(idOf('web'))?.status.runningSeconds, null);
});

test('has no running time and no processor use of a vm that is off', () => {
  const { inventory, writer } = make();
  inventory.setSample(sample('web', 40));
  assert.equal(inventory.vm(idOf('web'))?.status.cpuPercent, 40);
  writer.put('status', idOf('web'), { report: report('web', { state: 'saved' }) });
  const status = inventory.vm(idOf('web'))?.status;
  assert.equal(status?.cpuPercent, null);
  assert.equal(status?.runningSeconds, null);
});

test('a vm that is started anew shows nothing of the guest of its last run', () => {
  const { inventory, writer } = make();
  inventory.setSample(sample('web', 25));
  assert.equal(inventory.vm(idOf('web'))?.status.cpuPercent, 25);
  writer.put('status', idOf('web'), { report: { ...report('web'), state: 'off' } });
  writer.put('status', idOf('web'), { report: { ...report('web'), state: 'starting' } });
  const { cpuPercent, heartbeat, guest } = inventory.vm(idOf('web'))?.status ?? {};
  assert.deepEqual([cpuPercent, heartbeat?.beats, guest], [null, 0, null]);
  assert.deepEqual([...inventory.liveSamples()], []);
});

test('HW-54 tells emulation, full virtualization and paravirtual devices apart', () => {
  const { inventory, writer } = make();
  const technique = (accelerator: 'kvm' | 'tcg'): string | undefined => {
    writer.put('status', idOf('web'), { report: report('web', { accelerator }) });
    return inventory.vm(idOf('web'))?.technique;
  };
  assert.equal(technique('tcg'), 'emulation');
  assert.equal(technique('kvm'), 'paravirtual devices');
  const data = vmData('web', { folderId: idOf('blue') });
  const { hardware } = data.definition;
  const graphics = { ...hardware.graphics, adapter: 'std' as const };
  writer.put('vm', idOf('web'), {
    ...data,
    definition: { ...data.definition, hardware: { ...hardware, graphics } },
  });
  assert.equal(technique('kvm'), 'full virtualization');
});

test('HW-56 a vm of another architecture than its host is shown as emulated and slow', () => {
  const { inventory, writer } = make();
  writer.put('host', idOf('h1'), hostData('h1', { driver: 'qemu', facts }));
  const data = vmData('web', { folderId: idOf('blue') });
  const { hardware } = data.definition;
  const show = (machine: 'q35' | 'virt', accelerator: 'kvm' | 'tcg' | null): string | undefined => {
    writer.put('vm', idOf('web'), {
      ...data,
      definition: { ...data.definition, hardware: { ...hardware, machine } },
    });
    writer.put('status', idOf('web'), { report: report('web', { accelerator }) });
    return inventory.vm(idOf('web'))?.technique;
  };
  assert.equal(show('virt', 'tcg'), 'emulated aarch64 (slow)');
  assert.equal(show('virt', null), 'emulated aarch64 (slow)');
  assert.equal(show('q35', 'tcg'), 'emulation');
});

test('everything it shows is what the contract says', () => {
  const { inventory, writer } = make();
  writer.put('image', idOf('debian'), imageData('debian', idOf('h1')));
  writer.put('operation', idOf('o'), operationData());
  inventory.setSample(sample('web', 4));
  vmSchema.parse(inventory.vm(idOf('web')));
  hostSchema.parse(inventory.host(idOf('h1')));
  imageSchema.parse(inventory.image(idOf('debian')));
  folderSchema.parse(inventory.folder(idOf('blue')));
  operationSchema.parse(inventory.operation(idOf('o')));
});

test('a renamed folder shows in the paths of all below it, a renamed host in its vms and images', () => {
  const { inventory, writer } = make();
  writer.put('image', idOf('debian'), imageData('debian', idOf('h1')));
  assert.equal(inventory.vm(idOf('web'))?.folder, '/lab/blue');
  writer.put('folder', idOf('lab'), folderData('works'));
  assert.equal(inventory.vm(idOf('web'))?.folder, '/works/blue');
  assert.equal(inventory.folder(idOf('blue'))?.path, '/works/blue');
  assert.equal(inventory.find('folder', '/works/blue')?.id, idOf('blue'));
  assert.equal(inventory.find('folder', '/lab/blue'), undefined);
  assert.deepEqual(inventory.foldersAbove(idOf('blue')), [idOf('blue'), idOf('lab'), topFolderId]);
  writer.put('host', idOf('h1'), hostData('other'));
  assert.equal(inventory.vm(idOf('web'))?.host, 'other');
  assert.equal(inventory.image(idOf('debian'))?.host, 'other');
});

test('finds by id and by name, and nothing by the name of two', () => {
  const { inventory, writer } = make();
  assert.equal(inventory.find('vm', idOf('web'))?.id, idOf('web'));
  assert.equal(inventory.find('vm', 'web')?.id, idOf('web'));
  assert.equal(inventory.find('host', 'web'), undefined);
  writer.put('vm', idOf('web'), vmData('shop'));
  assert.equal(inventory.find('vm', 'web'), undefined);
  assert.equal(inventory.find('vm', 'shop')?.id, idOf('web'));
  writer.put('folder', idOf('x'), folderData('blue'));
  assert.equal(inventory.find('folder', 'blue'), undefined);
  assert.equal(inventory.find('folder', '/blue')?.id, idOf('x'));
});

test('a vm is found by its name and its host’s, and alone by neither where two hosts have one called so', () => {
  const { inventory, writer } = make();
  const [web, other] = [idOf('web'), idOf('other')];
  const idFound = (name: string): string | undefined => inventory.find('vm', name)?.id;
  assert.equal(idFound('web@h1'), web);
  writer.put('host', idOf('h2'), hostData('h2'));
  writer.put('vm', other, vmData('web@h2', { hostId: idOf('h2') }));
  assert.deepEqual([idFound('web'), idFound('web@h1'), idFound('web@h2')], [undefined, web, other]);
  assert.deepEqual(inventory.namesakes('web'), [
    { id: web, name: 'web@h1' },
    { id: other, name: 'web@h2' },
  ]);
  // A name that only looks so.
  writer.put('vm', other, vmData('web@home', { hostId: idOf('h2') }));
  assert.deepEqual([idFound('web'), idFound('web@home')], [web, other]);
  writer.put('vm', other, vmData('web@h2', { hostId: idOf('h2') }));
  writer.drop('vm', web);
  assert.equal(idFound('web'), undefined);
  assert.deepEqual(inventory.namesakes('web'), [{ id: other, name: 'web@h2' }]);
});

test('knows which vms are where, and a host how many it has', () => {
  const { inventory, writer } = make();
  assert.equal(inventory.host(idOf('h1'))?.vms, 1);
  writer.put('host', idOf('h2'), hostData('h2'));
  writer.put('vm', idOf('web'), vmData('web', { hostId: idOf('h2') }));
  assert.equal(inventory.host(idOf('h1'))?.vms, 0);
  assert.equal(inventory.host(idOf('h2'))?.vms, 1);
  assert.deepEqual([...inventory.vmsOfHost(idOf('h2'))], [idOf('web')]);
  assert.deepEqual([...inventory.vmsOfFolder(idOf('blue'))], []);
  writer.drop('vm', idOf('web'));
  assert.equal(inventory.vm(idOf('web')), undefined);
  assert.equal(inventory.host(idOf('h2'))?.vms, 0);
});

test('HOST-21 gives a host exactly one status', () => {
  const { inventory, writer } = make();
  const status = (): string | undefined => inventory.host(idOf('h1'))?.status;
  assert.equal(status(), 'ready');
  writer.put('host', idOf('h1'), hostData('h1', { serviceRunning: false }));
  assert.equal(status(), 'service-stopped');
  inventory.setConnection(idOf('h1'), away);
  assert.equal(status(), 'unreachable');
  assert.equal(inventory.host(idOf('h1'))?.statusReason, 'the link broke');
  inventory.setConnection(idOf('h1'), { ...away, status: 'agent-not-running' });
  assert.equal(status(), 'agent-not-running');
});

test('tells of committed changes at once and of passing ones together', async () => {
  const { inventory, writer } = make();
  await Promise.resolve();
  const told: InventoryChange[] = [];
  const stop = inventory.onChange((change) => told.push(change));
  writer.put('vm', idOf('web'), vmData('web'));
  const seq = inventory.head;
  assert.deepEqual(told, [
    { seq, things: [{ kind: 'vm', id: idOf('web'), how: 'changed' }], events: [] },
  ]);
  inventory.setSample(sample('web', 1));
  inventory.setSample(sample('web', 2));
  inventory.setSample(sample('nobody', 2));
  assert.equal(told.length, 1);
  await Promise.resolve();
  assert.deepEqual(told[1]?.things, [{ kind: 'vm', id: idOf('web'), how: 'sampled' }]);
  inventory.setConnection(idOf('h1'), away);
  await Promise.resolve();
  assert.deepEqual(
    told[2]?.things.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    [
      { kind: 'host', id: idOf('h1'), how: 'changed' },
      { kind: 'vm', id: idOf('web'), how: 'changed' },
    ],
  );
  writer.drop('vm', idOf('web'));
  assert.ok(told[3]?.things.some((thing) => thing.kind === 'vm' && thing.how === 'deleted'));
  stop();
  writer.put('vm', idOf('web'), vmData('web'));
  assert.equal(told.length, 4);
});

test('shows how far a running operation has come', () => {
  const { inventory, writer } = make();
  const step = { name: 'copy', startedAt: null, endedAt: null, progress: null, note: null };
  writer.put(
    'operation',
    idOf('o'),
    operationData({
      steps: [
        { ...step, state: 'done' },
        { ...step, state: 'running' },
      ],
      at: 1,
    }),
  );
  assert.equal(inventory.operation(idOf('o'))?.progress, 0.5);
  inventory.setProgress(idOf('o'), { at: 1, progress: 0.5, note: '2 of 4 GiB' });
  const operation = inventory.operation(idOf('o'));
  assert.equal(operation?.progress, 0.75);
  assert.equal(operation?.steps[1]?.note, '2 of 4 GiB');
  inventory.setProgress(idOf('o'), { at: 0, progress: 0.1, note: 'late' });
  assert.equal(inventory.operation(idOf('o'))?.progress, 0.5);
});

test('keeps equal parts of documents once', () => {
  const { inventory, writer } = make();
  const ids = ['a', 'b', 'c'].map((name) => {
    writer.put('vm', idOf(name), vmData(name));
    return idOf(name);
  });
  const [, b, c] = ids.map((id) => inventory.vm(id)?.definition);
  assert.notEqual(b, c);
  assert.equal(b?.settings, c?.settings);
  assert.equal(b?.hardware.firmware, c?.hardware.firmware);
  assert.notEqual(b?.name, c?.name);
  assert.deepEqual(inventory.document('vm', idOf('c'))?.data, vmData('c'));
});

test('a network that was stored before a setting existed has its default', () => {
  const { inventory, writer } = make();
  const old = { name: 'lab', type: 'internal', ipv4: null };
  writer.put('network', idOf('lab'), old);
  const { data } = inventory.document<NetworkDocument>('network', idOf('lab')) ?? {};
  assert.deepEqual([data?.name, data?.span, data?.ipv6, data?.forwards], ['lab', null, null, []]);
});

test('a host that was not heard of since the coordinator started was seen when something was last kept of its vms', () => {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  const seen = (): string | null | undefined => inventory.host(idOf('h1'))?.lastSeenAt;
  assert.equal(seen(), null);
  writer.put('vm', idOf('web'), vmData('web'));
  writer.put('status', idOf('web'), { report: report('web') });
  inventory.setConnection(idOf('h1'), { ...away, status: 'unreachable' });
  assert.equal(seen(), inventory.document('status', idOf('web'))?.updatedAt);
  inventory.setConnection(idOf('h1'), { ...away, lastSeenAt: '2026-03-04T05:06:07.000Z' });
  assert.equal(seen(), '2026-03-04T05:06:07.000Z');
});
