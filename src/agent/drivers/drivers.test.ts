/** The drivers of agents keep the promises of all drivers; connections to hypervisors keep the same ones in test/interop/libvirt. */
import { describe } from 'node:test';
import { FakeCoordinator } from '../testing/fake-coordinator.ts';
import { AgentProcess } from '../testing/agent-process.ts';
import { driverSuite, type DriverWorld } from '../testing/driver-suite.ts';
import {
  bareDefinition,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from '../testing/qemu-agent.ts';

const wanted: DriverWorld['wanted'] = {
  definition: bareDefinition({ disks: [testDisk('suite.qcow2')] }),
  disk: newDisk('suite.qcow2'),
};

async function openQemu(): Promise<DriverWorld> {
  const agent = await QemuAgent.start();
  return {
    coordinator: agent.coordinator,
    host: agent.host,
    wanted,
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

async function openSimulated(): Promise<DriverWorld> {
  const coordinator = await FakeCoordinator.start();
  const agent = await AgentProcess.start(coordinator, '--driver', 'simulated');
  return {
    coordinator,
    host: await coordinator.host(),
    wanted,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await coordinator[Symbol.asyncDispose]();
    },
  };
}

void describe('drivers of agents', { concurrency: true }, () => {
  driverSuite('qemu', openQemu, withoutQemu);
  driverSuite('simulated', openSimulated, false);
});
