/** How many disks a machine takes, with a real one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { busPositions, placeName, profiles, type DiskBus } from '#api';
import { miB } from '#lib';
import { bareDefinition, newDisk, QemuAgent, testDisk, withoutQemu } from './testing/qemu-agent.ts';

type TestDisk = ReturnType<typeof testDisk>;

function allPlaces(bus: DiskBus): TestDisk[] {
  const { controllers, positions } = busPositions[bus];
  return Array.from({ length: controllers * positions }, (_, at) => {
    const place = { bus, controller: Math.floor(at / positions), position: at % positions };
    return { ...testDisk(`${placeName(place).replace(':', '-')}.qcow2`), ...place };
  });
}

describe('places of disks', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('DISK-54 a classic vm has 4 disks on IDE and 28 on SCSI, a modern one more', async () => {
    const places = [...allPlaces('ide'), ...allPlaces('scsi')];
    assert.deepEqual([allPlaces('ide').length, allPlaces('scsi').length], [4, 28]);
    const { hardware } = profiles.classic;
    const classic = bareDefinition({ ...hardware, opticalDrives: [], disks: places });
    const lifted = bareDefinition({ disks: [...allPlaces('virtio'), ...allPlaces('scsi')] });
    for (const definition of [classic, lifted]) {
      const { disks } = definition.hardware;
      const small = { ...definition.hardware.memory, sizeBytes: 32 * miB };
      const id = await agent.create(
        { ...definition, hardware: { ...definition.hardware, memory: small } },
        disks.map(({ file }) => newDisk(file)),
      );
      assert.equal((await agent.act(id, 'turn-on')).state, 'running');
      const { devices } = await agent.host.call('machine.hardware', { id });
      const shown = devices.filter(({ device }) => device === 'disk');
      assert.equal(shown.length, disks.length);
      await agent.act(id, 'turn-off');
    }
    assert.ok(lifted.hardware.disks.length > classic.hardware.disks.length);
  });
});
