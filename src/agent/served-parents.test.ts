/**
 * Disks in formats of other products that are made over other files or of several: a vm knows what it got, and no file that its process
 * can write says otherwise later (docs/rfd/0041).
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk, VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const sizeBytes = 8 * miB;

describe('parents and parts of disks that are served', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let number = 0;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const settings = { acceleration: 'tcg' } as const;
  const call = (id: string) => ({ id, generation: agent.generation(id), cause: byTester });
  const define = (...disks: readonly Disk[]): VmDefinition =>
    bareDefinition({ disks: [...disks] }, { settings });
  const attach = (id: string, disk: Disk): Promise<unknown> =>
    agent.host.call('machine.disk.attach', { ...call(id), disk });
  const detach = (id: string, disk: Disk): Promise<unknown> =>
    agent.host.call('machine.disk.detach', { ...call(id), disk });
  async function run(id: string): Promise<void> {
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
  }
  async function restart(whileAway: () => void): Promise<void> {
    const { links } = agent.host;
    await agent.process.stop('SIGKILL');
    whileAway();
    agent.process.run();
    await agent.host.until('the agent comes back', () => agent.host.links > links, 60_000);
  }
  const store = (): ReturnType<typeof hostStore> => hostStore([agent.shelf, agent.process.folder]);
  const served = (file: string, format: 'vhd' | 'vmdk'): Disk => ({
    ...testDisk(file),
    format,
    sizeBytes,
  });

  /** Whose first megabyte is full of fives. */
  async function makeBase(format: 'vhd' | 'vmdk' | 'qcow2', folder = agent.shelf): Promise<string> {
    number += 1;
    const path = join(folder, `base${number}.${format}`);
    await makeDisk({ path, format, sizeBytes }, store(), (made) =>
      made.write(Buffer.alloc(miB, 5), 0),
    );
    chmodSync(path, 0o600);
    return path;
  }
  async function makeOver(parent: string, folder = agent.shelf): Promise<string> {
    number += 1;
    const format = parent.endsWith('.vhd') ? 'vhd' : 'vmdk';
    const path = join(folder, `over${number}.${format}`);
    await using below = await openDisk({ path: parent, store: store() });
    const on = await parentFor(path, below);
    await makeDisk({ path, format, sizeBytes, parent: on }, store());
    return path;
  }
  /** A text that names the file with its content. */
  async function makeFlat(folder = agent.shelf): Promise<{ path: string; part: string }> {
    number += 1;
    const path = join(folder, `flat${number}.vmdk`);
    const flat = { path, format: 'vmdk', variant: 'monolithicFlat', sizeBytes } as const;
    await makeDisk(flat, store(), (made) => made.write(Buffer.alloc(miB, 7), 0));
    return { path, part: path.replace('.vmdk', '-flat.vmdk') };
  }
  /** As a process that broke out of QEMU does it. */
  function rename(descriptor: string, from: string, to: string): void {
    const text = readFileSync(descriptor, 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(descriptor, text.replaceAll(from, to));
  }
  async function clone(id: string, from: VmDefinition, disk: Disk): Promise<unknown> {
    const copy = define({ ...disk, file: `copy.${disk.format}` });
    return agent.host.call('machine.clone', {
      ...call(id),
      definition: { ...copy, name: `${from.name}-copy` },
      definitionVersion: 1,
      parent: null,
      disks: [{ from: disk.file, to: `copy.${disk.format}` }],
    });
  }

  test('a parent VHD whose content was changed while its identity stayed is found before a start and before a copy, and taken as it is when the disk is attached anew', async () => {
    const base = await makeBase('vhd');
    const disk = served(await makeOver(base), 'vhd');
    const definition = define(disk);
    const id = await agent.create(definition);
    const owner = statSync(base).uid;
    await run(id);
    const { uid, mode } = statSync(base);
    assert.deepEqual([uid, mode & 0o777], [owner, 0o640], 'read by a group, and whose it was');
    {
      await using opened = await openDisk({ path: base, access: 'write', store: store() });
      await opened.write(Buffer.alloc(512, 9), 4096);
      await opened.flush();
    }
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
    await assert.rejects(clone(id, definition, disk), /changed/);
    await detach(id, disk);
    await attach(id, disk);
    await run(id);
    await clone(id, definition, disk);
  });

  test('what a process writes into the text of its disk in several files leads neither its next start nor a copy to another file', async () => {
    const { path, part } = await makeFlat();
    const secret = await makeFlat();
    chmodSync(secret.part, 0o600);
    const disk = served(path, 'vmdk');
    const definition = define(disk);
    const id = await agent.create(definition);
    const owner = statSync(secret.part).uid;
    rename(path, basename(part), basename(secret.part));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    await assert.rejects(clone(id, definition, disk), (error) => isFault(error, 'refused'));
    assert.equal(statSync(secret.part).uid, owner);
    rename(path, basename(secret.part), basename(part));
    await run(id);
    // Who meant it attaches it again.
    rename(path, basename(part), basename(secret.part));
    await detach(id, disk);
    await attach(id, disk);
    await run(id);
  });

  test('a disk that does not name its parent any more, or another one, does not start', async () => {
    const [base, other] = [await makeBase('vmdk'), await makeBase('vmdk')];
    const over = await makeOver(base);
    const disk = served(over, 'vmdk');
    const id = await agent.create(define(disk));
    const before = readFileSync(over);
    const alone = await makeBase('vmdk', agent.shelf);
    writeFileSync(over, readFileSync(alone));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    writeFileSync(over, readFileSync(await makeOver(other)));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    writeFileSync(over, before);
    await run(id);
  });

  test('what a vm has borrowed, with all its parts, is written by no vm, whoever comes first', async () => {
    const { path: base } = await makeFlat();
    const id = await agent.create(define(served(await makeOver(base), 'vmdk')));
    // Another text that names the same content is refused as that itself is.
    const second = join(agent.shelf, 'second.vmdk');
    writeFileSync(second, readFileSync(base));
    for (const file of [base, second])
      await assert.rejects(
        agent.create(define(served(file, 'vmdk'))),
        /disks of .* are made from it/,
      );
    const late = await agent.create(define());
    await assert.rejects(attach(late, served(second, 'vmdk')), /are made from it/);
    const reader = await agent.create(define({ ...served(base, 'vmdk'), readOnly: true }));
    await run(reader);
    await run(id);
    // The other way round: what a vm writes is no parent.
    const { path: written, part: content } = await makeFlat();
    const over = await makeOver(written);
    const writer = await agent.create(define(served(written, 'vmdk')));
    const child = await agent.create(define(served(over, 'vmdk')));
    assert.ok((await agent.blockedCodes(child)).includes('disk-parent-in-use'));
    assert.ok((await agent.blockedCodes(writer)).length === 0);
    assert.ok(statSync(content).isFile());
  });

  test('a vm whose record does not know yet what its disk is made of looks at its next start, and keeps to that', async () => {
    const { path, part } = await makeFlat();
    const id = await agent.create(define(served(path, 'vmdk')));
    const record = join(agent.process.folder, 'data', 'machines', `${id}.json`);
    await restart(() => {
      const told = JSON.parse(readFileSync(record, 'utf8')) as { layers: { served?: unknown } };
      assert.ok(told.layers.served);
      delete told.layers.served;
      writeFileSync(record, JSON.stringify(told));
    });
    await run(id);
    rename(path, basename(part), 'another-flat.vmdk');
    writeFileSync(join(agent.shelf, 'another-flat.vmdk'), readFileSync(part));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
  });

  test('a vm starts after its disks were moved with all that they are made of, and still keeps to that', async () => {
    const definition = define(served('flat.vmdk', 'vmdk'));
    const id = await agent.create(definition);
    const home = agent.folder(id);
    const base = await makeBase('vhd', home);
    const over = await makeOver(base, home);
    const { path: flat, part } = await makeFlat(home);
    const disks = [over, flat].map((path, position) => ({
      ...served(basename(path), path === flat ? 'vmdk' : 'vhd'),
      position,
    }));
    const [child, pieces] = disks;
    assert.ok(child !== undefined && pieces !== undefined);
    const configured = { ...definition, hardware: { ...definition.hardware, disks } };
    const configure = { definition: configured, definitionVersion: 2 };
    await agent.host.call('machine.configure', { ...call(id), ...configure });
    await run(id);
    const parent = join(agent.shelf, 'moved');
    mkdirSync(parent);
    chmodSync(parent, 0o755);
    const relocate = (
      next: VmDefinition,
      version: number,
      place: string | null,
      moves: readonly { from: string; to: string }[],
    ): Promise<unknown> =>
      agent.host.call('machine.relocate', {
        ...call(id),
        parent: place,
        definition: next,
        definitionVersion: version,
        disks: [...moves],
      });
    await relocate(configured, 3, parent, []);
    assert.equal(dirname(agent.folder(id)), parent);
    await run(id);
    const to = join(parent, 'apart.vmdk');
    const apart = {
      ...configured,
      hardware: { ...configured.hardware, disks: [child, { ...pieces, file: to }] },
    };
    await relocate(apart, 4, null, [{ from: pieces.file, to }]);
    await run(id);
    assert.ok(readdirSync(parent).includes(basename(part)));
    rename(to, basename(part), 'x-flat.vmdk');
    writeFileSync(join(parent, 'x-flat.vmdk'), readFileSync(join(parent, basename(part))));
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    rename(to, 'x-flat.vmdk', basename(part));
    utimesSync(join(agent.folder(id), basename(base)), new Date(), new Date(1_700_000_000_000));
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
  });

  test('what lies below a layer and was changed since is not merged into, neither when a snapshot goes nor at the end of undo disks', async () => {
    const change = async (path: string, value: number): Promise<void> => {
      await using opened = await openDisk({ path, access: 'write', store: store() });
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
      await using opened = await openDisk({ path, store: store() });
      const sector = Buffer.alloc(512);
      await opened.read(sector, 4096);
      return sector[0];
    };
    const file = await makeBase('vhd');
    utimesSync(file, new Date(), new Date(1_700_000_000_000));
    const id = await agent.create(define(served(file, 'vhd')));
    const snapshot = {
      id: crypto.randomUUID(),
      name: 's',
      description: '',
      author: null,
      exclude: [],
      memory: false,
      quiesce: false,
    };
    await agent.host.call('machine.snapshot.take', { ...call(id), snapshot });
    const { files } = await agent.host.call('machine.files', { id });
    const top = files.find(({ parent }) => parent === file)?.path ?? '';
    await change(top, 3);
    const restore = await asBefore(file);
    const deleted = { ...call(id), snapshotId: snapshot.id };
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
    await run(id);
    assert.deepEqual([await content(file), existsSync(top)], [3, false]);

    const whole = await makeBase('qcow2');
    utimesSync(whole, new Date(), new Date(1_700_000_000_000));
    const plain = define({ ...testDisk(whole), sizeBytes });
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
    await run(other);
  });
});
