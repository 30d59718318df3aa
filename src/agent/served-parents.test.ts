/**
 * Disks in formats of other products that are made over other files or of several: a vm knows what it got, and no file that its process
 * can write says otherwise later (docs/rfd/0041).
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk, VmDefinition } from '#api';
import { openDisk } from '#disk';
import { isFault } from '#lib';
import { QemuAgent, testDisk, withoutQemu } from './testing/qemu-agent.ts';
import { rename, ServedMaker, sizeBytes } from './testing/served-maker.ts';

describe('parents and parts of disks that are served', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let its: ServedMaker;

  before(async () => {
    agent = await QemuAgent.start();
    its = new ServedMaker(agent);
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  async function clone(id: string, from: VmDefinition, disk: Disk): Promise<unknown> {
    const copy = its.define({ ...disk, file: `copy.${disk.format}` });
    return agent.host.call('machine.clone', {
      ...its.call(id),
      definition: { ...copy, name: `${from.name}-copy` },
      definitionVersion: 1,
      parent: null,
      disks: [{ from: disk.file, to: `copy.${disk.format}` }],
    });
  }

  test('a parent VHD whose content was changed while its identity stayed is found before a start and before a copy, and taken as it is when the disk is attached anew', async () => {
    const base = await its.makeBase('vhd');
    const disk = its.served(await its.makeOver(base), 'vhd');
    const definition = its.define(disk);
    const id = await agent.create(definition);
    const owner = statSync(base).uid;
    await its.run(id);
    const { uid, mode } = statSync(base);
    assert.deepEqual([uid, mode & 0o777], [owner, 0o640], 'read by a group, and whose it was');
    {
      await using opened = await openDisk({ path: base, access: 'write', store: its.store });
      await opened.write(Buffer.alloc(512, 9), 4096);
      await opened.flush();
    }
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
    await assert.rejects(clone(id, definition, disk), /changed/);
    await its.detach(id, disk);
    await its.attach(id, disk);
    await its.run(id);
    await clone(id, definition, disk);
  });

  test('what a process writes into the text of its disk in several files leads neither its next start nor a copy to another file', async () => {
    const { path, part } = await its.makeFlat();
    const secret = await its.makeFlat();
    chmodSync(secret.part, 0o600);
    const disk = its.served(path, 'vmdk');
    const definition = its.define(disk);
    const id = await agent.create(definition);
    const owner = statSync(secret.part).uid;
    rename(path, basename(part), basename(secret.part));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    await assert.rejects(clone(id, definition, disk), (error) => isFault(error, 'refused'));
    assert.equal(statSync(secret.part).uid, owner);
    rename(path, basename(secret.part), basename(part));
    await its.run(id);
    // Who meant it attaches it again.
    rename(path, basename(part), basename(secret.part));
    await its.detach(id, disk);
    await its.attach(id, disk);
    await its.run(id);
  });

  test('a disk that does not name its parent any more, or another one, does not start', async () => {
    const [base, other] = [await its.makeBase('vmdk'), await its.makeBase('vmdk')];
    const over = await its.makeOver(base);
    const disk = its.served(over, 'vmdk');
    const id = await agent.create(its.define(disk));
    const before = readFileSync(over);
    const alone = await its.makeBase('vmdk', agent.shelf);
    writeFileSync(over, readFileSync(alone));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    writeFileSync(over, readFileSync(await its.makeOver(other)));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    writeFileSync(over, before);
    await its.run(id);
  });

  test('what a vm has borrowed, with all its parts, is written by no vm, whoever comes first', async () => {
    const { path: base } = await its.makeFlat();
    const id = await agent.create(its.define(its.served(await its.makeOver(base), 'vmdk')));
    // Another text that names the same content is refused as that itself is.
    const second = join(agent.shelf, 'second.vmdk');
    writeFileSync(second, readFileSync(base));
    for (const file of [base, second])
      await assert.rejects(
        agent.create(its.define(its.served(file, 'vmdk'))),
        /disks of .* are made from it/,
      );
    const late = await agent.create(its.define());
    await assert.rejects(its.attach(late, its.served(second, 'vmdk')), /are made from it/);
    const reader = await agent.create(its.define({ ...its.served(base, 'vmdk'), readOnly: true }));
    await its.run(reader);
    await its.run(id);
    // The other way round: what a vm writes is no parent.
    const { path: written, part: content } = await its.makeFlat();
    const over = await its.makeOver(written);
    const writer = await agent.create(its.define(its.served(written, 'vmdk')));
    const child = await agent.create(its.define(its.served(over, 'vmdk')));
    assert.ok((await agent.blockedCodes(child)).includes('disk-parent-in-use'));
    assert.ok((await agent.blockedCodes(writer)).length === 0);
    assert.ok(statSync(content).isFile());
  });

  test('what lies below a layer and was changed since is not merged into, neither when a snapshot goes nor at the end of undo disks', async () => {
    const change = async (path: string, value: number): Promise<void> => {
      await using opened = await openDisk({ path, access: 'write', store: its.store });
      await opened.write(Buffer.alloc(512, value), 4096);
      await opened.flush();
    };
    const asBefore = async (path: string): Promise<() => void> => {
      const [content, { atime, mtime }] = [readFileSync(path), statSync(path)];
      await change(path, 9);
      return () => {
        writeFileSync(path, content);
        utimesSync(path, atime, mtime);
      };
    };
    const content = async (path: string): Promise<number | undefined> => {
      await using opened = await openDisk({ path, store: its.store });
      const sector = Buffer.alloc(512);
      await opened.read(sector, 4096);
      return sector[0];
    };
    const file = await its.makeBase('vhd');
    utimesSync(file, new Date(), new Date(1_700_000_000_000));
    const id = await agent.create(its.define(its.served(file, 'vhd')));
    const snapshot = {
      id: crypto.randomUUID(),
      name: 's',
      description: '',
      author: null,
      exclude: [],
      memory: false,
      quiesce: false,
    };
    await agent.host.call('machine.snapshot.take', { ...its.call(id), snapshot });
    const { files } = await agent.host.call('machine.files', { id });
    const top = files.find(({ parent }) => parent === file)?.path ?? '';
    await change(top, 3);
    const restore = await asBefore(file);
    const deleted = { ...its.call(id), snapshotId: snapshot.id };
    const refused = agent.host.call('machine.snapshot.delete', deleted);
    await assert.rejects(refused, (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(String(error.cause ?? error.message), /was changed since something lies on it/);
      return true;
    });
    assert.equal(await content(file), 9);
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
    restore();
    // What it refused it does at the next occasion.
    await its.run(id);
    assert.deepEqual([await content(file), existsSync(top)], [3, false]);

    const whole = await its.makeBase('qcow2');
    utimesSync(whole, new Date(), new Date(1_700_000_000_000));
    const plain = its.define({ ...testDisk(whole), sizeBytes });
    const undoDisks = { ...plain.settings.undoDisks, enabled: true } as const;
    const other = await agent.create({ ...plain, settings: { ...plain.settings, undoDisks } });
    assert.equal((await agent.act(other, 'turn-on')).state, 'running');
    await agent.act(other, 'turn-off', { undo: 'keep' });
    const takeBack = await asBefore(whole);
    const decide = (): Promise<unknown> => agent.act(other, 'commit-undo');
    await assert.rejects(decide(), /was changed since something lies on it/);
    assert.deepEqual(await agent.blockedCodes(other), ['layer-changed']);
    takeBack();
    await decide();
    await its.run(other);
  });
});
