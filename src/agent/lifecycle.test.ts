/** Power actions, confinement and recovery with real QEMU processes that boot nothing. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFault, miB, systemClock } from '#lib';
import type { VmDefinition } from '#api';
import { bareDefinition, byTester, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

const isRoot = process.getuid?.() === 0;

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8');
}

describe('real processes', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const disk = (file: string): VmDefinition['hardware']['disks'][number] => ({
    bus: 'virtio',
    controller: 0,
    position: 0,
    file,
    format: 'qcow2',
    sizeBytes: 64 * miB,
    readOnly: false,
    shared: false,
    discard: true,
    cache: 'writeback',
    serial: '',
  });
  const newDisk = (file: string) =>
    ({ kind: 'new', file, format: 'qcow2', sizeBytes: 64 * miB }) as const;

  const folderOf = (id: string): string => agent.host.reports.get(id)?.path ?? '';

  async function blockedCodes(id: string): Promise<string[]> {
    try {
      await agent.act(id, 'turn-on');
    } catch (error) {
      assert.ok(isFault(error, 'blocked'), String(error));
      return error.reasons.map(({ code }) => code);
    }
    return [];
  }

  test('VM-93 VM-31 a vm without disk and network starts, and is off after turn-off', async () => {
    const id = await agent.create(bareDefinition());
    const report = await agent.act(id, 'turn-on');
    assert.equal(report.state, 'running');
    assert.equal(report.accelerator, agent.host.hello?.facts.acceleration.use);
    assert.ok(agent.pid(id) !== undefined);
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
    assert.equal(agent.pid(id), undefined);
  });

  test('HOST-13 SEC-02 SEC-05 a process of its own, without privileges, in QEMU’s sandbox', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    const pid = agent.pid(id);
    assert.ok(pid !== undefined);
    const status = statusOf(pid);
    assert.match(status, /^Seccomp:\s+2$/m);
    for (const task of readTasks(pid)) assert.match(task, /^Seccomp:\s+2$/m);
    if (isRoot) {
      const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
      assert.ok(uid >= 1_900_000_000, `uid ${uid}`);
      assert.match(status, /^CapEff:\s+0+$/m);
      assert.match(status, /^NoNewPrivs:\s+1$/m);
    }
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    assert.ok(
      environment.every((one) => /^(PATH|LANG)=|^$/.test(one)),
      environment.join(' '),
    );
    await agent.act(id, 'turn-off');
  });

  test('HOST-17 SEC-06 what it may take from its host is held by control groups', async (t) => {
    const { findings } = await agent.host.call('host.diagnose', {});
    const groups = findings.find(({ check }) => check === 'control groups');
    if (groups?.result !== 'ok') {
      t.skip(groups?.evidence ?? 'no control groups');
      return;
    }
    const definition = bareDefinition({}, { resources: { cpuWeight: 200, cpuMaximumPercent: 50 } });
    const id = await agent.create(definition);
    await agent.act(id, 'turn-on');
    const pid = agent.pid(id) ?? 0;
    const text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    const group = new RegExp(`gantry/${id}`);
    assert.match(text, group);
    const v2 = readOr(`/sys/fs/cgroup/gantry/${id}/cpu.max`);
    const v1 = readOr(`/sys/fs/cgroup/cpu/gantry/${id}/cpu.cfs_quota_us`);
    assert.ok(v2 === '50000 100000' || v1 === '50000', `${v2} ${v1}`);
    await agent.act(id, 'turn-off');
    for (let turn = 0; turn < 40 && existsSync(`/sys/fs/cgroup/cpu/gantry/${id}`); turn += 1) {
      await systemClock.sleep(50);
    }
    assert.equal(existsSync(`/sys/fs/cgroup/cpu/gantry/${id}`), false);
  });

  test('VM-59 SEC-04 SEC-47 a vm’s files belong to its account and to nobody else', async (t) => {
    if (!isRoot) {
      t.skip('accounts of their own need root');
      return;
    }
    const ids = [];
    for (const name of ['d1.qcow2', 'd2.qcow2']) {
      const definition = bareDefinition({ disks: [disk(name)] });
      ids.push(await agent.create(definition, [newDisk(name)]));
    }
    for (const id of ids) await agent.act(id, 'turn-on');
    const [first, second] = ids.map((id) => ({
      folder: statSync(folderOf(id)),
      uid: Number(/^Uid:\s+(\d+)/m.exec(statusOf(agent.pid(id) ?? 0))?.[1]),
    }));
    assert.notEqual(first?.uid, second?.uid);
    for (const [index, id] of ids.entries()) {
      const folder = statSync(folderOf(id));
      assert.equal(folder.mode & 0o777, 0o700);
      const image = statSync(join(folderOf(id), `d${index + 1}.qcow2`));
      assert.equal(image.mode & 0o777, 0o600);
      assert.equal(image.uid, folder.uid);
    }
    for (const id of ids) await agent.act(id, 'turn-off');
  });

  test('SEC-01 SEC-08 HOST-13 a process that is killed has crashed; another vm goes on', async () => {
    const victim = await agent.create(bareDefinition());
    const other = await agent.create(bareDefinition());
    await agent.act(victim, 'turn-on');
    await agent.act(other, 'turn-on');
    process.kill(agent.pid(victim) ?? 0, 'SIGKILL');
    await agent.untilEvent('vm.crashed', victim);
    await agent.until(victim, 'off');
    const crash = agent.host.events.find(
      ({ name, vmId }) => name === 'vm.crashed' && vmId === victim,
    );
    assert.equal(crash?.attributes['reason'], 'signal SIGKILL');
    assert.equal(agent.host.reports.get(victim)?.wasRunning, true);
    assert.equal((await agent.act(other, 'pause')).state, 'paused');
    assert.equal((await agent.act(other, 'resume')).state, 'running');
    await agent.act(other, 'turn-off');
  });

  test('VM-28 a process that another program ends in order is off, by an external hand', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    process.kill(agent.pid(id) ?? 0, 'SIGTERM');
    await agent.untilEvent('vm.state.powered-off', id);
    const off = agent.host.events.find(
      ({ name, vmId }) => name === 'vm.state.powered-off' && vmId === id,
    );
    assert.equal(off?.actor.kind, 'external');
    assert.ok(!agent.events(id).includes('vm.crashed'));
  });

  test('VM-83 a vm that crashes is started again where that is asked for', async () => {
    const definition = bareDefinition({}, { settings: { failure: { reaction: 'restart' } } });
    const id = await agent.create(definition);
    await agent.act(id, 'turn-on');
    const first = agent.pid(id) ?? 0;
    process.kill(first, 'SIGKILL');
    await agent.untilEvent('vm.failure-reaction', id);
    const again = (): boolean =>
      agent.events(id).filter((name) => name === 'vm.state.powered-on').length === 2;
    await agent.host.until('the second start', again);
    assert.notEqual(agent.pid(id), first);
    await agent.act(id, 'turn-off');
  });

  test('VM-42 VM-39 VM-41 held, released, reset in place, restarted as a new process', async () => {
    const id = await agent.create(bareDefinition());
    assert.equal((await agent.act(id, 'hold')).held, true);
    await agent.act(id, 'release');
    const pid = agent.pid(id);
    await agent.act(id, 'reset');
    assert.equal(agent.pid(id), pid);
    assert.equal((await agent.act(id, 'restart')).state, 'running');
    assert.notEqual(agent.pid(id), pid);
    await agent.act(id, 'turn-off');
  });

  test('GA-17 a guest that does not obey the power button runs on after the time limit', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    const shutdown = agent.act(id, 'shutdown', { timeoutSeconds: 1 });
    await assert.rejects(shutdown, (error) => isFault(error, 'timeout'));
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    assert.equal(
      (await agent.act(id, 'shutdown', { timeoutSeconds: 1, onTimeout: 'turn-off' })).state,
      'off',
    );
  });

  test('VM-34 VM-35 VM-36 saved, restored, saved again and discarded', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    assert.equal((await agent.act(id, 'save')).state, 'saved');
    assert.equal(agent.pid(id), undefined);
    const files = async (): Promise<string[]> =>
      (await agent.host.call('machine.files', { id })).files.map(({ role }) => role);
    assert.equal((await files()).filter((role) => role === 'saved-state').length, 2);
    assert.equal((await agent.act(id, 'restore')).state, 'running');
    assert.ok(!(await files()).includes('saved-state'));
    await agent.act(id, 'save');
    assert.equal((await agent.act(id, 'discard')).state, 'off');
    assert.ok(!(await files()).includes('saved-state'));
  });

  test('VM-85 a save that cannot be written leaves the vm running, and no file', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    const { name } = agent.host.reports.get(id) ?? { name: '' };
    const inTheWay = join(folderOf(id), `${name}.saved`);
    mkdirSync(inTheWay);
    await assert.rejects(agent.act(id, 'save'));
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    assert.ok(agent.events(id).includes('vm.save-failed'));
    rmdirSync(inTheWay);
    assert.equal((await agent.act(id, 'save')).state, 'saved');
    await agent.act(id, 'discard');
  });

  test('VM-77 VM-86 a saved state that does not fit is refused, kept, and can be discarded', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    await agent.act(id, 'save');
    const { name } = agent.host.reports.get(id) ?? { name: '' };
    const facts = join(folderOf(id), `${name}.saved.json`);
    const text = await readFile(facts, 'utf8');
    const spoil = async (from: RegExp, to: string, code: string): Promise<void> => {
      await writeFile(facts, text.replace(from, to));
      const check = await agent.host.call('machine.check', { id, action: 'restore', request: {} });
      assert.deepEqual(
        check.reasons.map((reason) => reason.code),
        [code],
      );
      await assert.rejects(agent.act(id, 'restore'), (error) => isFault(error, 'blocked'));
      assert.equal(agent.host.reports.get(id)?.state, 'saved');
    };
    await spoil(/"hardwareHash":"./, '"hardwareHash":"x', 'saved-state-hardware');
    await spoil(/"machine":"[^"]*"/, '"machine":"q35-99.9"', 'saved-state-version');
    await spoil(/"format":1/, '"format":2', 'saved-state-unknown');
    await writeFile(facts, text);
    assert.equal((await agent.act(id, 'restore')).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('VM-64 VM-70 VM-71 VM-74 VM-73 everything that blocks a start is said at once', async () => {
    const definition = bareDefinition({
      machine: 'pc',
      disks: [disk('gone.qcow2'), { ...disk('/etc/passwd'), position: 1, format: 'raw' }],
      opticalDrives: [
        { bus: 'ide', controller: 1, position: 0, medium: { kind: 'file', file: 'none.iso' } },
      ],
      floppy: { medium: { kind: 'image', image: 'no-such-image' }, readOnly: false },
      serialPorts: [{ kind: 'device', device: '/dev/ttyNONE' }],
      processor: {
        count: 1,
        maxCount: null,
        coresPerSocket: 1,
        threadsPerCore: 1,
        model: 'NoSuchModel',
        hideHypervisor: false,
      },
    });
    const id = await agent.create(definition);
    assert.deepEqual(
      new Set(await blockedCodes(id)),
      new Set([
        'processor-model',
        'disk-missing',
        'disk-outside',
        'medium-missing',
        'device-missing',
      ]),
    );
    assert.equal(agent.pid(id), undefined);
    assert.deepEqual(agent.events(id), ['vm.start-failed']);
  });

  test('VM-73 a host device that is missing is done without, once, when that is said', async () => {
    const definition = bareDefinition({
      serialPorts: [{ kind: 'device', device: '/dev/ttyNONE' }],
    });
    const id = await agent.create(definition);
    assert.deepEqual(await blockedCodes(id), ['device-missing']);
    assert.equal((await agent.act(id, 'turn-on', { without: ['/dev/ttyNONE'] })).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('a port that is taken blocks the start and is named; a free one is found', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const hostPort = typeof address === 'object' && address ? address.port : 0;
    const forwards = [
      { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort: 80 },
    ] as const;
    const adapter = (ports: VmDefinition['hardware']['adapters'][number]['attachment']) =>
      bareDefinition({
        adapters: [
          {
            slot: 0,
            model: 'virtio',
            mac: '52:47:59:00:00:09',
            macMode: 'static',
            attachment: ports,
            optional: false,
          },
        ],
      });
    const user = { kind: 'user', restrict: false, bootFile: null } as const;
    const taken = await agent.create(adapter({ ...user, forwards: [...forwards] }));
    assert.deepEqual(await blockedCodes(taken), ['port-in-use']);
    server.close();
    const free = await agent.create(
      adapter({ ...user, forwards: [{ ...forwards[0], hostPort: 0 }] }),
    );
    const report = await agent.act(free, 'turn-on');
    assert.ok((report.forwards[0]?.hostPort ?? 0) > 0);
    await agent.act(free, 'turn-off');
  });

  test('VM-76 a disk of a running vm is not given to a second one, unless both share it', async () => {
    const path = join(agent.shelf, 'common.qcow2');
    const one = await agent.create(bareDefinition({ disks: [disk(path)] }), [newDisk(path)]);
    const two = await agent.create(bareDefinition({ disks: [disk(path)] }));
    await agent.act(one, 'turn-on');
    assert.deepEqual(await blockedCodes(two), ['disk-in-use']);
    await agent.act(one, 'turn-off');
    assert.equal((await agent.act(two, 'turn-on')).state, 'running');
    await agent.act(two, 'turn-off');
    const raw = join(agent.shelf, 'shared.raw');
    const sharedDisk = { ...disk(raw), format: 'raw', shared: true } as const;
    const three = await agent.create(bareDefinition({ disks: [sharedDisk] }), [
      { kind: 'new', file: raw, format: 'raw', sizeBytes: 64 * miB },
    ]);
    const four = await agent.create(bareDefinition({ disks: [sharedDisk] }));
    await agent.act(three, 'turn-on');
    assert.equal((await agent.act(four, 'turn-on')).state, 'running');
    for (const id of [three, four]) await agent.act(id, 'turn-off');
  });

  test('VM-69 a write-protected disk blocks, unless it is attached as read-only', async () => {
    const id = await agent.create(bareDefinition({ disks: [disk('fixed.qcow2')] }), [
      newDisk('fixed.qcow2'),
    ]);
    chmodSync(join(folderOf(id), 'fixed.qcow2'), 0o400);
    assert.deepEqual(await blockedCodes(id), ['disk-write-protected']);
    const { machines } = await agent.host.call('host.discover', {});
    const record = machines.find(({ report }) => report.id === id);
    assert.ok(record);
    const definition = {
      ...record.definition,
      hardware: {
        ...record.definition.hardware,
        disks: [{ ...disk('fixed.qcow2'), readOnly: true }],
      },
    };
    const generation = agent.generation(id);
    await agent.host.call('machine.configure', {
      id,
      generation,
      cause: byTester,
      definition,
      definitionVersion: 2,
    });
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('HW-43 a writable floppy image is held by one vm; the second is told by whom', async () => {
    const file = join(agent.shelf, 'floppy.img');
    writeFileSync(file, Buffer.alloc(1_474_560), { mode: 0o666 });
    chmodSync(file, 0o666);
    const withFloppy = (): VmDefinition =>
      bareDefinition({
        machine: 'pc',
        opticalDrives: [],
        floppy: { medium: null, readOnly: false },
      });
    const [one, two] = [await agent.create(withFloppy()), await agent.create(withFloppy())];
    for (const id of [one, two]) await agent.act(id, 'turn-on');
    const insert = (id: string) =>
      agent.host.call('machine.medium', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        place: 'floppy',
        medium: { kind: 'file', file },
        path: null,
      });
    assert.deepEqual(await insert(one), { live: true });
    const holder = agent.host.reports.get(one)?.name ?? '';
    await assert.rejects(insert(two), new RegExp(`held for writing by ${holder}`));
    for (const id of [one, two]) await agent.act(id, 'turn-off');
  });

  test('VM-02 VM-03 a creation that fails leaves nothing behind', async () => {
    const definition = bareDefinition({ disks: [disk('huge.qcow2')] });
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
    const id = await agent.create(bareDefinition({ disks: [disk('kept.qcow2')] }), [
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
    const owner = await agent.create(bareDefinition({ disks: [disk('used.qcow2')] }), [
      newDisk('used.qcow2'),
    ]);
    const path = join(folderOf(owner), 'used.qcow2');
    const user = await agent.create(bareDefinition({ disks: [disk(path)] }));
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
    const id = await agent.create(bareDefinition({ disks: [disk('hw.qcow2')] }), [
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

  test('HOST-50 a stop of the host saves its vms; its start brings them back', async () => {
    const settings = { start: { onHostStart: 'if-was-running' } };
    const id = await agent.create(bareDefinition({}, { settings }));
    await agent.act(id, 'turn-on');
    const stopped = await agent.host.call('host.service', { run: false, cause: byTester });
    assert.equal(stopped.running, false);
    assert.equal(agent.host.reports.get(id)?.state, 'saved');
    assert.equal(agent.pid(id), undefined);
    await agent.host.call('host.service', { run: true, cause: byTester });
    await agent.until(id, 'running');
    await agent.act(id, 'turn-off');
  });
});

function readTasks(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'),
  );
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
