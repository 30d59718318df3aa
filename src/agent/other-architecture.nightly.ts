/** A machine of an architecture that is not the host's, with the real emulator and its firmware. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { profiles, vmDefinitionSchema, type VmDefinition } from '#api';
import { isFault, miB } from '#lib';
import { newDisk, QemuAgent, testDisk, withoutQemu } from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

const parts = ['/usr/bin/qemu-system-aarch64', '/usr/share/AAVMF/AAVMF_CODE.fd'];
const missing = parts.find((path) => !existsSync(path));
const withoutArm = arch() === 'arm64' ? 'aarch64 is the architecture of this host' : withoutQemu;

function armDefinition(name: string, change: Partial<VmDefinition['hardware']> = {}): VmDefinition {
  return vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name,
    hardware: {
      ...profiles.arm.hardware,
      memory: { sizeBytes: 512 * miB, maxBytes: null },
      ...change,
    },
  });
}

describe(
  'a machine of another architecture',
  { skip: missing === undefined ? withoutArm : `${missing} is not installed` },
  () => {
    let agent: QemuAgent;

    before(async () => {
      agent = await QemuAgent.start();
    });

    after(async () => {
      await agent?.[Symbol.asyncDispose]();
    });

    test('HW-56 an aarch64 machine is emulated: its firmware speaks, it is paused, saved, restored and turned off', async () => {
      // Without an adapter: the firmware would wait for servers of the network first.
      const definition = armDefinition('arm', { disks: [testDisk('arm.qcow2')] });
      const id = await agent.create(definition, [newDisk('arm.qcow2')]);
      // Held until somebody listens: what the firmware says first is not missed.
      await agent.act(id, 'hold');
      const serial = await SerialSession.open(agent, id, 'serial1');
      const report = await agent.act(id, 'release');
      assert.equal(report.state, 'running');
      assert.equal(report.accelerator, 'tcg');
      const running = readFileSync(`/proc/${agent.pid(id)}/cmdline`, 'utf8').split('\0');
      assert.match(running.find((word) => word.includes('qemu-system')) ?? '', /aarch64$/);
      await serial.until(/Shell> /);

      serial.text = '';
      serial.write('ver\r');
      await serial.until(/UEFI v2\.\d+/);

      assert.equal((await agent.act(id, 'pause')).state, 'paused');
      assert.equal((await agent.act(id, 'resume')).state, 'running');
      const { png } = await agent.host.call('machine.screenshot', { id });
      assert.equal(Buffer.from(png, 'base64').subarray(1, 4).toString(), 'PNG');
      const { devices, accelerator } = await agent.host.call('machine.hardware', { id });
      assert.equal(accelerator, 'tcg');
      const model = (name: string) => devices.find(({ device }) => device === name)?.model;
      assert.deepEqual(['machine', 'firmware', 'serial port', 'keyboard'].map(model), [
        'virt',
        'uefi',
        'PL011',
        'keyboard',
      ]);

      serial.close();
      assert.equal((await agent.act(id, 'save')).state, 'saved');
      assert.equal(agent.pid(id), undefined);
      assert.equal((await agent.act(id, 'restore')).state, 'running');
      const again = await SerialSession.open(agent, id, 'serial1');
      again.write('\rmemmap\r');
      await again.until(/BS_Code/);
      again.close();
      assert.equal((await agent.act(id, 'turn-off')).state, 'off');
      assert.equal(agent.pid(id), undefined);
    });

    test('HW-56 a machine that wants the acceleration of the host is told that its architecture is another', async () => {
      const definition = armDefinition('arm-kvm');
      const { settings } = definition;
      const id = await agent.create({
        ...definition,
        settings: { ...settings, acceleration: 'kvm' },
      });
      await assert.rejects(agent.act(id, 'turn-on'), (error) => {
        assert.ok(isFault(error, 'blocked'));
        assert.deepEqual(
          error.reasons.map(({ code }) => code),
          ['acceleration'],
        );
        assert.match(error.reasons[0]?.text ?? '', /does not run the machine type virt/);
        return true;
      });
    });
  },
);

test(
  'HW-56 an emulator that cannot be used blocks the start with the packages, and nobody else pays for it',
  { skip: withoutQemu },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gx-'));
    const calls = join(folder, 'calls');
    const program = join(folder, 'qemu-system-aarch64');
    await writeFile(program, `#!/bin/sh\necho called >> ${calls}\nexit 1\n`);
    await chmod(program, 0o755);
    const { PATH = '' } = process.env;
    process.env['PATH'] = `${folder}${delimiter}${PATH}`;
    try {
      await using agent = await QemuAgent.start();
      const id = await agent.create(armDefinition('arm-none'));
      assert.equal(existsSync(calls), false);
      await assert.rejects(agent.act(id, 'turn-on'), (error) => {
        assert.ok(isFault(error, 'blocked'));
        const [reason] = error.reasons;
        assert.equal(reason?.code, 'hypervisor-missing');
        assert.match(reason.text, /qemu-system-aarch64/);
        assert.match(reason.remedy ?? '', /qemu-system-arm and qemu-efi-aarch64/);
        return true;
      });
      assert.equal(existsSync(calls), true);
    } finally {
      process.env['PATH'] = PATH;
      await rm(folder, { recursive: true, force: true });
    }
  },
);
