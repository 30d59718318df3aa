/** A vm of a hypervisor of others: what is changed there and what here, its snapshots, one that is made and deleted there. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Host, HostDiskList, Operation, Vm, VmFiles } from '#api';
import { ForeignFleet } from './foreign-fleet.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');

let fleet: ForeignFleet;
before(async () => {
  if (skip !== false) return;
  fleet = await ForeignFleet.open('left');
  await fleet.add('left');
});
after(() => fleet?.[Symbol.asyncDispose]());

void test(
  'what people say of a vm stays in Gantry, and what its hypervisor decides is refused with the reason',
  { skip },
  async () => {
    const vm = await fleet.vmOf('left');
    const tagged = await fleet.stage.act('PATCH', `/vms/${vm.id}`, {
      tags: ['lab'],
      name: 'renamed here',
    });
    assert.equal(tagged.state, 'done');
    const refused = async (method: string, path: string, body: unknown): Promise<void> => {
      const { status, text } = await fleet.stage.send(method, path, { body });
      assert.equal(status, 422, text);
    };
    await refused('POST', '/images/build', { recipe: 'starter', host: 'left' });
    await refused('POST', `/vms/${vm.id}/actions/hold`, {});
    await refused('PATCH', '/hosts/left', { settings: { maxRunningVms: 1 } });
    const { json } = await fleet.stage.send('GET', `/vms/${vm.id}/actions`);
    const { actions } = json as {
      actions: { action: string; allowed: boolean; reason?: string }[];
    };
    const serial = actions.find(({ action }) => action === 'serial');
    assert.deepEqual([serial?.allowed, /libvirt/.test(serial?.reason ?? '')], [false, true]);
    const picture = await fleet.stage.send('GET', `/vms/${vm.id}/screenshot`);
    assert.match(picture.text, /^.PNG/);
    const agents = encodeURIComponent('status = ready AND driver != libvirt');
    assert.equal((await fleet.list<Host>(`/hosts?filter=${agents}`)).total, 1);
    // Where no host is named, one that makes vms takes it.
    const made = await fleet.stage.act('POST', '/vms', { name: 'new' });
    assert.equal(made.state, 'done');
    assert.equal(fleet.stage.vm('new')?.host, 'own');
    assert.deepEqual((await fleet.vmOf('left')).definition.tags, ['lab']);
  },
);

void test(
  'a snapshot of a vm of another hypervisor is taken, gone back to and deleted like any',
  { skip },
  async () => {
    const vm = await fleet.vmOf('left');
    const snapshots = `/vms/${vm.id}/snapshots`;
    const done = async (method: string, path: string, body?: object): Promise<Operation> => {
      const operation = await fleet.stage.act(method, path, body);
      assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
      return operation;
    };
    const { result } = await done('POST', snapshots, { name: 'before', memory: true });
    const [snapshot] = (await fleet.list<{ id: string; name: string }>(snapshots)).items;
    assert.equal(snapshot?.name, 'before');
    assert.deepEqual(result, { snapshotId: snapshot.id });
    await fleet.elsewhere('left', 'suspend test');
    await done('POST', `${snapshots}/before/revert`, {});
    assert.match((await fleet.ask('left', 'domstate test')).out, /running/);
    await done('DELETE', `${snapshots}/before`);
    assert.equal((await fleet.ask('left', 'snapshot-list test --name')).out.trim(), '');
  },
);

void test(
  'a vm of another hypervisor is changed there, and what cannot be changed there is as it was',
  { skip },
  async () => {
    const { id, definition } = await fleet.vmOf('left');
    const known = await fleet.eventsOf(await fleet.vmOf('left'));
    // It has been started, and its guest reads what its hypervisor says.
    assert.doesNotMatch(JSON.stringify(known), /hardware\/bios/);
    const before = known.length;
    const maxBytes = 8 * 1024 ** 3;
    const change = (patch: object) => fleet.stage.act('PATCH', `/vms/${id}`, patch);
    const memory = { sizeBytes: 3 * 1024 ** 3 };
    const done = await change({
      hardware: { memory, clock: { base: 'localtime' } },
      settings: { start: { onHostStart: 'always' } },
    });
    assert.equal(done.state, 'done', JSON.stringify(done.fault));
    const { out } = await fleet.ask('left', 'dumpxml test --inactive; dominfo test');
    assert.match(out, /<currentMemory unit='KiB'>3145728<[^]*<clock offset='localtime'\/>/);
    assert.match(out, /Autostart: +enable/);
    const changed = await fleet.vmOf('left');
    assert.deepEqual(changed.definition.hardware.memory, { ...memory, maxBytes });
    const told = (await fleet.eventsOf(changed)).slice(before);
    assert.deepEqual(
      told.flatMap(({ name, actor, attributes }) =>
        name === 'vm.setting.changed' ? [[actor.kind, attributes['path']]] : [],
      ),
      [
        ['user', 'hardware/memory/size_bytes'],
        ['user', 'hardware/clock/base'],
        ['user', 'settings/start/on_host_start'],
      ],
    );
    await fleet.stage.until(
      () => fleet.stage.vm(id)?.status.pending.join(' ') === 'hardware/clock/base',
      'it waits for the next start',
    );
    // Changed there and here: what is there stays.
    const refused = await change({ hardware: { tpm: true, processor: { count: 1 } } });
    assert.equal(refused.state, 'failed');
    assert.match(JSON.stringify(refused.fault), /hardware\/tpm cannot be changed over libvirt/);
    const after = await fleet.vmOf('left');
    assert.deepEqual(after.definition, changed.definition);
    const place = `${definition.hardware.disks[0]?.bus ?? ''}0:0`;
    const detached = await fleet.stage.act('DELETE', `/vms/${id}/disks/${place}`);
    assert.equal(detached.state, 'done', JSON.stringify(detached.fault));
    assert.deepEqual(detached.result, {
      live: false,
      place,
      file: '/guest/diskimage1',
      atNextStart: (detached.result as { atNextStart?: unknown } | null)?.atNextStart,
    });
    assert.deepEqual((await fleet.vmOf('left')).definition.hardware.disks, []);
    const settings = { start: { onHostStart: 'off' } };
    assert.equal((await change({ settings })).state, 'done');
  },
);

void test(
  'a vm is made on another hypervisor with its disk and deleted with it, and what cannot be made leaves nothing',
  { skip },
  async () => {
    const disk = { kind: 'new', sizeBytes: 2 * 1024 ** 3, format: 'qcow2' };
    const wish = { name: 'made', host: 'left', memoryBytes: 512 * 1024 ** 2, processors: 2, disk };
    const body = { ...wish, network: 'default' };
    const noNetwork = await fleet.stage.send('POST', '/vms', {
      body: { ...wish, network: 'nowhere' },
    });
    assert.match(noNetwork.text, /nowhere/);
    assert.ok(noNetwork.status >= 400);
    const noPool = { ...body, disk: { ...disk, file: 'nowhere/made.qcow2' } };
    assert.match((await fleet.stage.send('POST', '/vms', { body: noPool })).text, /default-pool/);
    assert.equal((await fleet.ask('left', 'vol-list default-pool')).out.trim(), '');

    const made = await fleet.stage.act('POST', '/vms', { ...body, start: true });
    assert.equal(made.state, 'done', JSON.stringify(made.fault));
    const vm = fleet.stage.vm('made') ?? assert.fail();
    const { hardware, extensions } = vm.definition;
    assert.deepEqual(
      [vm.host, vm.state, hardware.processor.count, hardware.memory.sizeBytes],
      ['left', 'running', 2, 512 * 1024 ** 2],
    );
    assert.deepEqual(
      [hardware.disks[0]?.file, hardware.adapters[0]?.attachment],
      ['/default-pool/made.qcow2', { kind: 'foreign', name: 'network default' }],
    );
    const { uuid } = extensions['libvirt'] as { uuid: string };
    assert.equal((await fleet.ask('left', 'domuuid made')).out.trim(), uuid);
    assert.deepEqual(
      (await fleet.eventsOf(vm)).map(({ name, actor }) => `${name} ${actor.kind}`),
      ['vm.created user', 'vm.state.powered-on user'],
    );
    const taken = { ...body, name: 'other', disk: { ...disk, file: 'made.qcow2' } };
    const twice = await fleet.stage.send('POST', '/vms', { body: taken });
    assert.match(twice.text, /there is a volume \/default-pool\/made\.qcow2 already/);

    const more = await fleet.stage.act('POST', `/vms/${vm.id}/disks`, { ...disk, bus: 'virtio' });
    assert.equal(more.state, 'done', JSON.stringify(more.fault));
    assert.equal((more.result as { live: boolean }).live, false);
    const file = '/default-pool/made-virtio0-1.qcow2';
    assert.equal(fleet.stage.vm('made')?.definition.hardware.disks[1]?.file, file);
    const others = await fleet.stage.act('POST', `/vms/${vm.id}/disks`, {
      ...disk,
      file: 'made.qcow2',
    });
    assert.match(JSON.stringify(others.fault), /there is a volume made\.qcow2 already/);
    assert.match((await fleet.ask('left', 'vol-list default-pool')).out, /made\.qcow2/);
    const nic = { attachment: { kind: 'network', network: 'default' }, model: 'e1000' };
    const plugged = await fleet.stage.act('POST', `/vms/${vm.id}/adapters`, nic);
    assert.equal(plugged.state, 'done', JSON.stringify(plugged.fault));
    const adapters = fleet.stage.vm('made')?.definition.hardware.adapters;
    assert.equal(
      plugged.result?.['slot'],
      adapters?.findLast(({ model }) => model === 'e1000')?.slot,
    );
    assert.match((await fleet.ask('left', 'dumpxml made --inactive')).out, /type='e1000'/);
    const { files } = (await fleet.stage.send('GET', `/vms/${vm.id}/files`)).json as VmFiles;
    assert.deepEqual(
      files.map(({ path, deleted }) => [path, deleted]),
      [
        ['/default-pool/made.qcow2', true],
        [file, true],
      ],
    );
    const listed = (await fleet.stage.send('GET', '/hosts/left/disks')).json as HostDiskList;
    assert.deepEqual(
      listed.disks.map(({ path, vms, orphan, sizeBytes }) => [path, vms, orphan, sizeBytes]),
      [
        [file, ['made'], null, disk.sizeBytes],
        ['/default-pool/made.qcow2', ['made'], null, disk.sizeBytes],
      ],
    );
    const { json } = await fleet.stage.send('GET', '/hosts/left/disk?file=/default-pool/none');
    assert.equal((json as { code?: string }).code, 'not-found');
    const { facts, load } = fleet.stage.host('left') ?? assert.fail();
    assert.deepEqual(facts?.foreign, {
      networks: ['default'],
      pools: [{ name: 'default-pool', type: 'dir', path: '/default-pool' }],
    });
    assert.deepEqual(
      load?.volumes.map(({ path, totalBytes }) => [path, totalBytes]),
      [['/default-pool', 100 * 1024 ** 3]],
    );
    const running = await fleet.stage.act('POST', `/vms/${vm.id}/clone`, { name: 'copy' });
    // The test driver keeps the disks of a vm that runs with its memory alone.
    assert.match(running.fault?.message ?? '', /holds its memory while it runs/);
    assert.equal((await fleet.ask('left', 'snapshot-list made --name')).out.trim(), '');
    assert.equal(fleet.stage.vm('copy'), undefined);
    await fleet.act(vm, 'turn-off');
    await cloneIt(vm);
    const gone = await fleet.stage.act('DELETE', `/vms/${vm.id}`);
    assert.equal(gone.state, 'done', JSON.stringify(gone.fault));
    assert.equal(fleet.stage.vm('made'), undefined);
    assert.equal((await fleet.ask('left', 'domuuid made')).code, 1);
    assert.equal((await fleet.ask('left', 'vol-list default-pool')).out.trim(), '');
  },
);

async function cloneIt(source: Vm): Promise<void> {
  const cloned = await fleet.stage.act('POST', `/vms/${source.id}/clone`, { name: 'copy' });
  assert.equal(cloned.state, 'done', JSON.stringify(cloned.fault));
  const copy = fleet.stage.vm('copy') ?? assert.fail();
  const { disks, adapters, memory } = copy.definition.hardware;
  assert.deepEqual(
    disks.map(({ file }) => file),
    ['/default-pool/copy-virtio0-0.qcow2', '/default-pool/copy-virtio0-1.qcow2'],
  );
  const macs = new Set(source.definition.hardware.adapters.map(({ mac }) => mac));
  assert.ok(adapters.length > 0 && adapters.every(({ mac }) => !macs.has(mac)));
  assert.deepEqual(memory, source.definition.hardware.memory);
  const { uuid } = copy.definition.extensions['libvirt'] as { uuid: string };
  assert.equal((await fleet.ask('left', 'domuuid copy')).out.trim(), uuid);
  assert.deepEqual(
    (await fleet.eventsOf(copy)).map(({ name, actor }) => `${name} ${actor.kind}`),
    ['vm.created user', 'vm.clone.not-generalised user'],
  );
  const twice = await fleet.stage.send('POST', `/vms/${source.id}/clone`, {
    body: { name: 'copy' },
  });
  assert.match(twice.text, /there is a vm called copy already/);
  await undefineIt(copy);
}

/** As its own hypervisor does it: what goes with the definition is said, and its disks stay. */
async function undefineIt(vm: Vm): Promise<void> {
  const socket = join(fleet.stage.folder, 'run', 'libvirt-sock');
  const say = (...words: readonly string[]): ReturnType<typeof virsh> =>
    virsh(`gantry+unix:///all?socket=${socket}`, ...words);
  await fleet.act(vm, 'turn-on');
  assert.match((await say('undefine', vm.name)).err, /running; turn the vm off/);
  await fleet.act(vm, 'save');
  assert.match((await say('undefine', vm.name)).err, /managed save image exists/);
  const gone = await say('undefine', vm.name, '--managed-save');
  assert.equal(gone.code, 0, gone.err);
  assert.equal(fleet.stage.vm(vm.name), undefined);
  assert.equal((await fleet.ask('left', `domuuid ${vm.name}`)).code, 1);
  const volumes = (await fleet.ask('left', 'vol-list default-pool')).out;
  for (const { file } of vm.definition.hardware.disks) {
    assert.ok(volumes.includes(file), file);
    await fleet.elsewhere('left', `vol-delete ${file}`);
  }
}

void test(
  'volumes in the pools of another hypervisor are made, copied and deleted by path, but none that a vm has',
  { skip },
  async () => {
    const work = (body: object): Promise<Operation> =>
      fleet.stage.act('POST', '/hosts/left/disks', body);
    const refused = async (body: object, pattern: RegExp): Promise<void> => {
      const { status, text } = await fleet.stage.send('POST', '/hosts/left/disks', { body });
      assert.ok(status >= 400, text);
      assert.match(text, pattern);
    };
    const listed = async (): Promise<unknown> => {
      const { json } = await fleet.stage.send('GET', '/hosts/left/disks');
      return (json as HostDiskList).disks.map(({ path, sizeBytes }) => [path, sizeBytes]);
    };
    const [first, second] = ['/default-pool/first.qcow2', '/default-pool/second.qcow2'] as const;
    const sizeBytes = 2 ** 24;
    const shape = { format: 'qcow2' };
    const made = await work({ verb: 'create', file: first, ...shape, sizeBytes });
    assert.deepEqual(made.result, {
      path: first,
      format: 'qcow2',
      variant: 'dynamic',
      sizeBytes,
    });
    await refused({ verb: 'create', file: first, ...shape, sizeBytes }, /there is a volume/);
    await refused(
      { verb: 'create', file: '/nowhere/a.qcow2', ...shape, sizeBytes },
      /default-pool/,
    );
    await refused({ verb: 'create', file: second, format: 'vhdx', sizeBytes }, /makes no disks/);
    await refused({ verb: 'compact', file: first }, /libvirt has no call for: compact/);
    const copied = await work({ verb: 'convert', file: first, target: second, ...shape });
    assert.equal(copied.state, 'done', JSON.stringify(copied.fault));
    const more = await work({ verb: 'resize', file: second, sizeBytes: 2 ** 25 });
    assert.match(JSON.stringify(more.fault), /STORAGE_VOL_RESIZE/);
    assert.deepEqual(await listed(), [
      [first, sizeBytes],
      [second, sizeBytes],
    ]);
    const less = await work({ verb: 'resize', file: second, sizeBytes: 2 ** 20 });
    assert.match(JSON.stringify(less.fault), /would lose what is beyond/);
    const body = {
      name: 'holder',
      host: 'left',
      disk: { kind: 'existing', file: first, ...shape },
    };
    const holder = await fleet.stage.act('POST', '/vms', body);
    assert.equal(holder.state, 'done', JSON.stringify(holder.fault));
    await refused({ verb: 'delete', file: first }, /a vm uses it: holder/);
    assert.equal((await work({ verb: 'delete', file: second })).state, 'done');
    const { id } = fleet.stage.vm('holder') ?? assert.fail();
    assert.equal((await fleet.stage.act('DELETE', `/vms/${id}`)).state, 'done');
    assert.deepEqual(await listed(), []);
  },
);

void test(
  'quotas of folders and teams hold for vms of other hypervisors as for all: one too many is refused, and members follow their order',
  { skip },
  async () => {
    const { stage } = fleet;
    const must = async (method: string, path: string, body?: object): Promise<void> => {
      const { status, text } = await stage.send(method, path, { body });
      assert.ok(status < 300, `${method} ${path}: ${text}`);
    };
    const act = async (method: string, path: string, body?: object): Promise<void> => {
      const { state, fault } = await stage.act(method, path, body);
      assert.equal(state, 'done', `${method} ${path}: ${JSON.stringify(fault)}`);
    };
    await must('POST', '/folders', { name: 'lab' });
    await must('PUT', '/folders/lab/quota', { vms: 2 });
    const wish = { host: 'left', folder: 'lab', memoryBytes: 64 * 1024 ** 2, network: 'none' };
    for (const name of ['one', 'two']) await act('POST', '/vms', { ...wish, name });
    const third = await stage.send('POST', '/vms', { body: { ...wish, name: 'three' } });
    assert.equal(third.status, 409, third.text);
    assert.match(third.text, /folder \/lab may have 2 vms/);
    assert.doesNotMatch((await fleet.ask('left', 'list --all --name')).out, /three/);

    const members = ['two', 'one'].map((vm) => ({ vm }));
    await must('POST', '/teams', { name: 'pair', members });
    const seen: string[] = [];
    const stop = stage.coordinator.inventory.onChange(() => {
      for (const name of ['one', 'two'])
        if (stage.vm(name)?.state === 'running' && !seen.includes(name)) seen.push(name);
    });
    await act('POST', '/teams/pair/actions/start');
    stop();
    assert.deepEqual(seen, ['two', 'one']);
    assert.match((await fleet.ask('left', 'list --name')).out, /one[^]*two|two[^]*one/);
    await act('POST', '/teams/pair/actions/turn-off');
    for (const name of ['one', 'two']) {
      assert.equal(stage.vm(name)?.state, 'off');
      await act('DELETE', `/vms/${name}`);
    }
  },
);
