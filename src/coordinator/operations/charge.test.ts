import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, giB, isFault, miB } from '#lib';
import { topFolderId, type QuotaLimits, type QuotaUse } from '#api';
import { idOf, vmData } from '../inventory/testing/documents.ts';
import { chargeFolder, chargeVm, limitsInWords, noCharge } from './charge.ts';
import { ann, refusal } from './testing/steps.ts';
import { makeWorld, vmThing, type World } from './testing/world.ts';

const unlimited: QuotaLimits = { vms: null, processors: null, memoryBytes: null, diskBytes: null };
const small: QuotaUse = { vms: 1, processors: 1, memoryBytes: giB, diskBytes: giB };
const lab = idOf('lab');
const blue = idOf('blue');

async function withFolders(limits: Partial<QuotaLimits>, of = lab): Promise<World> {
  const world = await makeWorld([]);
  await world.context.commit({
    writes: [
      { kind: 'folder', id: topFolderId, data: { name: '', parentId: null } },
      { kind: 'folder', id: lab, data: { name: 'lab', parentId: topFolderId } },
      { kind: 'folder', id: blue, data: { name: 'blue', parentId: lab } },
      { kind: 'quota', id: of, data: { ...unlimited, ...limits } },
    ],
  });
  return world;
}

function making(name: string, folderId = lab, use = small) {
  return {
    action: 'vm.create',
    target: vmThing(name),
    input: {},
    charge: { vm: idOf(name), folderId, use },
  };
}

test('of many that take the last places at the same instant, as many as there are get one', async () => {
  await using world = await withFolders({ vms: 3 });
  const held = Promise.withResolvers<void>();
  const kinds = [
    { action: 'vm.create', steps: [{ name: 'make', run: () => held.promise }] },
  ] as const;
  // Two coordinators on one store: neither sees the other's line.
  await using one = world.engine(kinds);
  await using other = world.engine(kinds);
  await one.start();
  const asked = Array.from({ length: 12 }, (_, at) =>
    (at % 2 === 0 ? one : other).submit(ann, making(`vm-${at}`, at % 3 === 0 ? blue : lab)),
  );
  const answers = await Promise.allSettled(asked);
  const refused = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [answer.reason as unknown] : [],
  );
  assert.equal(answers.length - refused.length, 3);
  assert.ok(refused.every((fault) => isFault(fault, 'blocked')));
  assert.deepEqual(world.inventory.quotaUse(lab), {
    ...small,
    vms: 3,
    processors: 3,
    memoryBytes: 3 * giB,
    diskBytes: 3 * giB,
  });
  assert.equal(world.inventory.count('operation'), 3);
  held.resolve();
});

test('an operation that fails gives its place back; one that is done leaves it to its vm', async () => {
  await using world = await withFolders({ vms: 1 });
  let fails = true;
  const made = vmData('web', { folderId: lab });
  await using engine = world.engine([
    {
      action: 'vm.create',
      steps: [
        {
          name: 'make',
          run: async ({ commit }) => {
            assert.equal(world.inventory.quotaUse(lab).vms, 1, 'it counts from the beginning');
            if (fails) throw new Fault('unavailable', 'the host is away');
            await commit({ writes: [{ kind: 'vm', id: idOf('web'), data: made }] });
            assert.equal(world.inventory.quotaUse(lab).vms, 1, 'and once');
          },
        },
      ],
    },
  ]);
  await engine.start();
  const first = await engine.submit(ann, making('web'));
  assert.equal((await engine.wait(first.id, 10_000)).state, 'failed');
  assert.equal(world.inventory.quotaUse(lab).vms, 0);
  fails = false;
  const second = await engine.submit(ann, making('web'));
  assert.equal((await engine.wait(second.id, 10_000)).state, 'done');
  const { hardware } = made.definition;
  assert.deepEqual(world.inventory.quotaUse(lab), {
    vms: 1,
    processors: hardware.processor.count,
    memoryBytes: hardware.memory.sizeBytes,
    diskBytes: 0,
  });
  await refusal(engine.submit(ann, making('more')), 'blocked');
});

test('every quota above counts, and a refusal names each measure with what is used and asked', async () => {
  await using world = await withFolders({
    vms: 5,
    processors: 2,
    memoryBytes: 3 * giB,
    diskBytes: 0,
  });
  const { inventory } = world;
  const charge = {
    vm: idOf('big'),
    folderId: blue,
    use: { ...small, processors: 3, memoryBytes: 4 * giB },
  };
  assert.throws(
    () => chargeVm(inventory, charge, 'big'),
    (fault) => {
      assert.ok(isFault(fault, 'blocked'));
      assert.equal(fault.message, 'big is more than a quota allows');
      assert.deepEqual(
        fault.reasons.map(({ code, text }) => `${code}: ${text}`),
        [
          'quota-processors: folder /lab may have 2 processors; it has 0 processors, and this is 3 processors more',
          'quota-memory: folder /lab may have 3 GiB of memory; it has 0 B of memory, and this is 4 GiB of memory more',
          'quota-disk: folder /lab may have 0 B of disks; it has 0 B of disks, and this is 1 GiB of disks more',
        ],
      );
      assert.match(fault.reasons[0]?.remedy ?? '', /gantry quota set \/lab --processors N/);
      return true;
    },
  );
  const elsewhere = { ...charge, folderId: topFolderId };
  assert.deepEqual(chargeVm(inventory, elsewhere, 'big'), noCharge, 'beside the folder it is free');
  assert.equal(
    limitsInWords(inventory.document<QuotaLimits>('quota', lab)?.data),
    '5 vms, 2 processors, 3 GiB of memory, 0 B of disks',
  );
  assert.equal(limitsInWords(undefined), 'none');
});

test('what has too much may become smaller and stay, not grow; within its quota it moves freely', async () => {
  await using world = await withFolders({ memoryBytes: 4 * miB });
  const { inventory } = world;
  const vm = vmData('web', { folderId: lab });
  await world.context.commit({ writes: [{ kind: 'vm', id: idOf('web'), data: vm }] });
  const { sizeBytes } = vm.definition.hardware.memory;
  assert.ok(sizeBytes > 4 * miB, 'it has too much');
  const charge = { vm: idOf('web'), folderId: lab, use: inventory.quotaUse(lab) };
  const memory = (memoryBytes: number) => ({ ...charge, use: { ...charge.use, memoryBytes } });
  assert.deepEqual(chargeVm(inventory, memory(sizeBytes), 'web'), noCharge);
  assert.deepEqual(chargeVm(inventory, memory(sizeBytes - 1), 'web'), noCharge);
  assert.throws(() => chargeVm(inventory, memory(sizeBytes + 1), 'web'), { code: 'blocked' });
  // More of what is not limited.
  const faster = { ...charge, use: { ...charge.use, processors: 64 } };
  assert.equal(chargeVm(inventory, faster, 'web').writes.length, 1);
  assert.deepEqual(chargeVm(inventory, { ...charge, folderId: blue }, 'web'), noCharge);
});

test('a folder that moves brings all that is in it', async () => {
  await using world = await withFolders({ vms: 1 });
  const { inventory } = world;
  const [green, pale] = [idOf('green'), idOf('pale')];
  await world.context.commit({
    writes: [
      { kind: 'folder', id: green, data: { name: 'green', parentId: topFolderId } },
      { kind: 'folder', id: pale, data: { name: 'pale', parentId: green } },
      { kind: 'vm', id: idOf('a'), data: vmData('a', { folderId: green }) },
    ],
  });
  assert.equal(chargeFolder(inventory, green, lab).conditions.length, 1);
  await world.context.commit({
    writes: [{ kind: 'vm', id: idOf('b'), data: vmData('b', { folderId: pale }) }],
  });
  assert.throws(() => chargeFolder(inventory, green, lab), { code: 'blocked' });
  assert.deepEqual(chargeFolder(inventory, blue, topFolderId), noCharge);
});
