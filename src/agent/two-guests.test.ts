/** Two real guests side by side: what one does is nothing to the other. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { profiles, vmDefinitionSchema } from '#api';
import { giB, miB } from '#lib';
import { QemuAgent, starterImage, withoutQemu } from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

async function boot(agent: QemuAgent, name: string, imagePath: string): Promise<string> {
  const disk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;
  const definition = vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name,
    hardware: {
      ...profiles.modern.hardware,
      memory: { sizeBytes: 128 * miB, maxBytes: null },
      disks: [{ ...disk, bus: 'virtio', position: 0 }],
    },
  });
  const id = await agent.create(definition, [
    { ...disk, kind: 'image', imagePath, imageFormat: 'qcow2' },
  ]);
  await agent.act(id, 'turn-on');
  return id;
}

async function open(agent: QemuAgent, id: string): Promise<SerialSession> {
  const serial = await SerialSession.open(agent, id, 'serial1');
  await serial.logIn('root', 'gantry');
  return serial;
}

describe('two real guests', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let ids: readonly [string, string];
  let serials: readonly [SerialSession, SerialSession];

  before(async () => {
    const { path } = await starterImage();
    agent = await QemuAgent.start();
    ids = await Promise.all([boot(agent, 'wild', path), boot(agent, 'calm', path)]);
    serials = await Promise.all([open(agent, ids[0]), open(agent, ids[1])]);
  });

  after(async () => {
    for (const serial of serials ?? []) serial.close();
    await agent?.[Symbol.asyncDispose]();
  });

  test('HOST-18 nobody without privileges reads the memory of a vm: not another vm’s account, not nobody', (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('all run under one account');
      return;
    }
    const [wild, calm] = ids.map((id) => agent.pid(id) ?? 0);
    const uidOf = (pid: number): string =>
      /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    assert.notEqual(uidOf(wild ?? 0), uidOf(calm ?? 0));
    const memory = `/proc/${calm}/mem`;
    const touch = (uid: string, how: string) =>
      spawnSync('setpriv', ['--reuid', uid, '--regid', uid, '--clear-groups', 'sh', '-c', how]);
    for (const uid of [uidOf(wild ?? 0), '65534']) {
      assert.notEqual(touch(uid, `: <${memory}`).status, 0, `${uid} reads`);
      assert.notEqual(touch(uid, `: >>${memory}`).status, 0, `${uid} writes`);
      assert.equal(touch(uid, 'true').status, 0);
    }
  });

  test('HOST-14 a guest that spins and one that crashes leave a second one and the host answering', async () => {
    const [wild, calm] = serials;
    wild.write('while :; do :; done &\n');
    await calm.untilCommand('echo alive-$((40+2))', /alive-42/);
    wild.text = '';
    wild.write('\necho c > /proc/sysrq-trigger\n');
    await wild.until(/Kernel panic|sysrq: Trigger a crash/);
    await calm.untilCommand('echo alive-$((50+2))', /alive-52/);
    const { findings } = await agent.host.call('host.diagnose', {});
    assert.ok(findings.length > 0, 'the host answers');
    assert.equal(agent.host.reports.get(ids[1])?.state, 'running');
    assert.deepEqual(
      agent.events(ids[1]).filter((name) => /crash|reset|powered-off|lost/.test(name)),
      [],
    );
  });
});
