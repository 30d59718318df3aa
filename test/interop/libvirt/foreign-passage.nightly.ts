/**
 * A vm between two hypervisors that others run, both QEMU behind a libvirtd of its own: moved as it runs, with its disk, cancelled, and
 * broken off. The tests build on each other.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { miB } from '#lib';
import type { Event, Operation, Page, Vm } from '#api';
import { isInOwnNetwork } from '../../../src/agent/testing/own-network.ts';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { findForeignProcess } from './foreign-process.ts';
import { qemuDriver, startQemuLibvirtd, type QemuLibvirtd } from './qemu-daemon.ts';
import { virsh, whyNot } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'qemu-img', 'qemu-system-x86_64');
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

const images = '/var/lib/libvirt/images';
const disk = `${images}/web.raw`;
const sizeBytes = 24 * miB;
const content = randomBytes(sizeBytes);

let stage: Stage;
const daemons = new Map<string, QemuLibvirtd>();
let vmId = '';

function daemon(name: string): QemuLibvirtd {
  return daemons.get(name) ?? assert.fail(`there is no ${name}`);
}

async function told(host: string, words: string): Promise<string> {
  const uri = `qemu+unix:///system?socket=${daemon(host).socket}`;
  const { code, out, err } = await virsh(uri, words);
  assert.equal(code, 0, err);
  return out.trim();
}

function shown(): Vm {
  return stage.vm('web') ?? assert.fail('there is no vm');
}

async function act(action: string): Promise<void> {
  const done = await stage.act('POST', `/vms/${vmId}/actions/${action}`, {});
  assert.equal(done.state, 'done', JSON.stringify(done.fault));
}

async function move(host: string, more: object = {}): Promise<Operation> {
  return await stage.act('POST', `/vms/${vmId}/relocate`, { host, ...more });
}

/** The vm is where it is said to be, and on no other host. */
async function isOnlyOn(host: string, state: string): Promise<void> {
  const other = host === 'left' ? 'right' : 'left';
  assert.equal(await told(host, 'domstate web'), state);
  assert.equal(await told(other, 'list --all --name'), '');
  await stage.until(() => stage.vm('web')?.host === host, 'it is shown there');
  const { items } = (await stage.send('GET', '/vms')).json as Page<Vm>;
  assert.deepEqual(
    items.map(({ id, host: on }) => [id, on]),
    [[vmId, host]],
  );
}

/** So slowly that there is time to do something meanwhile; answers the operation once bytes pass. */
async function beginSlowMove(host: string): Promise<string> {
  await told(shown().host, 'migrate-setspeed web 1');
  const { status, json, text } = await stage.send('POST', `/vms/${vmId}/relocate`, {
    body: { host },
  });
  assert.equal(status, 202, text);
  const { id } = json as Operation;
  await stage.until(() => (progressOf(id) ?? 0) > 0, 'bytes pass');
  return id;
}

function progressOf(id: string): number | null | undefined {
  const { steps } = stage.coordinator.inventory.operation(id) ?? assert.fail('it is not known');
  return steps.find(({ name }) => name === 'pass')?.progress;
}

if (isInOwnNetwork(import.meta.filename)) {
  before(async () => {
    if (skip !== false) return;
    const [left, right, opened] = await Promise.all([
      startQemuLibvirtd('ours'),
      startQemuLibvirtd('ours'),
      Stage.open(),
    ]);
    stage = opened;
    daemons.set('left', left).set('right', right);
    for (const name of ['left', 'right']) {
      await told(name, `pool-create-as vms dir --build --target ${images}`);
      const address = `qemu+unix:///system?socket=${daemon(name).socket}`;
      const { status, text } = await stage.send('POST', '/hosts', { body: { address, name } });
      assert.equal(status, 200, text);
      await stage.until(() => stage.host(name)?.status === 'ready', `${name} is connected`);
    }
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
    for (const one of daemons.values()) await one[Symbol.asyncDispose]();
  });

  void test('a vm is made, and started, on a hypervisor', { skip }, async () => {
    const made = await stage.act('POST', '/vms', {
      name: 'web',
      host: 'left',
      memoryBytes: 64 * miB,
      disk: { kind: 'new', file: 'web.raw', format: 'raw', sizeBytes },
    });
    assert.equal(made.state, 'done', JSON.stringify(made.fault));
    vmId = shown().id;
    // In place: whoever looks meanwhile sees no smaller disk.
    await using file = await open(daemon('left').outside(disk), 'r+');
    await file.write(content);
    await act('turn-on');
  });

  void test(
    'a vm that runs moves to another hypervisor with its disk, and is the same vm there',
    { skip },
    async () => {
      const before = shown();
      const done = await move('right');
      assert.equal(done.state, 'done', JSON.stringify(done.fault));
      await isOnlyOn('right', 'running');
      assert.deepEqual(await readFile(daemon('right').outside(disk)), content);
      assert.equal(existsSync(daemon('left').outside(disk)), false);
      const after = shown();
      assert.deepEqual(
        [after.state, after.uuid, after.folder],
        ['running', before.uuid, before.folder],
      );
      assert.equal(after.definition.hardware.disks[0]?.file, disk);
      const filter = encodeURIComponent(`target.id = ${vmId}`);
      const { items } = (await stage.send('GET', `/events?filter=${filter}&limit=100`))
        .json as Page<Event>;
      const names = items.toSorted((a, b) => a.seq - b.seq).map(({ name }) => name);
      const since = names.slice(names.indexOf('vm.migration.started'));
      assert.deepEqual(since, ['vm.migration.started', 'vm.migration.completed']);
    },
  );

  void test(
    'FED-46 a client of libvirt has a vm migrated as it runs between two hosts behind its one connection, by the server or by itself',
    { skip },
    async () => {
      const socket = join(stage.folder, 'run/libvirt-sock');
      const at = (path: string): string => `qemu+unix:///${path}?socket=${socket}`;
      const migrate = async (...words: readonly string[]): Promise<void> => {
        const { code, err } = await virsh(at('all'), 'migrate', '--live', ...words);
        assert.equal(code, 0, err);
      };
      const since = Date.parse(shown().status.since);
      await migrate('--p2p', 'web', 'gantry://left/');
      await isOnlyOn('left', 'running');
      assert.deepEqual(await readFile(daemon('left').outside(disk)), content);
      await migrate('web', at('host/right'));
      await isOnlyOn('right', 'running');
      assert.deepEqual(await readFile(daemon('right').outside(disk)), content);
      assert.equal(Date.parse(shown().status.since), since, 'it has run all the time');
    },
  );

  void test(
    'FED-08 what QEMU has beyond the functions of all is asked for by its name in its driver, by those who may reach all of its host',
    { skip },
    async () => {
      const { extensions = [] } = stage.host('right')?.facts ?? {};
      const names = extensions.map(({ name }) => name);
      for (const name of [
        'domain-xml',
        'qemu-monitor-command',
        'qemu-agent-command',
        'capabilities',
      ])
        assert.ok(names.includes(name), names.join(' '));
      const path = `/vms/${vmId}/extensions/qemu-monitor-command`;
      const ask = async (argument: string): Promise<string> => {
        const { status, json, text } = await stage.send('POST', path, { body: { argument } });
        assert.equal(status, 200, text);
        return (json as { output: string }).output;
      };
      const told = JSON.parse(await ask('{"execute": "query-name"}')) as { return: object };
      assert.deepEqual(told.return, { name: 'web' });
      assert.match(await ask('info status'), /running/);
      assert.equal((await stage.send('POST', path, { body: {} })).status, 400);
      const token = await stage.addUser('operator', [
        { role: 'vm-administrator', objectKind: 'vm', object: vmId },
      ]);
      const body = { argument: 'quit' };
      const forbidden = await stage.send('POST', path, { body, token });
      assert.equal(forbidden.status, 403, forbidden.text);
      const filter = encodeURIComponent('name = vm.extension.used');
      const { items } = (await stage.send('GET', `/events?filter=${filter}`)).json as Page<Event>;
      assert.equal(items.length, 3);
      assert.equal(await ask('info name').then((name) => name.trim()), 'web');
    },
  );

  void test('what stands against a move is said before, all of it together', { skip }, async () => {
    await writeFile(daemon('left').outside(disk), content);
    await told('left', 'pool-refresh vms');
    const refused = await stage.send('POST', `/vms/${vmId}/relocate?dryRun=true`, {
      body: { host: 'left' },
    });
    assert.match(refused.text, /disk-exists/);
    const elsewhere = await stage.send('POST', `/vms/${vmId}/relocate`, {
      body: { host: 'left', path: '/srv' },
    });
    assert.match(elsewhere.text, /keep their paths/);
    await told('left', 'vol-delete web.raw vms');
    const lacking = await stage.send('POST', `/vms/${vmId}/relocate`, {
      body: { host: 'left', disks: 'shared' },
    });
    assert.match(lacking.text, /disk-missing/);
  });

  void test('a paused vm moves, and stays paused', { skip }, async () => {
    await act('pause');
    const done = await move('left');
    assert.equal(done.state, 'done', JSON.stringify(done.fault));
    await isOnlyOn('left', 'paused');
    await act('resume');
  });

  void test(
    'a move that is cancelled leaves the vm where it runs, and nothing elsewhere',
    { skip },
    async () => {
      const id = await beginSlowMove('right');
      await stage.send('POST', `/operations/${id}/cancel`);
      const ended = await stage.coordinator.operations.wait(id, 60_000);
      assert.equal(ended.state, 'cancelled', JSON.stringify(ended));
      assert.equal(ended.fault?.facts?.['notUndone'], undefined, JSON.stringify(ended.fault));
      await isOnlyOn('left', 'running');
      assert.equal(existsSync(daemon('right').outside(disk)), false);
    },
  );

  void test(
    'a move whose process is killed, or whose coordinator ends, is taken up again',
    { skip },
    async () => {
      const first = await beginSlowMove('right');
      process.kill(await findForeignProcess(), 'SIGKILL');
      await stage.until(() => stage.host('left')?.status === 'unreachable', 'it is lost');
      await stage.until(() => stage.host('left')?.status === 'ready', 'it is back');
      await told('left', 'migrate-setspeed web 1000');
      const taken = await stage.coordinator.operations.wait(first, 60_000);
      assert.equal(taken.state, 'done', JSON.stringify(taken.fault));
      await isOnlyOn('right', 'running');
      assert.deepEqual(await readFile(daemon('right').outside(disk)), content);
      const second = await beginSlowMove('left');
      await stage.restart();
      await stage.until(() => stage.host('right')?.status === 'ready', 'it is back');
      await told('right', 'migrate-setspeed web 1000');
      const again = await stage.coordinator.operations.wait(second, 60_000);
      assert.equal(again.state, 'done', JSON.stringify(again.fault));
      await isOnlyOn('left', 'running');
      assert.deepEqual(await readFile(daemon('left').outside(disk)), content);
    },
  );

  void test('a vm that is off moves on storage of both', { skip }, async () => {
    await stage.until(() => stage.host('left')?.status === 'ready', 'it is connected');
    await act('turn-off');
    const copy = await stage.send('POST', `/vms/${vmId}/relocate`, { body: { host: 'right' } });
    assert.match(copy.text, /copies disks of vms that run/);
    await writeFile(daemon('right').outside(disk), content);
    await told('right', 'pool-refresh vms');
    const done = await move('right', { disks: 'shared' });
    assert.equal(done.state, 'done', JSON.stringify(done.fault));
    await isOnlyOn('right', 'shut off');
    assert.equal(existsSync(daemon('left').outside(disk)), true);
    await act('turn-on');
    await act('turn-off');
  });
}
