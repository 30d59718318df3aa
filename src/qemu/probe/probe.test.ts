import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { isFault } from '#lib';
import { TemporaryFolder, withoutQemu } from '../testing/real-qemu.ts';
import { runProgram } from '../run-program.ts';
import { probeAcceleration } from './acceleration.ts';
import { findBinaries } from './binaries.ts';
import { makeBootSector } from './boot-sector.ts';
import { readCapabilities } from './capabilities.ts';
import { findUefiFirmware } from './uefi.ts';

const qemu = 'qemu-system-x86_64';
const options = { skip: withoutQemu };

/** A program that stands for QEMU: a shell script. */
function script(folder: TemporaryFolder, body: string): string {
  const path = folder.file('program');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

void test('emulation is seen to work by a guest that runs to its end', options, async () => {
  const { tcg } = await probeAcceleration(qemu, { devicePath: '/nowhere' });
  assert.equal(tcg.outcome, 'works', tcg.evidence);
});

void test('a host without the device has no kvm', options, async () => {
  const { kvm } = await probeAcceleration(qemu, { devicePath: '/nowhere/kvm' });
  assert.equal(kvm.outcome, 'absent');
  assert.match(kvm.evidence, /nowhere/);
});

void test(
  'whatever kvm does here, the probe answers in time and leaves no process',
  options,
  async () => {
    const started = performance.now();
    const { kvm } = await probeAcceleration(qemu, { timeoutMs: 2_000, model: 'qemu64' });
    assert.ok(performance.now() - started < 7_000);
    assert.notEqual(kvm.evidence, '');
    const left = spawnSync('pgrep', ['-f', 'gantry-probe-.*isa-debug-exit'], { encoding: 'utf8' });
    assert.equal(left.stdout.trim(), '');
  },
);

void test('a guest that does not come to its end hangs', async () => {
  await using folder = await TemporaryFolder.make();
  const { tcg, kvm } = await probeAcceleration(script(folder, 'exec sleep 60'), {
    timeoutMs: 100,
    devicePath: '/dev/null',
  });
  assert.equal(tcg.outcome, 'hangs');
  assert.equal(kvm.outcome, 'hangs');
});

const endings: readonly (readonly [body: string, outcome: string, said: RegExp])[] = [
  ['exit 85', 'works', /ran in/],
  ['exit 0', 'fails', /status 0: without a word/],
  ['echo "qemu: warning: x" >&2; echo "qemu: no such CPU" >&2; exit 1', 'fails', /no such CPU/],
  ['echo "qemu: invalid accelerator kvm" >&2; exit 1', 'absent', /invalid accelerator/],
  ['echo "Could not access KVM kernel module: Permission denied" >&2; exit 1', 'denied', /denied/],
  ['kill -ABRT $$', 'fails', /SIGABRT/],
];

for (const [body, outcome, said] of endings) {
  void test(`a QEMU that does "${body}" gives ${outcome}`, async () => {
    await using folder = await TemporaryFolder.make();
    const { kvm } = await probeAcceleration(script(folder, body), { devicePath: '/dev/null' });
    assert.equal(kvm.outcome, outcome);
    assert.match(kvm.evidence, said);
  });
}

void test('kvm that is slower than emulation is none', async () => {
  await using folder = await TemporaryFolder.make();
  const program = script(folder, 'case "$*" in *"-accel kvm"*) sleep 1.3;; esac; exit 85');
  const { kvm, tcg } = await probeAcceleration(program, { devicePath: '/dev/null' });
  assert.deepEqual([kvm.outcome, tcg.outcome], ['slow', 'works']);
  assert.match(kvm.evidence, /with kvm, and in \d+ ms emulated/);
});

const stranger = { uid: 1_900_000_000, gid: 1_900_000_000, groups: [] };
const [ownUser, ownGroup] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

for (const [mode, account, outcome] of [
  [0o600, stranger, 'denied'],
  [0o660, stranger, 'denied'],
  [0o660, { ...stranger, groups: [ownGroup] }, 'works'],
  [0o640, { ...stranger, gid: ownGroup }, 'denied'],
  [0o606, { ...stranger, groups: [ownGroup] }, 'denied'],
  [0o666, stranger, 'works'],
  [0o600, { ...stranger, uid: ownUser }, 'works'],
] as const)
  void test(`a device of mode ${mode.toString(8)} gives ${outcome} for account ${JSON.stringify(account)}`, async () => {
    await using folder = await TemporaryFolder.make();
    const devicePath = folder.file('kvm');
    writeFileSync(devicePath, '');
    chownSync(devicePath, ownUser, ownGroup);
    chmodSync(devicePath, mode);
    const { kvm } = await probeAcceleration(script(folder, 'exit 85'), { devicePath, account });
    assert.equal(kvm.outcome, outcome, kvm.evidence);
  });

void test('an aborted probe ends with the reason of its signal', async () => {
  await using folder = await TemporaryFolder.make();
  const signal = AbortSignal.timeout(50);
  const probe = probeAcceleration(script(folder, 'exec sleep 60'), { signal });
  await assert.rejects(probe, { name: 'TimeoutError' });
});

void test('the boot sector is what its listing says', { skip: objdumpMissing() }, async () => {
  await using folder = await TemporaryFolder.make();
  const path = folder.file('sector');
  writeFileSync(path, makeBootSector());
  const args = ['-D', '-b', 'binary', '-m', 'i8086', '-M', 'intel', path];
  const { stdout } = spawnSync('objdump', args, { encoding: 'utf8' });
  for (const line of [/\b17:.*mov +bx,.*0x46c/, /\b28:.*cmp +ax,0xfa/, /\b2f:.*out +0xf4,al/]) {
    assert.match(stdout, line);
  }
});

function objdumpMissing(): string | false {
  return spawnSync('objdump', ['--version']).status === 0 ? false : 'objdump is not installed';
}

void test('a QEMU tells what it can do', options, async () => {
  const capabilities = await readCapabilities(qemu);
  assert.ok(capabilities.version.major >= 7);
  const q35 = capabilities.machineTypes.find(({ alias }) => alias === 'q35');
  assert.ok(q35 && q35.maxProcessors >= 255);
  assert.ok(capabilities.processorModels.some(({ name }) => name === 'qemu64'));
  for (const device of ['virtio-net-pci', 'tulip', 'lsi53c895a']) {
    assert.ok(capabilities.devices.has(device));
  }
  assert.ok(capabilities.accelerations.includes('tcg'));
});

void test('a binary that is no QEMU is unavailable, with what it said', async () => {
  await using folder = await TemporaryFolder.make();
  const path = script(folder, 'echo "unknown option" >&2; exit 1');
  await assert.rejects(readCapabilities(path), (error) => {
    assert.ok(isFault(error, 'unavailable'));
    assert.match(error.message, /cannot connect|unknown option/);
    return true;
  });
  await assert.rejects(readCapabilities('/nowhere/qemu'), (error) => isFault(error, 'unavailable'));
});

void test('programs are found in the order of the search path', async () => {
  await using folder = await TemporaryFolder.make();
  const path = folder.file('qemu-img');
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  assert.equal((await findBinaries(`relative:${folder.path}:/usr/bin`)).qemuImg, path);
  chmodSync(path, 0o644);
  assert.notEqual((await findBinaries(folder.path)).qemuImg, path);
});

function descriptor(code: string, vars: string, change: object = {}): string {
  return JSON.stringify({
    description: 'firmware',
    'interface-types': ['uefi'],
    mapping: {
      device: 'flash',
      executable: { filename: code, format: 'raw' },
      'nvram-template': { filename: vars, format: 'raw' },
    },
    targets: [{ architecture: 'x86_64', machines: ['pc-q35-*'] }],
    features: ['secure-boot', 'enrolled-keys'],
    ...change,
  });
}

void test('firmware is found by its descriptors, and bad ones are passed over', async () => {
  await using folder = await TemporaryFolder.make();
  const [own, system] = [folder.file('own'), folder.file('system')];
  mkdirSync(own);
  mkdirSync(system);
  const [code, vars] = [folder.file('code'), folder.file('vars')];
  writeFileSync(code, '');
  writeFileSync(vars, '');
  const arm = { targets: [{ architecture: 'aarch64', machines: ['virt-*'] }] };
  writeFileSync(`${system}/10-arm.json`, descriptor(code, vars, arm));
  writeFileSync(`${system}/20-missing.json`, descriptor('/nowhere', vars));
  writeFileSync(`${system}/30-broken.json`, '{');
  writeFileSync(`${system}/40-hidden.json`, descriptor(code, vars, { description: 'hidden' }));
  writeFileSync(`${own}/40-hidden.json`, descriptor(code, vars, { features: [] }));
  writeFileSync(`${system}/50-good.json`, descriptor(code, vars));
  const found = await findUefiFirmware([own, system]);
  assert.deepEqual(
    found.map(({ secureBoot, chipsets }) => [secureBoot, chipsets]),
    [
      ['enrolled', ['virt']],
      ['none', ['q35']],
      ['enrolled', ['q35']],
    ],
  );
});

void test('a program that says too much is cut off, and one that lingers is stopped', async () => {
  const flood = await runProgram('/bin/sh', ['-c', 'yes | head -c 300000; exit 4'], {
    timeoutMs: 5_000,
    maxOutputBytes: 1000,
  });
  assert.equal(flood.stdout.length, 1000);
  assert.equal(flood.truncated, true);
  assert.equal(flood.code, 4);
  const lingering = await runProgram('/bin/sh', ['-c', 'trap "" TERM; exec sleep 60'], {
    timeoutMs: 50,
  });
  assert.equal(lingering.end, 'stopped');
  assert.equal((await runProgram('/nowhere', [], { timeoutMs: 50 })).end, 'missing');
});
