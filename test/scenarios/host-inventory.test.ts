/** What a host shows of itself, and resources of a running vm, through the command line and on the machine. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Host, Installation } from '#api';
import { formatBytes } from '#lib';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const skip =
  spawnSync('qemu-system-x86_64', ['--version']).status === 0 ? false : 'QEMU is not installed';

let gantry: Gantry;
let name = '';
before(async () => {
  if (skip !== false) return;
  gantry = await newGantry();
  await gantry.must('up', '--no-vm', '--no-install', '--yes', '--listen', gantry.listen);
  name = (await gantry.json<Host[]>('host', 'list'))[0]?.name ?? '';
  const bare = ['--memory', '64M', '--network', 'none', '--start'];
  await gantry.must('vm', 'create', 'busy', ...bare);
});
after(async () => {
  await gantry?.[Symbol.asyncDispose]();
});

void test(
  'HOST-36 the inventory of a host shows its uptime, what is free, its versions, its vms and how they are reached',
  { skip },
  async () => {
    await gantry.must('host', 'set', name, `settings.searchPath=[${gantry.data}]`);
    const host = await gantry.json<Host>('host', 'show', name);
    const installation = await gantry.json<Installation>('system', 'show');
    const shown = await gantry.must('host', 'show', name);
    const row = (label: string): string =>
      shown
        .split('\n')
        .filter((line) => line.startsWith(`${label}  `) || line.startsWith(`${label} `))
        .join('\n');
    const { facts, load } = host;
    assert.ok(facts !== null && load !== null);
    const booted = Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
    assert.ok(Math.abs(Date.parse(facts.bootedAt ?? '') - booted) < 5_000);
    assert.match(row('up since'), /\d{4}/);
    assert.match(row('memory'), / free for vms/);
    assert.ok(load.volumes.length > 0);
    for (const { path, totalBytes } of load.volumes) {
      assert.ok(row('volume').includes(path), path);
      assert.ok(row('volume').includes(`of ${formatBytes(totalBytes)} free`), path);
    }
    assert.match(row('encryption'), /TLS/);
    assert.ok(row('consoles').includes(gantry.listen.replace(':', ' port ')));
    assert.equal(facts.agentVersion, installation.productVersion);
    assert.ok(row('version').includes(facts.agentVersion));
    assert.ok(row('additions').includes(facts.additionsVersion));
    assert.match(row('vms'), /^vms +1, \d running$/);
    assert.ok(row('search path').includes(gantry.data));
  },
);

void test(
  'HOST-01 HOST-48 when it has joined, a host tells its processor with its features and its architecture, and is graded by its clock',
  { skip },
  async () => {
    const { facts } = await gantry.json<Host>('host', 'show', name);
    const machine = (...words: readonly [string, ...string[]]): string =>
      spawnSync(words[0], words.slice(1), { encoding: 'utf8' }).stdout.trim();
    const said = new Map(
      machine('lscpu')
        .split('\n')
        .map((line) => line.split(/:\s+/, 2) as [string, string]),
    );
    assert.ok(facts !== null);
    const { processor } = facts;
    assert.equal(facts.architecture, machine('uname', '-m'));
    assert.equal(processor.vendor, said.get('Vendor ID'));
    assert.equal(processor.model, said.get('Model name'));
    assert.equal(processor.threads, Number(machine('nproc', '--all')));
    assert.equal(processor.sockets, Number(said.get('Socket(s)')));
    assert.equal(processor.cores, processor.sockets * Number(said.get('Core(s) per socket')));
    // Words of the kernel, which mean the same on every host.
    assert.deepEqual(new Set(processor.flags), new Set(said.get('Flags')?.split(' ')));
    const clock = processor.clockMhz;
    assert.equal(processor.grade === 'ungraded', clock === null);
    assert.equal(processor.grade === 'ok', clock !== null && clock >= 1000);
  },
);

void test(
  'HOST-42 a host without usable acceleration carries vms, and host and vms are shown as emulated in software',
  { skip },
  async (t) => {
    const host = await gantry.json<Host>('host', 'show', name);
    assert.equal(host.status, 'ready');
    const { use, kvm } = host.facts?.acceleration ?? {};
    if (use !== 'tcg') {
      t.skip('this machine accelerates');
      return;
    }
    assert.notEqual(kvm, 'works');
    assert.match(
      await gantry.must('host', 'show', name),
      /^acceleration +software emulation; kvm /m,
    );
    const vm = await gantry.client().call('vm.show', { params: { vm: 'busy' } });
    assert.deepEqual([vm.state, vm.status.accelerator], ['running', 'tcg']);
    assert.match(await gantry.must('vm', 'show', 'busy'), /^technique +.*emulat/m);
    assert.match(await gantry.must('vm', 'list', '-o', 'wide'), /emulat/);
  },
);

void test(
  'API-11 reserve, maximum and weight of the processor take effect on a running vm',
  { skip },
  async (t) => {
    const { findings } = await gantry.client().call('host.diagnose', { params: { host: name } });
    const groups = findings.find(({ check }) => /control groups|cgroup/.test(check));
    if (groups?.result !== 'ok') {
      t.skip(groups?.evidence ?? 'no control groups');
      return;
    }
    const vm = await gantry.client().call('vm.show', { params: { vm: 'busy' } });
    const { stdout } = spawnSync('pgrep', ['-f', `^[^ ]*qemu-system-x86_64 .*-uuid ${vm.id} `], {
      encoding: 'utf8',
    });
    const text = readFileSync(`/proc/${stdout.trim()}/cgroup`, 'utf8');
    const [group = ''] = new RegExp(`/gantry/[0-9a-f]{16}/${vm.id}`).exec(text) ?? [];
    assert.ok(group !== '', text);
    const limits = (): readonly string[] => {
      const read = (path: string): string => readFileSync(path, 'utf8').trim();
      try {
        const folder = `/sys/fs/cgroup${group}`;
        return [read(`${folder}/cpu.weight`), read(`${folder}/cpu.max`).split(' ')[0] ?? ''];
      } catch {
        const folder = `/sys/fs/cgroup/cpu${group}`;
        const shares = Number(read(`${folder}/cpu.shares`));
        return [String((shares * 100) / 1024), read(`${folder}/cpu.cfs_quota_us`)];
      }
    };
    const reserved = async (): Promise<number> =>
      (await gantry.json<Host>('host', 'show', name)).load?.cpuReservedPercent ?? 0;
    const before = await reserved();
    const count = vm.definition.hardware.processor.count;
    await gantry.must(
      'vm',
      'set',
      'busy',
      'resources.cpuWeight=300',
      'resources.cpuMaximumPercent=40',
    );
    assert.deepEqual(limits(), ['300', String(count * 40_000)]);
    await gantry.must('vm', 'set', 'busy', 'resources.cpuReservePercent=20');
    const { status, state } = await gantry.client().call('vm.show', { params: { vm: 'busy' } });
    assert.equal(state, 'running');
    assert.deepEqual(status.pending, []);
    for (let now = before; now <= before; now = await reserved()) assert.ok(now <= before);
  },
);
