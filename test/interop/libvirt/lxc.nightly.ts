/** Containers of libvirt's driver for LXC behind a coordinator: what is done with them, what is not and why, and how libvirt's own clients see them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Operation, Vm } from '#api';
import { miB } from '#lib';
import { ConsolePerson, refusal } from '../../../src/coordinator/testing/console-peers.ts';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { LxcRoom, withoutRoom } from './lxc-room.ts';
import { toldAt } from './qemu-room.ts';

/** What libvirt's driver for LXC has no call for. */
const lacking = [
  'save',
  'reset',
  'power-button',
  'take-snapshot',
  'screen',
  'type',
  'clone',
  'migrate',
];

void test(
  'a container of LXC is started, paused, talked with, changed and shut down as any vm, and what its driver lacks says so',
  { skip: withoutRoom, timeout: 60_000 },
  async (t) => {
    const room = await LxcRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    await room.makeContainer('crate');
    const stage = await Stage.open({ libvirt: 'on' });
    t.after(() => stage[Symbol.asyncDispose]());
    const gateway = `gantry+unix:///all?socket=${join(stage.folder, 'run', 'libvirt-sock')}`;
    const body = { address: room.address, name: 'shed' };
    const added = await stage.send('POST', '/hosts', { body });
    assert.equal(added.status, 200, added.text);
    await stage.until(() => stage.host('shed')?.status === 'ready', 'it is connected');
    assert.deepEqual(
      [stage.host('shed')?.facts?.hypervisor.name, stage.host('shed')?.facts?.hypervisor.class],
      ['LXC', 'os-level'],
    );
    const crate = (): Vm => stage.vm('crate') ?? assert.fail('there is no container');
    const { id } = crate();
    assert.deepEqual(
      [crate().hypervisor, crate().state, crate().definition.hardware.memory.sizeBytes],
      ['LXC', 'off', 64 * miB],
    );
    assert.deepEqual(crate().definition.extensions['libvirt'], {
      ...(crate().definition.extensions['libvirt'] as object),
      others: ['filesystem mount'],
    });
    const done = async (method: string, path: string, wish: object = {}): Promise<Operation> => {
      const operation = await stage.act(method, `/vms/${id}${path}`, wish);
      assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
      return operation;
    };
    const act = async (action: string, state: string, there: string): Promise<void> => {
      await done('POST', `/actions/${action}`);
      assert.equal(crate().state, state, action);
      assert.equal(await room.told('domstate crate'), there, action);
      assert.equal(await toldAt(gateway, 'domstate crate'), there, action);
    };

    await act('turn-on', 'running', 'running');
    const person = await ConsolePerson.join(stage, `/vms/${id}/serial`);
    person.type('hello\r');
    await person.sees('heard hello');
    await act('pause', 'paused', 'paused');
    await act('resume', 'running', 'running');
    person.type('again\r');
    await person.sees('heard again');
    await stage.until(() => (crate().status.memoryBytes ?? 0) > 0, 'its memory is measured');

    const { json } = await stage.send('GET', `/vms/${id}/actions`);
    const { actions } = json as {
      actions: { action: string; allowed: boolean; reason?: string }[];
    };
    for (const wanted of lacking) {
      const told = actions.find(({ action }) => action === wanted);
      assert.equal(told?.allowed, false, wanted);
      assert.match(told.reason ?? '', /^libvirt's driver for LXC carries no /, wanted);
    }
    const { status, detail } = await refusal(stage.dial(`/vms/${id}/screen`));
    assert.equal(status, 422);
    assert.match(detail, /LXC carries no screens/);
    const refused = await stage.send('POST', `/vms/${id}/actions/save`, { body: {} });
    assert.match(refused.text, /libvirt's driver for LXC carries no saved states/);

    assert.match(await toldAt(gateway, 'list --all'), /^\d+ +crate +running$/m);
    assert.match(await toldAt(gateway, 'dumpxml crate'), /<gantry:host driver='libvirt'>shed</);
    assert.match(await toldAt(gateway, 'dominfo crate'), /^Max memory: +65536 KiB$/m);

    // Its one program takes no notice, which libvirt tells nobody.
    const deaf = await stage.act('POST', `/vms/${id}/actions/reboot`, { timeoutSeconds: 1 });
    assert.equal(deaf.state, 'failed');
    assert.match(deaf.fault?.message ?? '', /cannot reboot|did not restart it within 1 s/);
    assert.equal(deaf.fault?.code, 'timeout');
    assert.equal(crate().state, 'running');

    // Asked to go, it goes by itself, and that is told as its own doing.
    await act('shutdown', 'off', 'shut off');
    await person.sees('going down');
    // What has no word here is as it was: its root, its first program and what that is told.
    const before = await room.told('dumpxml crate --inactive');
    await done('PATCH', '', { hardware: { memory: { sizeBytes: 96 * miB } } });
    const after = await room.told('dumpxml crate --inactive');
    assert.match(after, /<currentMemory unit='KiB'>98304</);
    const memory = /<(memory|currentMemory) unit='KiB'>\d+</g;
    assert.equal(after.replace(memory, ''), before.replace(memory, ''));
    assert.match(after, /<initenv name='ROOM'>blue<[^]*<sys_time state='off'[^]*crate-root'/);

    await act('turn-on', 'running', 'running');
    await toldAt(gateway, 'destroy crate');
    await stage.until(() => crate().state === 'off', 'it was stopped through the gateway');
    await act('turn-on', 'running', 'running');
    await act('turn-off', 'off', 'shut off');
    // What others do there is seen here.
    await room.told('start crate');
    await stage.until(() => crate().state === 'running', 'it was started there');
  },
);

void test(
  'a container whose init restarts itself is restarted, and that is told when it has',
  { skip: withoutRoom, timeout: 60_000 },
  async (t) => {
    const room = await LxcRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    await room.makeContainer('crate', 'reboot -f');
    const stage = await Stage.open();
    t.after(() => stage[Symbol.asyncDispose]());
    const body = { address: room.address, name: 'shed' };
    const added = await stage.send('POST', '/hosts', { body });
    assert.equal(added.status, 200, added.text);
    await stage.until(() => stage.host('shed')?.status === 'ready', 'it is connected');
    const { id } = stage.vm('crate') ?? assert.fail('there is no container');
    assert.equal((await stage.act('POST', `/vms/${id}/actions/turn-on`)).state, 'done');
    const before = await room.told('domid crate');
    const again = await stage.act('POST', `/vms/${id}/actions/reboot`);
    assert.equal(again.state, 'done', JSON.stringify(again.fault));
    assert.notEqual(await room.told('domid crate'), before);
    assert.equal(await room.told('domstate crate'), 'running');
    assert.equal((await stage.act('POST', `/vms/${id}/actions/turn-off`)).state, 'done');
  },
);
