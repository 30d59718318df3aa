/** Files and hardware of machines on a real host. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { giB, isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const isRoot = process.getuid?.() === 0;

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8');
}

describe('files on a real host', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('VM-59 HOST-39 SEC-47 a vm’s files belong to its account and to nobody else', async (t) => {
    if (!isRoot) {
      t.skip('accounts of their own need root');
      return;
    }
    const ids = [];
    for (const name of ['d1.qcow2', 'd2.qcow2']) {
      const undoDisks = { enabled: name === 'd2.qcow2', onTurnOff: 'keep' };
      const definition = bareDefinition({ disks: [testDisk(name)] }, { settings: { undoDisks } });
      ids.push(await agent.create(definition, [newDisk(name)]));
    }
    for (const id of ids) await agent.act(id, 'turn-on');
    const [first, second] = ids.map((id) => ({
      folder: statSync(agent.folder(id)),
      uid: Number(/^Uid:\s+(\d+)/m.exec(statusOf(agent.pid(id) ?? 0))?.[1]),
    }));
    assert.notEqual(first?.uid, second?.uid);
    await agent.act(ids[1] ?? '', 'save');
    const roles = new Set<string>();
    for (const [index, id] of ids.entries()) {
      const folder = statSync(agent.folder(id));
      assert.equal(folder.mode & 0o777, 0o700);
      const image = statSync(join(agent.folder(id), `d${index + 1}.qcow2`));
      assert.equal(image.uid, folder.uid);
      const { files } = await agent.host.call('machine.files', { id });
      for (const { path, role } of files) {
        roles.add(role);
        const { mode, uid } = statSync(path);
        assert.equal(mode & 0o077, 0, path);
        assert.ok([folder.uid, 0].includes(uid), path);
      }
    }
    for (const role of ['configuration', 'disk', 'undo', 'saved-state']) assert.ok(roles.has(role));
    const [mine = '', others = ''] = ids.map((id, index) =>
      join(agent.folder(id), `d${index + 1}.qcow2`),
    );
    const touch = (how: string) =>
      spawnSync('setpriv', [
        `--reuid=${first?.uid}`,
        `--regid=${first?.folder.gid}`,
        '--clear-groups',
        'sh',
        '-c',
        how,
      ]).status;
    assert.equal(touch(`: <'${mine}' && : >>'${mine}'`), 0, 'its own it reads and writes');
    for (const how of ['<', '>>']) assert.notEqual(touch(`: ${how}'${others}'`), 0, how);
    assert.notEqual(touch(`ls '${agent.folder(ids[1] ?? '')}'`), 0);
    assert.notEqual(touch(': </etc/shadow'), 0);
    const records = join(agent.process.folder, 'data', 'machines');
    assert.notEqual(touch(`: <'${records}/${ids[0]}.json'`), 0);
    await agent.act(ids[0] ?? '', 'turn-off');
    await agent.act(ids[1] ?? '', 'discard');
  });

  /** Who the vm's process is, and what it may beyond that. */
  const identityOf = (id: string): { readonly uid: number; readonly capabilities: string } => {
    const status = statusOf(agent.pid(id) ?? 0);
    return {
      uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
      capabilities: /^CapEff:\s+(\S+)/m.exec(status)?.[1] ?? '',
    };
  };

  test('VM-58 SEC-53 a vm that starts with its host runs under an account without privileges of its own, or the one chosen', async (t) => {
    if (!isRoot) {
      t.skip('accounts of their own need root');
      return;
    }
    const withHost = (runAs: string | null) =>
      bareDefinition({}, { settings: { start: { onHostStart: 'always' }, runAs } });
    const [own, chosen, missing] = [
      withHost(null),
      withHost('nobody'),
      withHost('no-such-account'),
    ];
    for (const definition of [own, chosen, missing]) await agent.create(definition);
    await agent.host.call('host.service', { run: false, cause: byTester });
    await agent.host.call('host.service', { run: true, cause: byTester });
    await agent.until(own.id, 'running');
    await agent.until(chosen.id, 'running');
    const noCapabilities = '0'.repeat(16);
    assert.ok(identityOf(own.id).uid >= 1_900_000_000);
    assert.equal(identityOf(own.id).capabilities, noCapabilities);
    assert.deepEqual(identityOf(chosen.id), { uid: 65_534, capabilities: noCapabilities });
    assert.equal(statSync(agent.folder(chosen.id)).uid, 65_534);
    // Half of SEC-54; the other is about scripts.
    await agent.untilEvent('vm.start-failed', missing.id);
    assert.deepEqual(await agent.blockedCodes(missing.id), ['account-missing']);
    assert.equal(agent.pid(missing.id), undefined);
    for (const id of [own.id, chosen.id]) await agent.act(id, 'turn-off');
  });

  test('an account with the rights of an administrator is used only when that is confirmed', async (t) => {
    if (!isRoot) {
      t.skip('accounts of their own need root');
      return;
    }
    const doubted = await agent.create(bareDefinition({}, { settings: { runAs: 'root' } }));
    assert.deepEqual(await agent.blockedCodes(doubted), ['account-powerful']);
    const settings = { runAs: 'root', evenPowerfulAccount: true };
    const id = await agent.create(bareDefinition({}, { settings }));
    const ask = { id, action: 'turn-on', request: {} } as const;
    const { warnings } = await agent.host.call('machine.check', ask);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['account-powerful'],
    );
    await agent.act(id, 'turn-on');
    assert.equal(identityOf(id).uid, 0);
    await agent.act(id, 'turn-off');
  });

  test('VM-02 a creation that fails leaves nothing behind', async () => {
    const definition = bareDefinition({ disks: [testDisk('huge.qcow2')] });
    const bad = {
      kind: 'image',
      file: 'huge.qcow2',
      format: 'qcow2',
      sizeBytes: 64 * miB,
    } as const;
    const imagePath = join(agent.shelf, 'no-such-image.qcow2');
    const create = agent.create(definition, [{ ...bad, imagePath, imageFormat: 'qcow2' }]);
    await assert.rejects(create);
    const { machines } = await agent.host.call('host.discover', {});
    assert.ok(!machines.some(({ report }) => report.id === definition.id));
    assert.throws(() => statSync(join(agent.process.folder, 'data', 'vms', definition.name)));
  });

  test('VM-10 VM-11 removed, its files stay as they are, and adding them brings the vm back', async () => {
    const id = await agent.create(bareDefinition({ disks: [testDisk('kept.qcow2')] }), [
      newDisk('kept.qcow2'),
    ]);
    const { files } = await agent.host.call('machine.files', { id });
    const before = files.map(({ path }) => readFileSync(path).toString('base64'));
    const generation = agent.generation(id);
    await agent.host.call('machine.forget', { id, generation, cause: byTester });
    await assert.rejects(agent.host.call('machine.files', { id }), (error) =>
      isFault(error, 'not-found'),
    );
    const file = files.find(({ role }) => role === 'configuration')?.path ?? '';
    const { record } = await agent.host.call('machine.adopt', { file, cause: byTester });
    assert.equal(record.definition.id, id);
    assert.deepEqual(
      files.map(({ path }) => readFileSync(path).toString('base64')),
      before,
    );
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('VM-12 a delete keeps what another vm uses', async () => {
    const owner = await agent.create(bareDefinition({ disks: [testDisk('used.qcow2')] }), [
      newDisk('used.qcow2'),
    ]);
    const path = join(agent.folder(owner), 'used.qcow2');
    const user = await agent.create(bareDefinition({ disks: [testDisk(path)] }));
    const { files } = await agent.host.call('machine.files', { id: owner });
    const listed = files.find((one) => one.path === path);
    assert.equal(listed?.deleted, false);
    assert.match(listed?.keptBecause ?? '', /uses it/);
    const generation = agent.generation(owner);
    const params = { id: owner, generation, cause: byTester, keep: [] };
    const { kept } = await agent.host.call('machine.destroy', params);
    assert.deepEqual(kept, [path]);
    assert.ok(statSync(path).isFile());
    const again = await agent.host.call('machine.destroy', params);
    assert.deepEqual(again, { deleted: [], kept: [] });
    await agent.host.call('machine.destroy', {
      ...params,
      id: user,
      generation: agent.generation(user),
    });
  });

  test('VM-12 a disk in several files is listed and deleted with all of them', async () => {
    const disk = { ...testDisk('split.vmdk'), format: 'vmdk', sizeBytes: 5 * giB } as const;
    const id = await agent.create(bareDefinition({ disks: [disk] }));
    const folder = agent.folder(id);
    const made = ['create', '-q', '-f', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse'];
    execFileSync('qemu-img', [...made, join(folder, disk.file), '5G']);
    const { files } = await agent.host.call('machine.files', { id });
    assert.deepEqual(
      files.flatMap(({ path, role, deleted }) =>
        role === 'disk' && deleted ? basename(path) : [],
      ),
      ['split-s001.vmdk', 'split-s002.vmdk', 'split-s003.vmdk', 'split.vmdk'],
    );
    const generation = agent.generation(id);
    await agent.host.call('machine.destroy', { id, generation, cause: byTester, keep: [] });
    assert.ok(!existsSync(folder));
  });

  test('HW-08 a vm with UEFI keeps its own variables', async (t) => {
    if (agent.host.hello?.facts.missing.uefi !== undefined) {
      t.skip(agent.host.hello.facts.missing.uefi);
      return;
    }
    const firmware = {
      type: 'uefi',
      secureBoot: false,
      bootOrder: ['disk'],
      bootOnce: null,
    } as const;
    const definition = bareDefinition({
      firmware: { ...firmware, bootOrder: ['disk'] },
      memory: { sizeBytes: 128 * miB, maxBytes: null },
    });
    const id = await agent.create(definition);
    await agent.act(id, 'turn-on');
    const { files } = await agent.host.call('machine.files', { id });
    assert.ok(files.some(({ role }) => role === 'firmware'));
    await agent.act(id, 'turn-off');
  });

  test('a vm with a TPM has an emulator of its own, which ends with it', async (t) => {
    if (agent.host.hello?.facts.missing.tpm !== undefined) {
      t.skip(agent.host.hello.facts.missing.tpm);
      return;
    }
    const id = await agent.create(
      bareDefinition({ tpm: true, memory: { sizeBytes: 64 * miB, maxBytes: null } }),
    );
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    assert.equal((await agent.act(id, 'save')).state, 'saved');
    assert.equal((await agent.act(id, 'restore')).state, 'running');
    await agent.act(id, 'turn-off');
    const { files } = await agent.host.call('machine.files', { id });
    assert.ok(files.some(({ role }) => role === 'tpm'));
  });

  test('HW-58 the effective hardware is listed, off and running', async () => {
    const id = await agent.create(bareDefinition({ disks: [testDisk('hw.qcow2')] }), [
      newDisk('hw.qcow2'),
    ]);
    const before = await agent.host.call('machine.hardware', { id });
    assert.equal(before.running, false);
    await agent.act(id, 'turn-on');
    const now = await agent.host.call('machine.hardware', { id });
    assert.equal(now.running, true);
    const screen = now.devices.find(({ device }) => device === 'graphics adapter');
    assert.equal(screen?.address, '0000:00:01.0');
    const names = (list: typeof now): string[] =>
      list.devices.map(({ device, position }) => `${device} ${position}`);
    assert.deepEqual(names(now), names(before));
    await agent.act(id, 'turn-off');
  });
});
