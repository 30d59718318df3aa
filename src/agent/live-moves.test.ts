/** Disks of a guest that runs are moved and made independent: one real guest, which writes meanwhile. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hostStore, makeDisk, openDisk } from '#disk';
import { isFault, miB } from '#lib';
import { readBacking } from './storage/backing.ts';
import { MovingGuest, otherVolume } from './testing/moving-guest.ts';
import { makeChild } from './testing/served-files.ts';
import { withoutQemu } from './testing/qemu-agent.ts';
import type { Layers } from './machine/layers/layers.ts';
import type { WrittenGuest } from './testing/written-guest.ts';

const skip = withoutQemu === false && !existsSync(otherVolume) ? `no ${otherVolume}` : withoutQemu;

describe('disks of a running guest', { skip }, () => {
  let moving: MovingGuest;
  let guest: WrittenGuest;

  before(async () => {
    moving = await MovingGuest.boot();
    ({ guest } = moving);
  });
  after(async () => {
    await moving?.[Symbol.asyncDispose]();
  });

  test('a disk goes to another volume and back while its guest writes to it, and holds all of that', async () => {
    for (const region of [0, 1, 2]) await guest.write(region, region + 1);
    const put = 'dd of=/dev/vdb bs=512 seek=20000 conv=notrunc,fsync 2>/dev/null';
    const count = `n=$((n+1)); echo $n | ${put}; echo $n > /run/count`;
    await guest.run(`(n=0; while [ ! -e /run/stop ]; do ${count}; done) & true`);
    const to = join(moving.elsewhere, 'data.qcow2');
    await moving.move(to);
    assert.equal(moving.file, to);
    assert.deepEqual(moving.inFolder, [], 'the old file has gone');
    await guest.write(3, 4);
    await moving.move('data.qcow2');
    assert.deepEqual([existsSync(to), moving.inFolder], [false, ['data.qcow2']]);
    await guest.run('touch /run/stop; wait; sync');
    assert.deepEqual((await guest.read()).slice(0, 4), [1, 2, 3, 4]);
    const written = 'dd if=/dev/vdb bs=512 skip=20000 count=1 2>/dev/null | head -n 1';
    const last = await guest.run('cat /run/count');
    assert.equal(await guest.run(written), last);
    assert.ok(Number(last) > 2, last);
    assert.equal(guest.report().state, 'running');
  });

  test('a copy that is cancelled, or has no free name or allowed place, leaves the disk where it is, and nothing else', async () => {
    const to = join(moving.elsewhere, 'cancelled.qcow2');
    const { id, answer } = await moving.beginSlowly(to);
    moving.agent.host.cancel(id);
    await assert.rejects(answer, (error) => isFault(error, 'cancelled'));
    await moving.limit(null);
    const taken = join(moving.agent.folder(guest.id), 'disk.qcow2');
    const before = statSync(taken).ino;
    await assert.rejects(moving.move('disk.qcow2'), (error) => isFault(error, 'exists'));
    await assert.rejects(moving.move('/etc/gantry-data.qcow2'), (error) =>
      isFault(error, 'forbidden'),
    );
    assert.equal(statSync(taken).ino, before);
    assert.deepEqual([existsSync(to), moving.inFolder], [false, ['data.qcow2']]);
    assert.equal(moving.file, 'data.qcow2');
    await guest.write(4, 5);
    assert.deepEqual((await guest.read()).slice(3, 5), [4, 5]);
  });

  test('a vm that runs is flattened: what it shared with a linked clone it has for itself, and its guest works on', async () => {
    const { agent } = moving;
    const { definition } = guest;
    const snapshotId = await guest.take();
    const id = crypto.randomUUID();
    const clone = { ...definition, id, name: `clone-${id.slice(0, 4)}` };
    await guest.call('machine.clone', {
      definition: clone,
      definitionVersion: 1,
      parent: null,
      disks: definition.hardware.disks.map(({ file }) => ({ from: file, to: file })),
      linked: { snapshotId },
    });
    const elsewhere = join(moving.elsewhere, 'layered.qcow2');
    await assert.rejects(
      moving.move(elsewhere, 'data.qcow2'),
      (error) => isFault(error, 'refused') && /shared with linked clones/.test(error.message),
    );
    assert.equal(existsSync(elsewhere), false, 'others have what it stands on');
    await guest.remove(snapshotId);
    const [own, other] = [guest.id, id].map((one) => join(agent.folder(one), 'data.qcow2'));
    assert.ok(own !== undefined && other !== undefined);
    assert.equal(statSync(own).ino, statSync(other).ino);
    await guest.write(5, 6);
    const shared = readFileSync(other);
    await guest.call('machine.flatten', {});
    assert.notEqual(statSync(own).ino, statSync(other).ino);
    await guest.write(0, 9);
    assert.ok(shared.equals(readFileSync(other)), 'the clone has what it had');
    assert.deepEqual(await guest.read(), [9, 2, 3, 4, 5, 6]);
    assert.deepEqual(guest.layerFiles(), [], 'no layers are left');
  });

  test('a disk that is served goes to another volume and back while its guest writes to it, as what it was', async () => {
    const store = hostStore();
    await moving.attach('data2.vhd', 2, (disk) => makeDisk(disk, store));
    const look = async (path: string) => {
      await using disk = await openDisk({ path, format: 'vhd', store });
      const { identity, fields, variant } = disk.layer.describe();
      return { identity, fields, variant };
    };
    const own = join(moving.agent.folder(guest.id), 'data2.vhd');
    const before = await look(own);
    const put = 'dd of=/dev/vdc bs=512 seek=20000 conv=notrunc,fsync 2>/dev/null';
    const count = `n=$((n+1)); echo $n | ${put}; echo $n > /run/count2`;
    await guest.run(`(n=0; while [ ! -e /run/stop2 ]; do ${count}; done) & true`);
    const to = join(moving.elsewhere, 'moved.vhd');
    await moving.move(to, 'data2.vhd');
    assert.deepEqual([moving.fileAt(2), existsSync(own)], [to, false]);
    assert.deepEqual(await look(to), before, 'as it was, but for where it is');
    await moving.move('data2.vhd', to);
    assert.deepEqual([moving.fileAt(2), existsSync(to)], ['data2.vhd', false]);
    await guest.run('touch /run/stop2; wait; sync');
    const last = await guest.run('cat /run/count2');
    assert.ok(Number(last) > 2, last);
    await using disk = await openDisk({ path: own, format: 'vhd', store });
    const sector = Buffer.alloc(512);
    await disk.read(sector, 20_000 * 512);
    assert.equal(sector.toString('latin1').split('\n')[0], last, 'what was synced is in the file');
    assert.ok(statSync(own).size < 5 * miB, 'and nothing but that');
    assert.equal(guest.report().state, 'running');
  });

  test('a disk in several files moves with all of them; a differencing one stays until the vm is paused', async () => {
    const { agent, elsewhere } = moving;
    const folder = agent.folder(guest.id);
    const filesIn = (place: string, name: string): string[] =>
      readdirSync(place).filter((one) => one.startsWith(name));
    const flat = { variant: 'monolithicFlat' };
    await moving.attach('data3.vmdk', 3, (disk) => makeDisk({ ...disk, ...flat }, hostStore()));
    await guest.run('echo flat | dd of=/dev/vdd conv=notrunc,fsync 2>/dev/null');
    const to = join(elsewhere, 'flat.vmdk');
    await moving.move(to, 'data3.vmdk');
    assert.deepEqual(filesIn(folder, 'data3'), []);
    assert.deepEqual(filesIn(elsewhere, 'flat'), ['flat-flat.vmdk', 'flat.vmdk']);
    const record = join(agent.process.folder, 'data', 'machines', `${guest.id}.json`);
    const { layers } = JSON.parse(readFileSync(record, 'utf8')) as { layers: Layers };
    assert.deepEqual(
      layers.served?.find(({ disk }) => disk === to),
      { disk: to, parts: [join(elsewhere, 'flat-flat.vmdk')], parents: [] },
    );
    assert.equal(await guest.run('head -c 4 /dev/vdd'), 'flat');
    await writeFile(join(folder, 'taken-flat.vmdk'), 'of somebody else');
    await assert.rejects(moving.move('taken.vmdk', to), (error) => isFault(error, 'exists'));
    assert.deepEqual(filesIn(folder, 'taken'), ['taken-flat.vmdk']);
    assert.deepEqual(
      await moving.detach(to),
      { live: true },
      'by the name that it is served by now',
    );
    await moving.attach('data4.vhdx', 3, makeChild);
    const child = join(elsewhere, 'child.vhdx');
    await assert.rejects(
      moving.move(child, 'data4.vhdx'),
      (error) => isFault(error, 'refused') && /differencing/.test(error.message),
    );
    assert.deepEqual([existsSync(child), moving.fileAt(3)], [false, 'data4.vhdx']);
    await agent.act(guest.id, 'pause');
    await moving.move(child, 'data4.vhdx');
    assert.deepEqual([existsSync(child), moving.fileAt(3)], [true, child]);
    await agent.act(guest.id, 'resume');
    await guest.attend();
    const second = 'dd if=/dev/vdd bs=1M skip=1 count=1 2>/dev/null | od -An -tu1 -N1';
    assert.equal(await guest.run(second), '1', 'with its parent');
  });

  test('a disk with snapshots moves with them while its guest writes, and is taken back to them there', async () => {
    const { agent, elsewhere } = moving;
    const held = async (top: string): Promise<number[]> => {
      const store = hostStore([agent.folder(guest.id), elsewhere]);
      await using disk = await openDisk({ path: top, format: 'qcow2', store });
      const found: number[] = [];
      for (const region of [0, 1, 2]) {
        const sector = Buffer.alloc(512);
        await disk.read(sector, region * miB);
        found.push(sector[511] ?? 0);
      }
      return found;
    };
    for (const region of [0, 1, 2]) await guest.write(region, 21);
    const first = await guest.take();
    await guest.write(1, 22);
    const second = await guest.take();
    await guest.write(2, 23);
    const put = 'dd of=/dev/vdb bs=512 seek=20000 conv=notrunc,fsync 2>/dev/null';
    const count = `n=$((n+1)); echo $n | ${put}; echo $n > /run/count3`;
    await guest.run(`(n=0; while [ ! -e /run/stop3 ]; do ${count}; done) & true`);
    const to = join(elsewhere, 'web.qcow2');
    await moving.move(to, 'data.qcow2');
    await guest.run('touch /run/stop3; wait; sync');
    const there = readdirSync(elsewhere).filter((name) => name.startsWith('web'));
    const files = ['web-2.layer.qcow2', 'web.layer.qcow2', 'web.qcow2'];
    assert.deepEqual([there.toSorted(), moving.inFolder], [files, []]);
    const last = await guest.run('cat /run/count3');
    const written = 'dd if=/dev/vdb bs=512 skip=20000 count=1 2>/dev/null | head -n 1';
    assert.equal(await guest.run(written), last);
    assert.ok(Number(last) > 2, last);
    assert.deepEqual((await guest.read()).slice(0, 3), [21, 22, 23]);
    const [top, below] = ['web-2', 'web'].map((one) => join(elsewhere, `${one}.layer.qcow2`));
    assert.ok(top !== undefined && below !== undefined);
    assert.deepEqual([await readBacking(top), await readBacking(below)], [below, to]);
    assert.ok(statSync(top).blocks * 512 < 2.5 * miB, 'and it got nothing of what lies below it');
    const third = await guest.take();
    await guest.remove(second);
    await agent.host.until('the layers to merge', () => !existsSync(top), 20_000);
    const newest = join(agent.folder(guest.id), 'web.layer.qcow2');
    assert.equal(await readBacking(newest), below, 'in another folder than what lies on it');
    await guest.remove(third);
    await agent.host.until('the layers to merge', () => !existsSync(newest), 20_000);
    await moving.move('data.qcow2', to);
    assert.deepEqual(moving.inFolder, ['data.layer.qcow2', 'data.qcow2']);
    await guest.revert(first, 'leave');
    await agent.until(guest.id, 'off', 20_000);
    assert.deepEqual(moving.inFolder, ['data-2.layer.qcow2', 'data.qcow2']);
    assert.deepEqual(await held(join(agent.folder(guest.id), 'data-2.layer.qcow2')), [21, 21, 21]);
    await moving.move(to, 'data.qcow2');
    assert.deepEqual(
      await held(join(elsewhere, 'web-2.layer.qcow2')),
      [21, 21, 21],
      'at rest, too',
    );
    assert.deepEqual(moving.inFolder, []);
    const check = { id: guest.id, action: 'turn-on', request: {} } as const;
    const { reasons } = await agent.host.call('machine.check', check);
    assert.deepEqual(reasons, [], 'it starts there');
  });
});
