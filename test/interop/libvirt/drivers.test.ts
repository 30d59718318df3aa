/** The driver for hypervisors behind libvirtd keeps the promises of all drivers, with libvirtd's test driver behind it. */
import { driverSuite } from '../../../src/agent/testing/driver-suite.ts';
import { startLibvirtd } from './daemon.ts';
import { openWorld } from './drivers.ts';
import { whyNot } from './tools.ts';

driverSuite(
  'libvirt, before its test driver',
  async () => {
    const daemon = await startLibvirtd();
    const world = await openWorld(daemon, `test+unix:///default?socket=${daemon.socket}`);
    return { ...world, whyNoFigures: "libvirt's test driver measures nothing" };
  },
  await whyNot('libvirtd', 'virsh'),
);
