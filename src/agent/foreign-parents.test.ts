/** Disks that somebody made over other files, with QEMU's own tools: a vm stands on them, and leaves those files alone. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk, VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const tool = (...args: readonly string[]): string =>
  execFileSync('qemu-img', args, { encoding: 'utf8' });
/** All that nobody but the vm may change of a parent. */
const stateOf = (path: string): readonly (string | number)[] => {
  const { uid, mode, mtimeMs, nlink } = statSync(path);
  return [hash('sha256', readFileSync(path)), uid, mode & 0o707, mtimeMs, nlink];
};

describe('disks that were made over other files', { skip: withoutQemu }, () => {
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
  /** A base whose first megabyte is full of fives, as somebody else's tools made it. */
  function makeBase(format: 'qcow2' | 'raw' = 'qcow2', mode = 0o600): string {
    number += 1;
    const [path, content] = [`base${number}.${format}`, 'content'].map((one) =>
      join(agent.shelf, one),
    );
    assert.ok(path !== undefined && content !== undefined);
    writeFileSync(content, Buffer.alloc(miB, 5));
    truncateSync(content, 64 * miB);
    tool('convert', '-f', 'raw', '-O', format, content, path);
    rmSync(content);
    chmodSync(path, mode);
    return path;
  }
  function makeOver(parent: string, format = 'qcow2'): Disk {
    number += 1;
    const file = join(agent.shelf, `over${number}.qcow2`);
    tool('create', '-q', '-f', 'qcow2', '-b', parent, '-F', format, file);
    return testDisk(file);
  }
  const define = (...disks: readonly Disk[]): VmDefinition =>
    bareDefinition({ disks: [...disks] }, { settings });
  async function write(file: string, value: number, offset: number): Promise<void> {
    const access = 'write';
    await using disk = await openDisk({ path: file, access, store: hostStore([agent.shelf]) });
    await disk.write(Buffer.alloc(512, value), offset);
    await disk.flush();
  }
  async function read(
    file: string,
    ...offsets: readonly number[]
  ): Promise<(number | undefined)[]> {
    const store = hostStore([agent.shelf, agent.process.folder]);
    await using disk = await openDisk({ path: file, store });
    const found: (number | undefined)[] = [];
    for (const offset of offsets) {
      const sector = Buffer.alloc(512);
      await disk.read(sector, offset);
      found.push(sector[0]);
    }
    return found;
  }
  async function run(id: string): Promise<void> {
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
  }
  const snapshotOf = (id: string) => ({
    id,
    name: 's',
    description: '',
    author: null,
    exclude: [],
    memory: false,
    quiesce: false,
  });

  for (const format of ['qcow2', 'raw'] as const)
    test(`a vm starts on a disk over a base in ${format}, is snapshot, reverted and deleted, and the base stays as it is`, async () => {
      const base = makeBase(format);
      const before = stateOf(base);
      const disk = makeOver(base, format);
      const id = await agent.create(define(disk));
      await run(id);
      await write(disk.file, 9, 2 * miB);
      const snapshotId = crypto.randomUUID();
      await agent.act(id, 'turn-on');
      if (format === 'qcow2') await agent.restart();
      const snapshot = snapshotOf(snapshotId);
      await agent.host.call('machine.snapshot.take', { ...call(id), snapshot });
      await agent.act(id, 'turn-off');
      const revert = { ...call(id), snapshotId, memory: 'leave' } as const;
      await agent.host.call('machine.snapshot.revert', revert);
      await agent.host.call('machine.snapshot.delete', { ...call(id), snapshotId });
      await run(id);
      assert.deepEqual(await read(disk.file, 0, 2 * miB), [5, 9]);
      assert.deepEqual(stateOf(base), before);
      const done = await agent.host.call('machine.destroy', { ...call(id), keep: [] });
      assert.ok(!done.deleted.includes(base));
      assert.deepEqual(stateOf(base), before);
    });

  const attach = (id: string, disk: Disk) =>
    agent.host.call('machine.disk.attach', { ...call(id), disk });
  const detach = (id: string, disk: Disk) =>
    agent.host.call('machine.disk.detach', { ...call(id), disk });
  const refused = (work: Promise<unknown>, why: RegExp): Promise<void> =>
    assert.rejects(work, (error) => isFault(error, 'refused') && why.test(error.message));
  /** A header that names what `qemu-img create` would look for. */
  function makeNaming(name: string, format: string | undefined, disk = makeOver(makeBase())): Disk {
    const formatArgs = format === undefined ? [] : ['-F', format];
    tool('rebase', '-q', '-u', '-b', name, ...formatArgs, disk.file);
    return disk;
  }

  test('no name in a file leads to a file that is not one for vms, by whatever way', async () => {
    const id = await agent.create(define());
    const outside = mkdtempSync(join(tmpdir(), 'gp-'));
    const victim = join(outside, 'secret');
    writeFileSync(victim, Buffer.alloc(miB, 1), { mode: 0o644 });
    const outsideWords = /outside of the folders that vms may use/;
    await refused(attach(id, makeNaming('/etc/shadow', 'raw')), outsideWords);
    await refused(attach(id, makeNaming('/etc/there-is-none', 'raw')), outsideWords);
    await refused(attach(id, makeNaming(victim, 'raw')), outsideWords);
    await refused(attach(id, makeNaming(`${'../'.repeat(20)}${victim}`, 'raw')), outsideWords);
    const link = join(agent.shelf, 'link.raw');
    symlinkSync(victim, link);
    await refused(attach(id, makeNaming(link, 'raw')), outsideWords);
    // Two levels down.
    const between = makeNaming(victim, 'raw');
    await refused(attach(id, makeOver(between.file)), outsideWords);
    // A vm that is made with one, and one that comes in a folder, are no way round it.
    await refused(agent.create(define(makeNaming(victim, 'raw'))), outsideWords);
    const definition = { ...define(makeNaming(victim, 'raw')), id };
    const params = { ...call(id), definition, definitionVersion: 2 };
    await agent.host.call('machine.configure', params);
    assert.equal((await agent.blockedCodes(id))[0], 'disk-parent');
    rmSync(outside, { recursive: true });
  });

  test('what is no file, has no format, has one that QEMU is not trusted with, or is not there is refused with the reason', async () => {
    const id = await agent.create(define());
    const base = makeBase();
    const json = `json:${JSON.stringify({ driver: 'qcow2', file: { driver: 'file', filename: base } })}`;
    await refused(attach(id, makeNaming(json, 'qcow2')), /is no file of this host/);
    await refused(attach(id, makeNaming('nbd://127.0.0.1/x', 'raw')), /is no file of this host/);
    const bare = makeNaming(base, 'qcow2');
    // As QEMU before 6.1 made them: the extension that says the format is made one that nobody knows.
    const bytes = readFileSync(bare.file);
    const at = bytes.indexOf(Buffer.from([0xe2, 0x79, 0x2a, 0xca]));
    assert.ok(at > 0);
    bytes.writeUInt32BE(0x1234, at);
    writeFileSync(bare.file, bytes);
    await refused(attach(id, bare), /does not say the format of its parent/);
    await refused(attach(id, makeNaming(base, 'vmdk')), /the parent of .*, is in vmdk/);
    await refused(attach(id, makeNaming('there-is-none', 'qcow2')), /is not there/);
    execFileSync('mkfifo', [join(agent.shelf, 'pipe')]);
    await refused(attach(id, makeNaming('pipe', 'raw')), /is no regular file/);
    const [one, two] = [makeOver(base), makeOver(base)];
    makeNaming(two.file, 'qcow2', one);
    makeNaming(one.file, 'qcow2', two);
    await refused(attach(id, one), /comes back to/);
    // A file of another vm's folder is that one's, whatever this vm's disk says.
    const other = await agent.create(define(testDisk('a.qcow2')), [newDisk('a.qcow2')]);
    const theirs = join(agent.folder(other), 'a.qcow2');
    await refused(attach(id, makeNaming(theirs, 'qcow2')), /lies in the folder of/);
    await run(id);
  });

  const misledTo = async (
    theirs: string,
    work: Promise<unknown>,
    file: string,
    code = 'disk-parent',
  ): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(isFault(error, 'refused'), String(error));
      assert.deepEqual([error.reasons[0]?.code, error.message.includes(file)], [code, true]);
      assert.ok(error.message.includes(theirs));
      return true;
    });
  };
  const clone = async (id: string, { file, format }: Disk): Promise<string> => {
    const to = `copy.${format}`;
    const definition = define({ ...testDisk(to), format });
    const disks = [{ from: file, to }];
    const params = { ...call(id), definition, definitionVersion: 1, parent: null, disks };
    await agent.host.call('machine.clone', params);
    return join(agent.folder(definition.id), to);
  };
  const handOut = (id: string, { file }: Disk): Promise<unknown> => {
    const folder = join(agent.shelf, `out-${crypto.randomUUID()}`);
    const to = { file: 'out.vmdk', format: 'vmdk', variant: 'streamOptimized' } as const;
    const configuration = { file: 'out.vmx', base64: '' };
    const params = { ...call(id), folder, disks: [{ disk: file, ...to }], configuration };
    return agent.host.call('machine.hand-out', params);
  };
  const sum = (file: string): Promise<unknown> => {
    const work = { verb: 'checksum', file, algorithm: 'sha256' } as const;
    return agent.host.call('host.disk.work', { id: crypto.randomUUID(), work, again: false });
  };
  const list = (file: string): Promise<unknown> =>
    agent.host.call('host.disk.files', { file, partition: null, path: null, images: [] });

  test("what a process writes into the headers of its vm's disks leads whoever reads them with more rights to no other vm's", async () => {
    const victim = await agent.create(define(testDisk('a.qcow2')), [newDisk('a.qcow2')]);
    const theirs = join(agent.folder(victim), 'a.qcow2');
    const rewrite = (file: string, name = theirs): string =>
      tool('rebase', '-q', '-u', '-b', name, '-F', 'qcow2', file);
    const misled = (work: Promise<unknown>, file: string): Promise<void> =>
      misledTo(theirs, work, file);

    // A disk of one file, of which the record has no parent.
    const [alone, whole] = ['alone.qcow2', testDisk('alone.qcow2')];
    const single = await agent.create(define(whole), [newDisk(alone)]);
    const own = join(agent.folder(single), alone);
    rewrite(own);
    await misled(clone(single, whole), own);
    await misled(handOut(single, whole), own);
    const source = { kind: 'disk', id: single, place: 'virtio0:0' } as const;
    await misled(agent.host.call('host.file.look', { source }), own);
    await misled(sum(own), own);
    await misled(list(own), own);

    // One over a base, and a layer on top of it.
    const base = makeBase();
    const disk = makeOver(base);
    const id = await agent.create(define(disk));
    const [snapshotId, folder] = [crypto.randomUUID(), agent.folder(id)];
    const snapshot = snapshotOf(snapshotId);
    await agent.host.call('machine.snapshot.take', { ...call(id), snapshot });
    const { files } = await agent.host.call('machine.files', { id });
    const top = files.find(({ parent }) => parent === disk.file)?.path ?? '';
    assert.notEqual(top, '', folder);
    rewrite(top);
    await misled(clone(id, disk), top);
    await misled(handOut(id, disk), top);
    await misled(sum(top), top);
    const merged = agent.host.call('machine.snapshot.delete', { ...call(id), snapshotId });
    await assert.rejects(merged, (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(`${error.message} ${String(error.cause)}`, new RegExp(`${top} names ${theirs}`));
      return true;
    });
    rewrite(top, disk.file);
    // What is sealed says nothing: it is read by the record, whatever it names.
    rewrite(disk.file);
    assert.deepEqual(await read(await clone(id, disk), 0), [5]);
  });

  for (const format of ['vhd', 'vhdx', 'vmdk'] as const)
    test(`what a process writes into the header of its vm's disk in ${format} leads to no disk of another vm`, async () => {
      const made = async (path: string, parent?: string) => {
        const store = hostStore([agent.shelf, agent.process.folder]);
        await using below =
          parent === undefined ? undefined : await openDisk({ path: parent, store });
        const on = below && { parent: await parentFor(path, below) };
        await makeDisk({ path, format, sizeBytes: 4 * miB, ...on }, store);
        return { ...testDisk(path), format };
      };
      const [base, file] = ['base', 'child'].map((name) => join(agent.shelf, `${name}.${format}`));
      assert.ok(base !== undefined && file !== undefined);
      await made(base);
      chmodSync(base, 0o644);
      const disk = await made(file, base);
      const id = await agent.create(define(disk));
      // Its own parent is read by all of them.
      await clone(id, disk);
      await handOut(id, disk);
      await sum(file);
      await run(id);

      const victim = await agent.create(define());
      const theirs = join(agent.folder(victim), `theirs.${format}`);
      // What they keep in their folder, and what they have as a disk elsewhere.
      const elsewhere = join(agent.shelf, `theirs.${format}`);
      await made(theirs);
      await attach(victim, await made(elsewhere));
      const runner = await agent.create(define());
      await agent.act(runner, 'turn-on');
      // A layer lies on it: what is merged into it has the rest of its blocks from its parent.
      const under = await made(join(agent.shelf, `under.${format}`), base);
      const merger = await agent.create(define(under));
      const snapshot = snapshotOf(crypto.randomUUID());
      await agent.host.call('machine.snapshot.take', { ...call(merger), snapshot });
      const late = { ...testDisk(join(agent.shelf, `late.${format}`)), format, position: 1 };
      /** A vm that runs gets what its disk leads to no more than one that starts. */
      const keptFrom = async (named: string, code = 'disk-parent'): Promise<void> => {
        const before = [named, late.file].map(stateOf);
        await misledTo(named, attach(runner, late), late.file, code);
        assert.deepEqual([named, late.file].map(stateOf), before);
      };
      for (const [named, code] of [
        [theirs, 'disk-parent'],
        [elsewhere, 'disk-parent-in-use'],
      ] as const) {
        const evil = join(agent.shelf, `evil.${format}`);
        await made(evil, named);
        writeFileSync(file, readFileSync(evil));
        renameSync(evil, late.file);
        await keptFrom(named, code);
        rmSync(late.file);
        assert.ok((await agent.blockedCodes(id)).includes(code), named);
        await misledTo(named, clone(id, disk), file);
        if (named === theirs) writeFileSync(under.file, readFileSync(file));
        await misledTo(named, handOut(id, disk), file);
        await misledTo(named, sum(file), file);
        await misledTo(named, list(file), file);
      }
      const deleted = { ...call(merger), snapshotId: snapshot.id };
      await assert.rejects(agent.host.call('machine.snapshot.delete', deleted), (error) => {
        assert.ok(isFault(error, 'refused'));
        assert.match(error.message, new RegExp(`${under.file}, below the disk .* was changed`));
        return true;
      });
      const fine = await made(join(agent.shelf, `fine.${format}`), base);
      assert.deepEqual(await attach(runner, { ...fine, position: 2 }), { live: true });
      if (format !== 'vmdk') return;
      // Nor do the names of further parts.
      const describeAs = (target: string, part: string): void => {
        const lines = ['# Disk DescriptorFile', 'version=1', 'CID=fffffffe', 'parentCID=ffffffff'];
        lines.push('createType="monolithicFlat"', `RW 8192 FLAT "${part}" 0`, '');
        writeFileSync(target, lines.join('\n'));
      };
      const makePart = (path: string): string => {
        writeFileSync(path, Buffer.alloc(4 * miB, 7));
        return path;
      };
      const inFolder = makePart(join(agent.folder(victim), 'part.raw'));
      const whole = makePart(join(agent.shelf, 'whole.raw'));
      await attach(victim, { ...testDisk(whole), format: 'raw', position: 1 });
      const flat = makePart(join(agent.shelf, 'one-flat.vmdk'));
      const described = join(agent.shelf, 'one.vmdk');
      describeAs(described, flat);
      await attach(victim, { ...testDisk(described), format, position: 2 });
      for (const part of [inFolder, whole, flat]) {
        describeAs(file, part);
        assert.deepEqual(await agent.blockedCodes(id), ['disk-parent'], part);
        await misledTo(part, handOut(id, disk), file);
        await misledTo(part, sum(file), file);
        await misledTo(part, list(file), file);
        describeAs(late.file, part);
        await keptFrom(part);
      }
      describeAs(late.file, makePart(join(agent.shelf, 'late-flat.vmdk')));
      assert.deepEqual(await attach(runner, late), { live: true });
      // Neither to what no vm has, until somebody has meant it.
      const part = makePart(join(agent.shelf, 'own-flat.vmdk'));
      describeAs(file, part);
      assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
      await misledTo(part, sum(file), file);
      for (const change of [detach, attach]) await change(id, disk);
      await sum(file);
      await run(id);
    });

  test('a base has one writer or several readers, whoever comes first; who has it is said', async () => {
    const base = makeBase();
    const writer = await agent.create(define(testDisk(base)));
    const child = makeOver(base);
    const names = (id: string): string => agent.host.reports.get(id)?.name ?? '';
    const reader = await agent.create(define());
    await refused(
      attach(reader, child),
      new RegExp(`is a disk of ${names(writer)}, which writes it`),
    );
    await detach(writer, testDisk(base));
    await attach(reader, child);
    await refused(attach(writer, testDisk(base)), new RegExp(`disks of ${names(reader)} are made`));
    // By the settings as a whole it is told at the start.
    const definition = { ...define(testDisk(base)), id: writer, name: names(writer) };
    const params = { ...call(writer), definition, definitionVersion: 2 };
    await agent.host.call('machine.configure', params);
    assert.ok((await agent.blockedCodes(writer)).includes('disk-has-child'));
    assert.ok((await agent.blockedCodes(reader)).includes('disk-parent-in-use'));
    await detach(writer, testDisk(base));
    await attach(writer, { ...testDisk(base), readOnly: true });
    for (const id of [writer, reader]) await agent.act(id, 'turn-on');
    for (const id of [writer, reader]) await agent.act(id, 'turn-off');
  });

  test('several vms stand on one base that its owner alone could read; whose it is does not change, and none takes it from others', async () => {
    const base = makeBase();
    const before = stateOf(base);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push(await agent.create(define(makeOver(base))));
    for (const id of ids) await agent.act(id, 'turn-on');
    const [first, second, third] = ids as [string, string, string];
    await agent.act(first, 'turn-off');
    await agent.host.call('machine.destroy', { ...call(first), keep: [] });
    await agent.act(second, 'turn-off');
    await run(second);
    // As it runs a vm gets one more, of which it may read the base already, and one that it may not read before its next start.
    const more = { ...makeOver(base), position: 1 };
    assert.deepEqual(await attach(third, more), { live: true });
    await agent.act(third, 'turn-off');
    assert.deepEqual(stateOf(base), before);
    const { disks } = await agent.host.call('host.disks', {});
    assert.deepEqual(
      new Set(disks.find(({ path }) => path === base)?.vmIds),
      new Set([second, third]),
    );
  });

  test('a base that was changed is found before a start, and taken as it is when the disk is attached anew', async () => {
    const base = makeBase();
    const disk = makeOver(base);
    const id = await agent.create(define(disk));
    await run(id);
    utimesSync(base, new Date(), new Date(1_700_000_000_000));
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
    await detach(id, disk);
    await attach(id, disk);
    await run(id);
    // Rebased by somebody while nobody looked: what the record has is not what the file says.
    const other = makeBase();
    tool('rebase', '-q', '-b', other, '-F', 'qcow2', disk.file);
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    await detach(id, disk);
    await attach(id, disk);
    await run(id);
    tool('rebase', '-q', '-b', '', disk.file);
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    await detach(id, disk);
    // The record has let go of both.
    const writer = await agent.create(define(testDisk(base)));
    await run(writer);
  });

  test('a vm that is added from a folder has the parents that its disks name; one that is not there yet is found later', async () => {
    const base = makeBase();
    const definition = define(testDisk('a.qcow2'));
    const folder = join(agent.shelf, definition.name);
    mkdirSync(folder);
    const [between, disk] = [join(folder, 'between.qcow2'), join(folder, 'a.qcow2')];
    const make = ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b'];
    tool(...make, `../${base.slice(agent.shelf.length + 1)}`, between);
    tool(...make, 'between.qcow2', disk);
    const file = join(folder, `${definition.name}.json`);
    const made = await agent.create(define(testDisk('b.qcow2')), [newDisk('b.qcow2')]);
    const template = join(agent.folder(made), `${agent.host.reports.get(made)?.name ?? ''}.json`);
    const told = JSON.parse(readFileSync(template, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...told, definition }));
    const away = (path: string): string => `${path}.away`;
    for (const path of [base, disk]) renameSync(path, away(path));
    await agent.host.call('machine.adopt', { file, cause: byTester });
    const { id } = definition;
    assert.deepEqual(await agent.blockedCodes(id), ['disk-missing']);
    renameSync(away(disk), disk);
    assert.deepEqual(await agent.blockedCodes(id), ['disk-parent']);
    renameSync(away(base), base);
    await run(id);
    // In the vm's own folder parents are not the vm's either.
    const held = hash('sha256', readFileSync(between));
    const done = await agent.host.call('machine.destroy', { ...call(id), keep: [] });
    assert.deepEqual([done.deleted.includes(disk), done.kept.includes(between)], [true, true]);
    assert.equal(hash('sha256', readFileSync(between)), held);
    assert.ok(existsSync(base));
  });
});
