/** A real guest that is saved on one host and goes on, on another one, where it was. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createWebSocketStream } from 'ws';
import { miB } from '#lib';
import { starterImage, withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { SerialSession } from '../../src/agent/testing/serial-session.ts';
import { MovingHosts } from './moving-hosts.ts';

suite('a state that is carried to another host', { skip: withoutQemu, concurrency: 1 }, () => {
  let hosts: MovingHosts;
  before(async () => {
    hosts = await MovingHosts.open();
    const { path } = await starterImage();
    const settings = { searchPath: [dirname(path)] };
    await hosts.stage.send('PATCH', '/hosts/ada', { body: { settings } });
    const known = { name: 'starter', imageKind: 'disk', format: 'qcow2', host: 'ada', file: path };
    await hosts.do('POST', '/images', known);
    const disk = { kind: 'image', image: 'starter' };
    const made = { name: 'guest', host: 'ada', disk, network: 'user', memoryBytes: 128 * miB };
    await hosts.do('POST', '/vms', { ...made, start: true });
  });
  after(() => hosts?.[Symbol.asyncDispose]());

  async function sit(): Promise<SerialSession> {
    const socket = hosts.stage.dial('/vms/guest/serial?port=1');
    const serial = SerialSession.over(createWebSocketStream(socket));
    await once(socket, 'open');
    return serial;
  }

  void test('MIG-18 a vm that is saved, carried to another host and restored goes on where it was, with its programs and open files', async () => {
    const before = await sit();
    await before.logIn('root', 'gantry');
    await before.untilCommand('dmesg -n 1; echo quiet-$((1+1))', /quiet-2/);
    const data = 'until grep -q /data /proc/mounts; do sleep 1; done';
    await before.untilCommand(`${data}; echo there-$?-end`, /there-0-end/);
    const begun = 'exec 7>/data/log; KEPT=in-memory-$((40+2)); echo before >&7';
    const program = 'sleep 100000 & PROGRAM=$!; sync; echo begun-$?-end';
    await before.untilCommand(`${begun}; ${program}`, /begun-0-end/);
    before.close();
    await hosts.do('POST', '/vms/guest/actions/save');
    const ended = await hosts.move('guest', 'bob');
    assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
    await hosts.requireOn('bob', 'guest');
    await hosts.do('POST', '/vms/guest/actions/restore');
    const after = await sit();
    const words = 'echo after-$KEPT >&7; kill -0 $PROGRAM; echo $? $(cat /data/log) end';
    await after.untilCommand(words, /0 before after-in-memory-42 end/);
    after.close();
    await hosts.do('POST', '/vms/guest/actions/turn-off');
  });
});
