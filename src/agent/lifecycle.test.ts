/** Power actions, confinement and recovery with real QEMU processes that boot nothing. */
import assert from 'node:assert/strict';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
} from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { profiles } from '#api';
import { isFault, miB, systemClock } from '#lib';
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

describe('real processes', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('VM-93 VM-31 a vm without disk and network starts, and is off after turn-off', async () => {
    const id = await agent.create(bareDefinition());
    const report = await agent.act(id, 'turn-on');
    assert.equal(report.state, 'running');
    assert.equal(report.accelerator, agent.host.hello?.facts.acceleration.use);
    assert.ok(agent.pid(id) !== undefined);
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
    assert.equal(agent.pid(id), undefined);
  });

  test('all memory of a vm is written to a new file of the host that vms may use, for programs that look into it, and the vm goes on', async () => {
    const id = await agent.create(bareDefinition());
    const write = async (argument: string): Promise<string> => {
      const asked = { id, name: 'dump-memory', argument };
      return (await agent.host.call('machine.extension', asked)).output;
    };
    const file = join(agent.shelf, 'memory.elf');
    await assert.rejects(write(file), (error) => isFault(error, 'refused'));
    await agent.act(id, 'turn-on');
    assert.match(await write(file), /memory\.elf: [\d.]+ MiB, elf$/);
    const content = readFileSync(file);
    // ELF of 64 bits, a core (its header: e_ident, e_type).
    assert.deepEqual(
      [...content.subarray(0, 5), content.readUInt16LE(16)],
      [127, 69, 76, 70, 2, 4],
    );
    assert.ok(content.length > 32 * miB, `${content.length} bytes`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await agent.host.until('it runs again', () => agent.host.reports.get(id)?.state === 'running');
    await write(`kdump-zlib ${join(agent.shelf, 'memory.kdump')}`);
    assert.match(
      readFileSync(join(agent.shelf, 'memory.kdump'), 'latin1').slice(0, 8),
      /^makedump|^KDUMP/,
    );
    for (const [argument, code] of [
      [file, 'exists'],
      ['/etc/memory.elf', 'forbidden'],
      ['raw /tmp/a', 'invalid'],
      ['memory.elf', 'invalid'],
    ] as const)
      await assert.rejects(write(argument), (error) => isFault(error, code), argument);
    await agent.act(id, 'turn-off');
  });

  test('VM-06 a vm has a folder of its name below the host’s folder for vms, and all its files are in it', async () => {
    const settings = { undoDisks: { enabled: true, onTurnOff: 'keep' } };
    const definition = bareDefinition({ disks: [testDisk('system.qcow2')] }, { settings });
    const id = await agent.create(definition, [newDisk('system.qcow2')]);
    const folder = join(agent.process.folder, 'data', 'vms', definition.name);
    assert.equal(agent.folder(id), folder);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'save');
    const { files } = await agent.host.call('machine.files', { id });
    const roles = new Set(files.map(({ role }) => role));
    for (const role of ['configuration', 'disk', 'undo', 'saved-state'] as const)
      assert.ok(roles.has(role), `${role} in ${[...roles].join(' ')}`);
    assert.deepEqual(new Set(files.map(({ path }) => dirname(path))), new Set([folder]));
    await agent.act(id, 'discard');
  });

  test('HOST-13 SEC-02 a process of its own with a thread for each virtual processor, without privileges, in QEMU’s sandbox', async () => {
    const processor = { ...profiles.modern.hardware.processor, count: 2 };
    const id = await agent.create(bareDefinition({ processor }));
    await agent.act(id, 'turn-on');
    const pid = agent.pid(id);
    assert.ok(pid !== undefined);
    const threads = globSync(`/proc/${pid}/task/*/comm`).map((path) => readFileSync(path, 'utf8'));
    // As QEMU names them: CPU 0/KVM.
    const processors = threads.filter((name) => /^CPU \d+\//.test(name));
    assert.equal(new Set(processors).size, 2, threads.join(''));
    assert.equal(processors.length, 2);
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
      environment.every((one) => /^(PATH|LANG|TZ)=|^$/.test(one)),
      environment.join(' '),
    );
    await agent.act(id, 'turn-off');
  });

  test('HOST-17 what it may take from its host is held by control groups', async (t) => {
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
    const [group = ''] = new RegExp(`/gantry/[0-9a-f]{16}/${id}`).exec(text) ?? [];
    assert.ok(group !== '', text);
    const v2 = readOr(`/sys/fs/cgroup${group}/cpu.max`);
    const v1 = readOr(`/sys/fs/cgroup/cpu${group}/cpu.cfs_quota_us`);
    assert.ok(v2 === '50000 100000' || v1 === '50000', `${v2} ${v1}`);
    await agent.act(id, 'turn-off');
    const path = v1 === undefined ? `/sys/fs/cgroup${group}` : `/sys/fs/cgroup/cpu${group}`;
    for (let turn = 0; turn < 40 && existsSync(path); turn += 1) await systemClock.sleep(50);
    assert.equal(existsSync(path), false);
  });

  test('SEC-01 SEC-08 HOST-13 a process that is killed has crashed, one that is frozen hangs; another vm goes on', async () => {
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
    assert.ok(Math.abs(Date.parse(crash?.time ?? '') - Date.now()) < 60_000);
    await agent.act(victim, 'turn-on');
    const frozen = agent.pid(victim) ?? 0;
    process.kill(frozen, 'SIGSTOP');
    assert.equal((await agent.act(other, 'pause')).state, 'paused');
    assert.equal((await agent.act(other, 'resume')).state, 'running');
    await agent.host.call('host.diagnose', {});
    process.kill(frozen, 'SIGCONT');
    await agent.act(victim, 'turn-off');
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

  test('VM-83 a vm whose process ends is started again where that is asked for, up to the limit', async () => {
    const failure = { reaction: 'restart', maxRepetitions: 1 };
    const definition = bareDefinition({}, { settings: { failure } });
    const id = await agent.create(definition);
    await agent.act(id, 'turn-on');
    const first = agent.pid(id) ?? 0;
    process.kill(first, 'SIGKILL');
    await agent.untilEvent('vm.failure-reaction', id);
    const again = (): boolean =>
      agent.events(id).filter((name) => name === 'vm.state.powered-on').length === 2;
    await agent.host.until('the second start', again);
    const second = agent.pid(id) ?? 0;
    assert.notEqual(second, first);
    await agent.until(id, 'running');
    process.kill(second, 'SIGKILL');
    const reactions = (): unknown[] =>
      agent.host.events
        .filter(({ name, vmId }) => name === 'vm.failure-reaction' && vmId === id)
        .map(({ attributes }) => attributes);
    await agent.host.until('the second reaction', () => reactions().length === 2);
    assert.deepEqual(reactions(), [
      { reaction: 'restart', repetition: 1, limit: 1 },
      { reaction: 'given up', repetition: 2, limit: 1 },
    ]);
    await agent.until(id, 'off');
  });

  test('VM-42 VM-39 VM-41 held, released, reset in place, restarted as a new process', async () => {
    const id = await agent.create(bareDefinition());
    assert.equal((await agent.act(id, 'hold')).held, true);
    await agent.act(id, 'release');
    const pid = agent.pid(id);
    const { machines } = await agent.host.call('host.discover', {});
    const { definition } = machines.find(({ report }) => report.id === id) ?? {};
    assert.ok(definition);
    const hardware = { ...definition.hardware, sound: 'ac97' } as const;
    await agent.host.call('machine.configure', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definition: { ...definition, hardware },
      definitionVersion: 2,
    });
    assert.deepEqual((await agent.act(id, 'reset')).pending, ['hardware/sound']);
    assert.equal(agent.pid(id), pid);
    const restarted = await agent.act(id, 'restart');
    assert.deepEqual([restarted.state, restarted.pending], ['running', []]);
    assert.notEqual(agent.pid(id), pid);
    const resets = (): unknown[] =>
      agent.host.events
        .filter(({ name, vmId }) => name === 'vm.state.reset' && vmId === id)
        .filter(({ actor }) => actor.kind !== 'guest')
        .map(({ attributes }) => attributes['how']);
    await agent.host.until('both events', () => resets().join() === 'reset,restart');
    await agent.act(id, 'turn-off');
  });

  test('HW-07 memory that is set while a vm is off is there at its start; set while it runs, it waits for the next one', async () => {
    const definition = bareDefinition();
    const { id } = definition;
    await agent.create(definition);
    const memoryOf = (): string => / -m size=(\w+)/.exec(commandLine(agent.pid(id)))?.[1] ?? '';
    const setMemory = async (sizeMiB: number, definitionVersion: number) => {
      const memory = { sizeBytes: sizeMiB * miB, maxBytes: null };
      const hardware = { ...definition.hardware, memory };
      const { report } = await agent.host.call('machine.configure', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        definition: { ...definition, hardware },
        definitionVersion,
      });
      return report.pending;
    };
    assert.deepEqual(await setMemory(48, 2), []);
    await agent.act(id, 'turn-on');
    assert.equal(memoryOf(), '48M');
    assert.deepEqual(await setMemory(64, 3), ['hardware/memory/size_bytes']);
    assert.equal((await agent.act(id, 'reset')).pending.length, 1);
    assert.equal(memoryOf(), '48M');
    await agent.act(id, 'turn-off');
    assert.deepEqual((await agent.act(id, 'turn-on')).pending, []);
    assert.equal(memoryOf(), '64M');
    await agent.act(id, 'turn-off');
  });

  test('VM-57 VM-60 VM-61 VM-62 the stop of the host ends each vm as it says, its start brings them back', async () => {
    const make = (onHostStop: 'save' | 'shutdown' | 'off') =>
      agent.create(
        bareDefinition(
          {},
          {
            settings: {
              start: { onHostStart: 'if-was-running' },
              shutdown: { onHostStop, timeoutSeconds: 1 },
            },
          },
        ),
      );
    const [saved, asked, off] = [await make('save'), await make('shutdown'), await make('off')];
    const stopped = await make('save');
    for (const id of [saved, asked, off, stopped]) await agent.act(id, 'turn-on');
    await agent.act(stopped, 'turn-off');
    const all = [saved, asked, off, stopped];
    const ran = () => all.map((id) => agent.host.reports.get(id)?.wasRunning);
    const states = () => all.map((id) => agent.host.reports.get(id)?.state);
    assert.deepEqual(ran(), [true, true, true, false]);
    await agent.host.call('host.service', { run: false, cause: byTester });
    assert.deepEqual(states(), ['saved', 'saved', 'off', 'off']);
    assert.ok(agent.events(asked).includes('vm.stop-fallback'), 'nobody heard the request');
    assert.deepEqual(ran(), [true, true, true, false]);
    await agent.host.call('host.service', { run: true, cause: byTester });
    const back = ['running', 'running', 'running', 'off'];
    await agent.host.until('all that ran', () => states().join() === back.join(), 30_000);
    for (const id of [saved, asked]) assert.ok(agent.events(id).includes('vm.state.restored'));
    assert.ok(!agent.events(off).includes('vm.state.restored'));
    for (const id of [saved, asked, off]) await agent.act(id, 'turn-off');
    assert.deepEqual(ran(), [false, false, false, false]);
  });

  test('GA-17 a guest that does not obey the power button runs on after the time limit', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    const shutdown = agent.act(id, 'power-button', { timeoutSeconds: 1 });
    await assert.rejects(shutdown, (error) => isFault(error, 'timeout'));
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    assert.equal(
      (await agent.act(id, 'power-button', { timeoutSeconds: 1, onTimeout: 'turn-off' })).state,
      'off',
    );
  });

  test('VM-17 VM-34 VM-35 VM-36 saved, restored, saved again and discarded; it has run since it was restored', async () => {
    const id = await agent.create(bareDefinition());
    const { startedAt } = await agent.act(id, 'turn-on');
    const saved = await agent.act(id, 'save');
    assert.deepEqual([saved.state, saved.startedAt], ['saved', null]);
    assert.equal(agent.pid(id), undefined);
    const files = async (): Promise<string[]> =>
      (await agent.host.call('machine.files', { id })).files.map(({ role }) => role);
    // The state, what it fits, and the last screen.
    assert.equal((await files()).filter((role) => role === 'saved-state').length, 3);
    const restored = await agent.act(id, 'restore');
    assert.equal(restored.state, 'running');
    assert.ok(Date.parse(restored.startedAt ?? '') > Date.parse(startedAt ?? ''));
    assert.ok(!(await files()).includes('saved-state'));
    await agent.act(id, 'save');
    assert.equal((await agent.act(id, 'discard')).state, 'off');
    assert.ok(!(await files()).includes('saved-state'));
  });

  test('VM-85 a save that cannot be written leaves the vm running, and no file', async () => {
    const id = await agent.create(bareDefinition());
    await agent.act(id, 'turn-on');
    const { name } = agent.host.reports.get(id) ?? { name: '' };
    const inTheWay = join(agent.folder(id), `${name}.saved`);
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
    const facts = join(agent.folder(id), `${name}.saved.json`);
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
    const state = facts.replace('.json', '');
    await rename(state, `${state}.away`);
    await spoil(/^/, '', 'saved-state-missing');
    await rename(`${state}.away`, state);
    assert.equal((await agent.act(id, 'restore')).state, 'running');
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

  test('HOST-51 at the start of the service a vm waits for its storage, and those after it for their turn', async () => {
    const always = (order: number) => ({ settings: { start: { onHostStart: 'always', order } } });
    const disks = [testDisk('late.qcow2')];
    const late = await agent.create(bareDefinition({ disks }, always(1)), [newDisk('late.qcow2')]);
    const next = await agent.create(bareDefinition({}, always(2)));
    await agent.host.call('host.service', { run: false, cause: byTester });
    const disk = join(agent.folder(late), 'late.qcow2');
    await rename(disk, `${disk}.away`);
    await agent.host.call('host.service', { run: true, cause: byTester });
    // What is asked for now is looked at after the service has looked, which does so again after five seconds.
    const check = { id: late, action: 'turn-on', request: {} } as const;
    assert.equal((await agent.host.call('machine.check', check)).ok, false);
    assert.deepEqual(
      [late, next].map((id) => agent.host.reports.get(id)?.state),
      ['off', 'off'],
    );
    await rename(`${disk}.away`, disk);
    await agent.until(next, 'running');
    assert.equal(agent.host.reports.get(late)?.state, 'running');
    assert.deepEqual(agent.events(late), ['vm.state.powered-on']);
    for (const id of [late, next]) await agent.act(id, 'turn-off');
  });
});

function commandLine(pid: number | undefined): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

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
