/** A vm whose disks are served and made of several files goes to another host: what it knows of them goes along (docs/rfd/0041). */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk, VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { miB } from '#lib';
import { GuestMove } from './testing/guest-move.ts';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const sizeBytes = 8 * miB;

describe('disks that are served, between two hosts', { skip: withoutQemu }, () => {
  let here: QemuAgent;
  let there: QemuAgent;

  before(async () => {
    here = await QemuAgent.start();
    there = await QemuAgent.start();
  });
  after(async () => {
    await here?.[Symbol.asyncDispose]();
    await there?.[Symbol.asyncDispose]();
  });

  const served = (file: string, format: 'vhd' | 'vmdk', position: number): Disk => ({
    ...testDisk(file),
    format,
    sizeBytes,
    position,
  });
  const call = (id: string) => ({ id, generation: here.generation(id), cause: byTester });
  async function makeOver(path: string, base: string): Promise<void> {
    const store = hostStore([here.shelf, here.process.folder]);
    await makeDisk({ path: base, format: 'vhd', sizeBytes }, store, (made) =>
      made.write(Buffer.alloc(miB, 5), 0),
    );
    await using below = await openDisk({ path: base, store });
    await makeDisk({ path, format: 'vhd', sizeBytes, parent: await parentFor(path, below) }, store);
  }
  async function make(): Promise<{ readonly definition: VmDefinition; readonly folder: string }> {
    const settings = { acceleration: 'tcg' } as const;
    const empty = bareDefinition({ disks: [] }, { settings });
    const id = await here.create(empty);
    const folder = here.folder(id);
    await makeOver(join(folder, 'child.vhd'), join(folder, 'base.vhd'));
    const path = join(folder, 'flat.vmdk');
    await makeDisk({ path, format: 'vmdk', variant: 'monolithicFlat', sizeBytes }, hostStore());
    const disks = [served('child.vhd', 'vhd', 0), served('flat.vmdk', 'vmdk', 1)];
    for (const disk of disks) await here.host.call('machine.disk.attach', { ...call(id), disk });
    return { definition: { ...empty, hardware: { ...empty.hardware, disks } }, folder };
  }

  test('what they were made of here is what they are made of there, and nothing else is', async () => {
    const { definition, folder } = await make();
    const { id } = definition;
    assert.equal((await here.act(id, 'turn-on')).state, 'running');
    assert.equal((await here.act(id, 'turn-off')).state, 'off');
    // As a process that broke out of QEMU leaves it: what the vm got counts, also there.
    const path = join(folder, 'flat.vmdk');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replaceAll('flat-flat', 'other-flat'));
    copyFileSync(join(folder, 'flat-flat.vmdk'), join(folder, 'other-flat.vmdk'));
    const move = new GuestMove(here, there, definition);
    assert.deepEqual(await move.plan(), []);
    await move.depart();
    await move.carryFiles();
    await move.arrive();
    await move.clear();
    assert.ok(!existsSync(folder), 'nothing is left where it was');
    const now = there.folder(id);
    assert.deepEqual(await there.blockedCodes(id), ['disk-parent']);
    writeFileSync(join(now, 'flat.vmdk'), before);
    assert.deepEqual(await there.blockedCodes(id), [], 'it starts');
    await there.act(id, 'turn-off');
    utimesSync(join(now, 'base.vhd'), new Date(), new Date(1_700_000_000_000));
    assert.deepEqual(await there.blockedCodes(id), ['layer-changed']);
  });

  test('one whose parent stays where it is does not go', async () => {
    const settings = { acceleration: 'tcg' } as const;
    const empty = bareDefinition({ disks: [] }, { settings });
    const id = await here.create(empty);
    const base = join(here.shelf, 'base.vhd');
    await makeOver(join(here.folder(id), 'child.vhd'), base);
    chmodSync(base, 0o644);
    const disk = served('child.vhd', 'vhd', 0);
    await here.host.call('machine.disk.attach', { ...call(id), disk });
    const definition = { ...empty, hardware: { ...empty.hardware, disks: [disk] } };
    assert.deepEqual(await new GuestMove(here, there, definition).plan(), ['parent-elsewhere']);
  });
});
