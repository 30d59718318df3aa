/** A libvirt connection as a host: the agent's half judged by a real libvirtd, changed beside it by virsh. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isFault, type FaultCode } from '#lib';
import type { MachineReport, PowerAction, VmActionRequest } from '#api';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import type { FakeHost } from '../../../src/agent/testing/fake-coordinator.ts';
import { startLibvirtd, type Libvirtd } from './daemon.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');

let daemon: Libvirtd | undefined;
let kept: Kept | undefined;
let folder = '';
before(async () => {
  if (skip !== false) return;
  folder = await mkdtemp(join(tmpdir(), 'fh-'));
  daemon = await startLibvirtd();
  kept = await Kept.open(address());
});
after(async () => {
  await kept?.[Symbol.asyncDispose]();
  await daemon?.[Symbol.asyncDispose]();
  if (folder !== '') await rm(folder, { recursive: true });
});

function address(): string {
  return `test+unix:///default?socket=${daemon?.socket ?? ''}`;
}

async function linked(): Promise<FakeHost> {
  assert.ok(kept);
  return await kept.host();
}

function reportOf(host: FakeHost, name: string): MachineReport | undefined {
  return [...host.reports.values()].find((report) => report.name === name);
}

async function elsewhere(...words: readonly string[]): Promise<void> {
  const { code, err } = await virsh(address(), words.join(' '));
  assert.equal(code, 0, err);
}

let generation = 0;
const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;

async function act(
  host: FakeHost,
  action: PowerAction,
  request: VmActionRequest = {},
): Promise<string> {
  const id = reportOf(host, 'test')?.id ?? '';
  generation += 1;
  const params = { id, generation, cause, action, request };
  return (await host.call('machine.act', params)).report.state;
}

void test(
  'a hypervisor is found with its vms as they are, and nothing on it changes',
  { skip },
  async () => {
    const before = await virsh(address(), 'list --all; dumpxml test');
    const host = await linked();
    assert.equal(host.hello?.driver, 'libvirt');
    assert.equal(host.hello.facts.hypervisor.name, 'TEST');
    assert.match(host.hello.facts.agentVersion, /^libvirt \d+\.\d+\.\d+/);
    const [record] = host.records.values();
    assert.equal(host.records.size, 1);
    assert.equal(record?.report.state, 'running');
    assert.equal(record.definition.hardware.processor.count, 2);
    assert.deepEqual(record.definition.hardware.memory, {
      sizeBytes: 2 * 1024 ** 3,
      maxBytes: 8 * 1024 ** 3,
    });
    assert.deepEqual(record.definition.extensions['libvirt'], {
      name: 'test',
      uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f',
      hardware: 'read',
      // Without a model.
      others: ['interface aa:bb:cc:dd:ee:ff'],
    });
    assert.deepEqual(await virsh(address(), 'list --all; dumpxml test'), before);
  },
);

void test(
  'GRP-27 the verbs of a vm are carried out by its hypervisor, both say so, and their events name who asked',
  { skip },
  async () => {
    const host = await linked();
    const steps: readonly (readonly [PowerAction, string])[] = [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['save', 'saved'],
      ['restore', 'running'],
      ['save', 'saved'],
      ['discard', 'off'],
      ['turn-on', 'running'],
      ['reboot', 'running'],
      ['reset', 'running'],
      ['restart', 'running'],
      ['shutdown', 'off'],
      ['turn-on', 'running'],
      ['turn-off', 'off'],
      // What is so already is done.
      ['turn-off', 'off'],
      ['turn-on', 'running'],
    ];
    for (const [action, state] of steps) {
      assert.equal(await act(host, action), state, action);
      const there = state === 'off' || state === 'saved' ? 'shut off' : state;
      assert.equal((await virsh(address(), 'domstate', 'test')).out.trim(), there, action);
    }
    const told = host.events.map(({ name, actor }) => `${name.replace('vm.', '')} ${actor.name}`);
    assert.deepEqual(told, [
      'state.suspended ann',
      'state.resumed ann',
      'state.saved ann',
      'state.restored ann',
      'state.saved ann',
      'state.discarded ann',
      'state.powered-on ann',
      'state.reset ann',
      'state.reset ann',
      'state.reset ann',
      'shutdown.requested ann',
      'state.powered-off ann',
      'state.powered-on ann',
      'state.powered-off ann',
      'state.powered-on ann',
    ]);
  },
);

void test(
  'what its hypervisor cannot do with a vm is refused with the reason',
  { skip },
  async () => {
    const host = await linked();
    const id = reportOf(host, 'test')?.id ?? '';
    const refused = (code: FaultCode, pattern: RegExp) => (error: unknown) =>
      isFault(error, code) && pattern.test(error.message);
    await assert.rejects(act(host, 'power-button'), refused('unsupported', /no power button/));
    await assert.rejects(act(host, 'hold'), refused('unsupported', /first instruction/));
    await assert.rejects(act(host, 'turn-on', { bootOnce: 'cd' }), refused('unsupported', /boot/));
    await assert.rejects(
      host.call('machine.forget', { id, generation, cause }),
      refused('refused', /still on its hypervisor/),
    );
    await assert.rejects(
      host.call('machine.hardware', { id }),
      refused('unsupported', /libvirt connection/),
    );
    const older = { id, generation: 0, cause, action: 'pause', request: {} } as const;
    await assert.rejects(host.call('machine.act', older), refused('stale', /started again/));
  },
);

void test(
  'FED-07 of consoles there is what its driver carries, and the rest is missing with the reason',
  { skip },
  async () => {
    const host = await linked();
    const { missing } = host.hello?.facts ?? assert.fail();
    assert.equal(missing.screen, "libvirt's driver for TEST carries no screens");
    assert.match(missing.serial ?? '', /TEST carries no serial consoles/);
    assert.equal(missing.screenshot ?? missing.keyboard, undefined);
    const id = reportOf(host, 'test')?.id ?? '';
    const png = Buffer.from((await host.call('machine.screenshot', { id })).png, 'base64');
    assert.deepEqual([png.toString('latin1', 1, 4), png.readUInt32BE(16)], ['PNG', 1120]);
    await host.call('machine.type', { id, text: 'Hello\n', layout: 'us' });
    await host.call('machine.keys', { id, keys: ['ctrl-alt-del', 'f12'] });
    for (const channel of ['screen', 'serial1'] as const)
      await assert.rejects(
        host.call('stream.open', { streamId: channel, id, channel, readOnly: false }),
        (error) => isFault(error, 'unsupported') && /TEST carries no/.test(error.message),
      );
  },
);

void test(
  'FED-06 what others change on a hypervisor is told as it is then, as theirs',
  { skip },
  async () => {
    const host = await linked();
    const before = host.events.length;
    await elsewhere('suspend test');
    await host.until('it is paused', () => reportOf(host, 'test')?.state === 'paused');
    await elsewhere('resume test');
    await host.until('it runs', () => reportOf(host, 'test')?.state === 'running');
    await host.until('both are told', () => host.events.length === before + 2);
    assert.deepEqual(
      host.events.slice(before).map(({ name, actor }) => [name, actor.kind]),
      [
        ['vm.state.suspended', 'external'],
        ['vm.state.resumed', 'external'],
      ],
    );
  },
);

void test(
  'the hardware of a vm is what its XML says, and what others change of it is seen, pending while it runs',
  { skip },
  async () => {
    const host = await linked();
    const file = join(folder, 'shop.xml');
    const define = async (memoryMiB: number, medium: string): Promise<void> => {
      await writeFile(
        file,
        `<domain type='test'><name>shop</name><memory unit='MiB'>${memoryMiB}</memory><vcpu>2</vcpu>
<uuid>11111111-2222-4333-8444-666666666666</uuid><os><type>hvm</type><boot dev='cdrom'/></os><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='/srv/shop.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'>${medium}<target dev='hdc' bus='ide'/><readonly/></disk>
<interface type='network'><mac address='52:54:00:00:00:07'/><source network='default'/><model type='e1000'/></interface>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices></domain>`,
      );
      await elsewhere(`define ${file}`);
    };
    const find = () =>
      [...host.records.values()].find(({ definition }) => definition.name === 'shop')?.definition;
    await define(64, "<source file='/srv/a.iso'/>");
    await host.until('it is read', () => find()?.hardware.disks.length === 1);
    const { hardware, extensions } = find() ?? assert.fail();
    assert.deepEqual(
      [hardware.disks[0]?.file, hardware.firmware.bootOrder, hardware.opticalDrives[0]?.medium],
      ['/srv/shop.qcow2', ['cd'], { kind: 'file', file: '/srv/a.iso' }],
    );
    assert.deepEqual(hardware.adapters[0]?.attachment, {
      kind: 'foreign',
      name: 'network default',
    });
    assert.deepEqual((extensions['libvirt'] as { others?: unknown }).others, ['rng virtio']);
    await elsewhere('start shop');
    await host.until('it runs', () => reportOf(host, 'shop')?.state === 'running');
    await define(128, '');
    await host.until('it waits', () => (reportOf(host, 'shop')?.pending.length ?? 0) > 0);
    assert.deepEqual(reportOf(host, 'shop')?.pending, [
      'hardware/memory/size_bytes',
      'hardware/optical_drives/ide1:0/medium/kind',
      'hardware/optical_drives/ide1:0/medium/file',
    ]);
    assert.equal(find()?.hardware.memory.sizeBytes, 128 * 1024 ** 2);
    await elsewhere('destroy shop; undefine shop');
    await host.until('it is gone', () => find() === undefined);
  },
);

void test(
  'snapshots are taken, listed, gone back to and deleted there, and those of others are listed too',
  { skip },
  async () => {
    const host = await linked();
    const { id } = reportOf(host, 'test') ?? assert.fail();
    assert.equal(await act(host, 'turn-on'), 'running');
    const machine = { id, generation, cause };
    const wanted = { id: randomUUID(), name: 'a < b', description: 'R & D', author: 'ann' };
    const taken = { ...wanted, exclude: [], memory: true, quiesce: false };
    const take = (change: object) =>
      host.call('machine.snapshot.take', { ...machine, snapshot: { ...taken, ...change } });
    for (const change of [{ memory: false }, { quiesce: true }, { exclude: ['scsi0:0'] }])
      await assert.rejects(take(change), (error) => isFault(error, 'unsupported'));
    // The second has lost the answer of the first.
    await take({});
    const [first] = (await take({})).report.snapshots;
    assert.deepEqual(
      [first?.name, first?.description, first?.present, first?.takenWhile, first?.memoryBytes],
      ['a < b', 'R & D', true, 'running', 0],
    );
    assert.ok(Math.abs(Date.parse(first?.takenAt ?? '') - Date.now()) < 60_000);
    await elsewhere('snapshot-create-as test theirs');
    const listed = () => reportOf(host, 'test')?.snapshots ?? [];
    await host.until('it is listed', () => listed().length === 2);
    const theirs = listed().find(({ name }) => name === 'theirs');
    assert.deepEqual([theirs?.parent, theirs?.present], [first?.id, true]);
    await act(host, 'turn-off');
    const at = { ...machine, generation, snapshotId: first?.id ?? '' };
    const left = await host.call('machine.snapshot.revert', { ...at, memory: 'leave' });
    assert.equal(left.report.state, 'off');
    const back = await host.call('machine.snapshot.revert', { ...at, memory: 'restore' });
    assert.deepEqual([back.report.state, back.definition.id], ['running', id]);
    await host.call('machine.snapshot.delete', at);
    const gone = await host.call('machine.snapshot.delete', at);
    assert.deepEqual(
      gone.report.snapshots.map(({ name, parent }) => [name, parent]),
      [['theirs', null]],
    );
    assert.equal((await virsh(address(), 'snapshot-list test --name')).out.trim(), 'theirs');
    await assert.rejects(
      host.call('machine.snapshot.revert', { ...at, memory: 'leave' }),
      (error) => isFault(error, 'not-found'),
    );
    await elsewhere('snapshot-delete test theirs');
    await host.until('none is left', () => listed().length === 0);
    assert.deepEqual(
      host.events.flatMap(({ name, actor }) =>
        name.startsWith('vm.snapshot') ? [`${name.slice(12)} ${actor.name}`] : [],
      ),
      ['taken ann', 'reverted ann', 'reverted ann', 'deleted ann'],
    );
  },
);

void test('FED-20 a vm that is renamed elsewhere is the same vm', { skip }, async () => {
  const host = await linked();
  const uuid = '11111111-2222-4333-8444-555555555555';
  const define = async (name: string): Promise<void> => {
    const file = join(folder, 'vm.xml');
    await writeFile(
      file,
      `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid><memory>65536</memory><vcpu>3</vcpu><os><type>hvm</type></os></domain>`,
    );
    await elsewhere(`define ${file}`);
  };
  const find = (name: string) =>
    [...host.records.values()].find(({ definition }) => definition.name === name);
  await define('one');
  await host.until('it is found', () => find('one') !== undefined);
  const id = find('one')?.report.id;
  assert.equal(find('one')?.definition.hardware.processor.count, 3);
  await elsewhere('undefine one');
  await define('two');
  await host.until('it has its name', () => find('two') !== undefined);
  assert.equal(find('two')?.report.id, id);
  assert.notEqual(id, uuid);
  await elsewhere('undefine two');
  await host.until('it is gone', () => host.records.size === 1);
});

void test(
  'a hypervisor that cannot tell its free memory is shown all the same',
  { skip },
  async () => {
    // Without a cell of memory the test driver answers that with an error of no kind.
    const file = join(folder, 'node.xml');
    const vm = `<domain type='test'><name>alone</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
    await writeFile(file, `<node>${vm}</node>`);
    await using other = await Kept.open(`test+unix://${file}?socket=${daemon?.socket ?? ''}`);
    const host = await other.host();
    assert.deepEqual(
      [...host.records.values()].map(({ definition }) => definition.name),
      ['alone'],
    );
  },
);

void test(
  'FED-60 a connection tells its latency, and after a loss why and since when',
  { skip },
  async () => {
    assert.ok(kept);
    const host = await linked();
    assert.equal(kept.state?.state, 'connected');
    assert.ok((kept.state.latencyMs ?? -1) >= 0);
    const closed = once(host.socket ?? new EventEmitter(), 'close');
    await daemon?.[Symbol.asyncDispose]();
    daemon = undefined;
    const [code, reason] = (await closed) as [number, Buffer];
    assert.equal(code, 4000);
    assert.match(reason.toString(), /libvirt|test\+unix/);
    await kept.until('it is told', () => kept?.state?.lastError !== null);
    assert.equal(kept.state.state, 'connecting');
    assert.ok(Date.parse(kept.state.lastError?.at ?? '') <= Date.now());
  },
);
