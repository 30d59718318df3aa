import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapterSchema, diskSchema, profiles, type Hardware } from '#api';
import { adoptHardware, returnHardware } from './handover-hardware.ts';

const plugged = (slot: number, name: string) =>
  adapterSchema.parse({
    slot,
    model: 'virtio',
    mac: `52:54:00:00:00:0${slot}`,
    attachment: { kind: 'foreign', name },
  });
const theirs: Hardware = {
  ...profiles.modern.hardware,
  disks: [
    diskSchema.parse({
      bus: 'virtio',
      controller: 0,
      position: 0,
      file: '/srv/web.raw',
      format: 'raw',
      sizeBytes: 1024,
    }),
  ],
  adapters: [plugged(0, 'network default'), plugged(1, 'bridge br0'), plugged(2, 'network lab')],
};
const names = new Map([
  ['network default', 'lan'],
  ['lab', 'none'],
]);

test('adapters of an adopted vm are in the networks that theirs are here, and each is told', () => {
  const { hardware, warnings } = adoptHardware(theirs, names, null);
  assert.deepEqual(
    hardware.adapters.map(({ attachment }) => attachment),
    [
      { kind: 'network', network: 'lan' },
      { kind: 'user', restrict: false, bootFile: null, forwards: [] },
      { kind: 'none' },
    ],
  );
  assert.deepEqual({ ...hardware, adapters: theirs.adapters }, theirs);
  assert.deepEqual(
    warnings.map(({ text }) => text),
    [
      'adapter 0 is in network lan, not in network default of its hypervisor',
      'adapter 1 is in the user-mode network, not in bridge br0 of its hypervisor',
      'adapter 2 is in no network, not in network lab of its hypervisor',
    ],
  );
});

test('a vm that nobody has changed goes back as it was, whatever Gantry gave it and however its disks have grown', () => {
  const ours = adoptHardware(theirs, names, null).hardware;
  const chassis = { assetTag: '1-2', serialNumber: '3-4' };
  const disks = ours.disks.map((disk) => ({ ...disk, sizeBytes: 4096 }));
  const now = { ...ours, disks, bios: { ...ours.bios, chassis } };
  assert.deepEqual(returnHardware(theirs, ours, now), theirs);
});

test('what was changed since goes along: of an adapter its model without its network, or its network', () => {
  const ours = adoptHardware(theirs, names, null).hardware;
  const [first, second, ...rest] = ours.adapters;
  assert.ok(first !== undefined && second !== undefined);
  const elsewhere = { ...second, attachment: { kind: 'network', network: 'dmz' } as const };
  const now: Hardware = {
    ...ours,
    memory: { ...ours.memory, sizeBytes: 2 ** 31 },
    adapters: [{ ...first, model: 'e1000' }, elsewhere, ...rest],
  };
  const there = returnHardware(theirs, ours, now);
  assert.equal(there.memory.sizeBytes, 2 ** 31);
  assert.deepEqual(there.adapters, [
    { ...plugged(0, 'network default'), model: 'e1000' },
    { ...plugged(1, 'bridge br0'), attachment: { kind: 'network', network: 'dmz' } },
    plugged(2, 'network lab'),
  ]);
});

void test('firmware that only its hypervisor knows to have secure boot has it here, and goes back as nobody has named it', () => {
  const firmware = { ...theirs.firmware, type: 'uefi', secureBoot: false } as const;
  const there = { ...theirs, firmware };
  const uefi = { code: '/usr/share/code.fd', secureBoot: true, variablesBytes: 540_672 };
  const ours = adoptHardware(there, names, uefi).hardware;
  assert.deepEqual(ours.firmware, { ...firmware, secureBoot: true });
  assert.deepEqual(returnHardware(there, ours, ours).firmware, firmware);
});
