/** Unmodified virt-install and virsh through the gateway, on a hypervisor that others run. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { qemuDriver, startQemuLibvirtd } from './qemu-daemon.ts';
import { run, virsh, whyNot } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'virt-install', 'qemu-system-x86_64');
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

void test(
  'virt-install makes vms with their volumes on a libvirt host through the gateway, and virsh takes snapshots of them',
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'gi-'));
    t.after(() => rm(folder, { recursive: true }));
    const daemon = await startQemuLibvirtd();
    t.after(() => daemon[Symbol.asyncDispose]());
    const there = `qemu+unix:///system?socket=${daemon.socket}`;
    const told = async (address: string, words: string): Promise<string> => {
      const { code, out, err } = await virsh(address, words);
      assert.equal(code, 0, err);
      return out.trim();
    };
    await told(there, `pool-create-as vms dir --target ${folder}`);
    const medium = join(folder, 'setup.iso');
    await writeFile(medium, '');
    await truncate(medium, 2 ** 20);
    await told(there, 'pool-refresh vms');
    const stage = await Stage.open();
    t.after(() => stage[Symbol.asyncDispose]());
    await stage.send('POST', '/hosts', { body: { address: there, name: 'h1' } });
    await stage.until(() => stage.host('h1')?.status === 'ready', 'h1 is connected');

    const socket = join(stage.folder, 'run/libvirt-sock');
    const ways = [
      ['imported', `qemu+unix:///host/h1?socket=${socket}`, 'vms', ['--import']],
      ['anywhere', `gantry+unix:///all?socket=${socket}`, 'vms@h1', ['--import']],
      // It is defined twice: for the installation, and for what comes after it.
      ['installed', `qemu+unix:///host/h1?socket=${socket}`, 'vms', ['--cdrom', medium]],
    ] as const;
    for (const [name, address, pool, way] of ways) {
      const words = '--memory 64 --vcpus 1 --osinfo generic --noautoconsole --graphics vnc';
      const plain = `${words} --network user`.split(' ');
      const { code, out, err } = await run('virt-install', [
        '--connect',
        address,
        '--name',
        name,
        '--disk',
        `pool=${pool},size=0.1`,
        ...plain,
        ...way,
      ]);
      assert.equal(code, 0, out + err);
      assert.equal(await told(there, `domstate ${name}`), 'running');
      assert.equal(await told(address, `domstate ${name}`), 'running');
      assert.equal(stage.vm(name)?.host, 'h1');
    }
    const here = ways[0][1];
    const file = async (address: string): Promise<string> =>
      / (\/\S+)/.exec(await told(address, 'domblklist imported --inactive'))?.[1] ?? '';
    const before = await file(there);
    await told(here, 'snapshot-create-as imported first --disk-only');
    assert.notEqual(await file(there), before);
    assert.equal(await file(here), await file(there));
    await told(here, 'destroy imported');
    await told(here, 'snapshot-revert imported first');
    assert.equal(await told(there, 'snapshot-current imported --name'), 'first');
    await told(here, 'snapshot-delete imported first');
    assert.equal(await file(there), before);
    await told(here, 'vol-create-as vms data.qcow2 16M --format qcow2');
    await told(here, 'vol-resize data.qcow2 32M --pool vms');
    await told(here, 'vol-clone data.qcow2 copy.qcow2 --pool vms');
    assert.match(await told(there, 'vol-info copy.qcow2 --pool vms'), /Capacity: +32.00 MiB/);
    for (const name of ['data.qcow2', 'copy.qcow2'])
      await told(here, `vol-delete ${name} --pool vms`);
    assert.doesNotMatch(await told(there, 'vol-list vms'), /data|copy/);
  },
);
