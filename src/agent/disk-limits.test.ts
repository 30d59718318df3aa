/** Limits of disks, asked of the QEMU that keeps them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DiskLimits, VmDefinition } from '#api';
import { qmp, type QmpClient } from '#qemu';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { whileAway } from './testing/while-away.ts';

const bursting: DiskLimits = {
  readBytes: { perSecond: 1_000_000, burstPerSecond: 4_000_000, burstSeconds: 3 },
  writtenBytes: { perSecond: 500_000 },
  operations: { perSecond: 200, burstPerSecond: 300 },
  operationSizeBytes: 4096,
};
const asQemuTells = {
  rates: {
    bps_rd: { perSecond: 1_000_000, burst: { perSecond: 4_000_000, seconds: 3 } },
    bps_wr: { perSecond: 500_000 },
    iops: { perSecond: 200, burst: { perSecond: 300, seconds: 1 } },
  },
  operationSizeBytes: 4096,
};
const slow: DiskLimits = { bytes: { perSecond: 2_000_000 } };
const slowTold = { rates: { bps: { perSecond: 2_000_000 } } };
const unlimited = { rates: {} };
const plainSnapshot = {
  name: 'limited',
  description: '',
  author: null,
  exclude: [],
  quiesce: false,
};

describe('limits of disks', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const toldBy = async (client: QmpClient): Promise<unknown> =>
    Object.fromEntries(
      (await qmp.queryBlock(client)).map(({ deviceId, inserted }) => [
        deviceId,
        inserted?.throttle,
      ]),
    );

  test('QEMU has them from the start, as they change and in a disk that is plugged in; an agent that comes back sets what is not as recorded, and a saved vm has them again, as one that is restarted has and one that goes back to a snapshot', async () => {
    const limited = { ...testDisk('a.qcow2'), limits: bursting };
    const free = { ...testDisk('b.qcow2'), bus: 'scsi' as const };
    const first = bareDefinition({ disks: [limited, free], opticalDrives: [] });
    const id = await agent.create(first, [newDisk('a.qcow2'), newDisk('b.qcow2')]);
    const about = { id, generation: 1, cause: byTester };
    let definitionVersion = 1;
    const configure = async (disks: VmDefinition['hardware']['disks']): Promise<string[]> => {
      definitionVersion += 1;
      const definition = { ...first, hardware: { ...first.hardware, disks } };
      const asked = { ...about, generation: agent.generation(id), definition, definitionVersion };
      return (await agent.host.call('machine.configure', asked)).report.pending;
    };
    await agent.act(id, 'turn-on');
    const seen = await whileAway(agent, id, async (client) => {
      const told = await toldBy(client);
      const [device] = await qmp.queryBlock(client);
      await qmp.blockSetIoThrottle(client, device?.path ?? '', { rates: {} });
      return told;
    });
    assert.deepEqual(seen, { 'disk-virtio0-0': asQemuTells, 'disk-scsi0-0': unlimited });

    const source = newDisk('c.qcow2');
    await agent.host.call('machine.disk.create', { ...about, source });
    const plugged = { ...testDisk('c.qcow2'), position: 1, limits: bursting };
    const attached = await agent.host.call('machine.disk.attach', { ...about, disk: plugged });
    assert.deepEqual(attached, { live: true });
    assert.deepEqual(await configure([limited, { ...free, limits: slow }, plugged]), []);
    assert.deepEqual(await whileAway(agent, id, toldBy), {
      'disk-virtio0-0': asQemuTells,
      'disk-scsi0-0': slowTold,
      'disk-virtio0-1': asQemuTells,
    });

    const { limits: _, ...bare } = limited;
    assert.deepEqual(await configure([bare, { ...free, limits: slow }, plugged]), []);
    const recorded = {
      'disk-virtio0-0': unlimited,
      'disk-scsi0-0': slowTold,
      'disk-virtio0-1': asQemuTells,
    };
    await agent.act(id, 'save');
    await agent.act(id, 'restore');
    assert.deepEqual(await whileAway(agent, id, toldBy), recorded);

    const now = () => ({ id, generation: agent.generation(id), cause: byTester });
    const snapshotId = crypto.randomUUID();
    await agent.host.call('machine.snapshot.take', {
      ...now(),
      snapshot: { ...plainSnapshot, id: snapshotId, memory: true },
    });
    assert.deepEqual(await configure([bare, free, { ...plugged, limits: slow }]), []);
    await agent.act(id, 'restart');
    assert.deepEqual(await whileAway(agent, id, toldBy), {
      'disk-virtio0-0': unlimited,
      'disk-scsi0-0': unlimited,
      'disk-virtio0-1': slowTold,
    });
    await agent.act(id, 'turn-off');
    await agent.host.call('machine.snapshot.revert', { ...now(), snapshotId, memory: 'restore' });
    await agent.host.call('machine.snapshot.recall', { ...now(), snapshotId });
    assert.deepEqual((await agent.act(id, 'restore')).pending, []);
    assert.deepEqual(await whileAway(agent, id, toldBy), recorded);
    await agent.act(id, 'turn-off');
  });
});
