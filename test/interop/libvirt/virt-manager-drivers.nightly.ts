/**
 * virt-manager beside vms of every driver: of an agent with QEMU, of a libvirtd with QEMU, of libvirtd's test driver and of a simulated
 * host. Each is opened with its hardware, and those that have a screen with that, too. Pictures of what was seen are kept in
 * GANTRY_TEST_PICTURES where that is set.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { startLibvirtd } from './daemon.ts';
import { Desktop, desktopPrograms } from './desktop.ts';
import { qemuDriver, startQemuLibvirtd } from './qemu-daemon.ts';
import { virsh, whyNot } from './tools.ts';

const missing = await whyNot('virt-manager', 'libvirtd', 'qemu-system-x86_64', ...desktopPrograms);
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;
const pictures = process.env['GANTRY_TEST_PICTURES'];

/** Of virt-manager 4.1: its list of devices, and where a firmware writes, which is blank before there is a screen. */
const devices = '150x300+20+85';
const firmware = '300x120+155+255';

const definition = `<domain type='qemu'><name>NAME</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<interface type='user'><model type='virtio'/></interface><serial type='pty'/><console type='pty'/>
<graphics type='vnc' PLACE/><video><model type='vga'/></video></devices></domain>`;

void test(
  'virt-manager lists vms of every driver, opens each with its hardware, and shows the screens that there are',
  { skip },
  async () => {
    await using stage = await Stage.open();
    await using daemon = await startQemuLibvirtd();
    await using toy = await startLibvirtd();
    await Promise.all([stage.addQemuHost('own'), stage.addHost('sim', 1)]);
    const gateway = (path: string): string =>
      `gantry+unix:///${path}?socket=${join(stage.folder, 'run/libvirt-sock')}`;
    // It outlives its agent.
    await using ending = new AsyncDisposableStack();
    ending.defer(async () => void (await virsh(gateway('all'), 'destroy', 'own-qemu')));
    const direct = `qemu+unix:///system?socket=${daemon.socket}`;
    for (const [name, address, place] of [
      // Its daemon has a network of its own, so that no port of it is reached from here.
      ['far-qemu', direct, `socket='${join(stage.folder, 'vnc')}'`],
      ['own-qemu', gateway('host/own'), "port='-1'"],
    ] as const) {
      const file = join(stage.folder, `${name}.xml`);
      await writeFile(file, definition.replace('NAME', name).replace('PLACE', place));
      for (const words of [`define ${file}`, `start ${name}`]) {
        const { code, err } = await virsh(address, words);
        assert.equal(code, 0, err);
      }
    }
    for (const [name, address] of [
      ['far', direct],
      ['toy', `test+unix:///default?socket=${toy.socket}`],
    ]) {
      const { status, text } = await stage.send('POST', '/hosts', { body: { name, address } });
      assert.equal(status, 200, text);
    }
    for (const name of ['far-qemu', 'test'])
      await stage.until(() => stage.vm(name)?.state === 'running', `${name} is there`, 30_000);
    const { inventory } = stage.coordinator;
    const simulated = [...inventory.documents('vm')]
      .flatMap(({ id }) => inventory.vm(id) ?? [])
      .find(({ host }) => host === 'sim')?.name;
    assert.ok(simulated);
    const names = ['own-qemu', 'far-qemu', 'test', simulated];
    await using desktop = await Desktop.open();
    // In one session, so that the first of them is told what the others are asked for.
    const manager = `virt-manager --debug --no-fork -c '${gateway('all')}'`;
    const windows = names.map((name) => `${manager} --show-domain-editor ${name} &`);
    const opened = desktop.start('sh', '-c', `${windows.join('\n')}\nwait`);
    for (const name of names) await opened(new RegExp(`domain=${name} status=\\w+ added`));
    for (const name of names) {
      await opened(new RegExp(`Showing VM details: <vmmDomain name=${name} `));
      await desktop.untilDrawn(devices);
    }
    if (pictures !== undefined) await desktop.photograph(join(pictures, 'drivers-details.png'));
    for (const name of ['own-qemu', 'far-qemu']) {
      await using own = await Desktop.open();
      const screen = own.start('sh', '-c', `${manager} --show-domain-console ${name}`);
      await screen(/Viewer connected/);
      await own.untilDrawn(firmware);
      if (pictures !== undefined) await own.photograph(join(pictures, `drivers-${name}.png`));
    }
  },
);
