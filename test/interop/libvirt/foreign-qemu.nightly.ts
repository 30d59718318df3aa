/** A libvirt connection judged by QEMU itself: a vm without a guest under a libvirtd with its QEMU driver. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import type { PowerAction, VmActionRequest } from '#api';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { qemuDriver, startQemuLibvirtd } from './qemu-daemon.ts';
import { run, virsh, whyNot } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'qemu-img', 'qemu-system-x86_64');
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

const definition = `<domain type='qemu'><name>tiny</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='DISK'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`;
const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;

void test(
  'a vm of QEMU is seen, started, saved, restored, taken back to a snapshot and stopped over libvirt',
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'fq-'));
    t.after(() => rm(folder, { recursive: true }));
    const daemon = await startQemuLibvirtd();
    t.after(() => daemon[Symbol.asyncDispose]());
    const address = `qemu+unix:///system?socket=${daemon.socket}`;
    const file = join(folder, 'tiny.xml');
    const disk = join(folder, 'tiny.qcow2');
    const made = await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '64M']);
    assert.equal(made.code, 0, made.err);
    await writeFile(file, definition.replace('DISK', disk));
    const defined = await virsh(address, `define ${file}`);
    assert.equal(defined.code, 0, defined.err);

    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    assert.equal(host.hello?.facts.hypervisor.name, 'QEMU');
    assert.equal(host.hello.facts.acceleration.use, 'tcg');
    const [record] = host.records.values();
    assert.equal(record?.report.state, 'off');
    assert.equal(record.definition.hardware.memory.sizeBytes, 64 * 1024 ** 2);
    const [seen] = record.definition.hardware.disks;
    assert.deepEqual([seen?.file, seen?.format, seen?.sizeBytes], [disk, 'qcow2', 64 * 1024 ** 2]);
    const { id } = record.report;
    let generation = 0;
    const act = async (action: PowerAction, request: VmActionRequest = {}): Promise<string> => {
      generation += 1;
      const params = { id, generation, cause, action, request };
      return (await host.call('machine.act', params)).report.state;
    };
    const steps: readonly (readonly [PowerAction, string, string])[] = [
      ['turn-on', 'running', 'running'],
      ['pause', 'paused', 'paused'],
      ['resume', 'running', 'running'],
      ['save', 'saved', 'shut off'],
      ['restore', 'running', 'running'],
      ['reset', 'running', 'running'],
      ['restart', 'running', 'running'],
    ];
    for (const [action, state, there] of steps) {
      assert.equal(await act(action), state, action);
      assert.equal((await virsh(address, 'domstate tiny')).out.trim(), there, action);
    }
    await host.until('it is measured', () => (host.samples.get(id)?.memoryBytes ?? 0) > 0, 20_000);
    const snapshot = { id, name: 'with memory', description: '', author: 'ann', exclude: [] };
    const taken = { ...snapshot, memory: true, quiesce: false };
    const machine = { id, generation, cause };
    const { report } = await host.call('machine.snapshot.take', { ...machine, snapshot: taken });
    assert.equal(report.snapshots[0]?.memoryBytes, 0);
    const at = { ...machine, snapshotId: report.snapshots[0].id };
    const off = await host.call('machine.snapshot.revert', { ...at, memory: 'leave' });
    assert.equal(off.report.state, 'off');
    const back = await host.call('machine.snapshot.revert', { ...at, memory: 'restore' });
    assert.equal(back.report.state, 'running');
    const without = await host.call('machine.snapshot.delete', at);
    assert.deepEqual(without.report.snapshots, []);
    // Nobody in it hears the button.
    await assert.rejects(act('power-button', { timeoutSeconds: 1 }), (error) =>
      isFault(error, 'timeout'),
    );
    assert.equal(await act('shutdown', { timeoutSeconds: 1, onTimeout: 'save' }), 'saved');
    assert.equal(await act('discard'), 'off');
    assert.equal(await act('turn-on'), 'running');
    assert.equal(await act('turn-off'), 'off');
    const told = host.events.map(({ name }) => name.replace(/^vm\./, ''));
    assert.deepEqual(told, [
      'state.powered-on',
      'state.suspended',
      'state.resumed',
      'state.saved',
      'state.restored',
      'state.reset',
      'state.reset',
      'snapshot.taken',
      'snapshot.reverted',
      'state.powered-off',
      'snapshot.reverted',
      'state.powered-on',
      'snapshot.deleted',
      'shutdown.requested',
      'shutdown.timed-out',
      'shutdown.requested',
      'shutdown.timed-out',
      'state.saved',
      'state.discarded',
      'state.powered-on',
      'state.powered-off',
    ]);
  },
);
