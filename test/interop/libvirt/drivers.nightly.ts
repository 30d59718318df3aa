/** The driver for hypervisors behind libvirtd keeps the promises of all drivers, with QEMU behind it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { driverSuite } from '../../../src/agent/testing/driver-suite.ts';
import { isInOwnNetwork } from '../../../src/agent/testing/own-network.ts';
import { openWorld } from './drivers.ts';
import { qemuDriver, startQemuLibvirtd } from './qemu-daemon.ts';
import { virsh, whyNot } from './tools.ts';

const missing = await whyNot('libvirtd', 'virsh', 'qemu-img', 'qemu-system-x86_64');
const skip = missing === false && !existsSync(qemuDriver) ? `${qemuDriver} is missing` : missing;

// Its screens are ports of the daemon's network.
if (isInOwnNetwork(import.meta.filename)) {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dq-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  driverSuite(
    'libvirt, before QEMU',
    async () => {
      const daemon = await startQemuLibvirtd('ours');
      const address = `qemu+unix:///system?socket=${daemon.socket}`;
      const { code, err } = await virsh(address, `pool-create-as vms dir --target ${folder}`);
      assert.equal(code, 0, err);
      return await openWorld(daemon, address);
    },
    skip,
  );
}
