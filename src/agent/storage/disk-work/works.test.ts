/** Work on disk files: real files in a folder for vms, with the records of the machines that use them. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { diskWorkSchema, type Disk, type DiskAnswer, type DiskWork } from '#api';
import {
  checksumDisk,
  flattenDisk,
  hostStore,
  mergeLayers,
  openDisk,
  unfinishedPaths,
} from '#disk';
import { Fault, isFault, miB, type FaultCode } from '#lib';
import type { Obstacle } from '../../drivers/driver.ts';
import { findDisksAtWork } from '../../machine/disks-at-work.ts';
import type { MachineHost } from '../../machine/hands.ts';
import { noLayers, putBelow } from '../../machine/layers/layers.ts';
import { newMachineFile, type MachineFile } from '../../machine/record.ts';
import { bareDefinition, testDisk } from '../../testing/qemu-agent.ts';
import { usedByOthers } from '../list-files.ts';
import { restOf, WorkRecords } from './rests.ts';
import { requireSpace, watchSpace } from './space-guard.ts';
import { noUploads } from './testing.ts';
import { DiskWorks } from './works.ts';

describe('work on disk files', () => {
  let folder = '';
  let works: DiskWorks;
  let keepFreeBytes = 0;
  const machines: MachineFile[] = [];
  const { signal } = new AbortController();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dw-'));
    machines.length = 0;
    keepFreeBytes = 0;
    works = open();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (): DiskWorks =>
    new DiskWorks({
      folders: { listed: () => [folder], parents: () => [folder] },
      recordFolder: join(folder, 'records'),
      keepFreeBytes: () => keepFreeBytes,
      uploads: noUploads,
    });
  const at = (name: string): string => join(folder, name);
  const ask = (input: object): DiskWork => diskWorkSchema.parse(input);

  async function perform(
    input: object,
    more: { again?: boolean; id?: string; cancel?: AbortController; look?: () => unknown } = {},
  ): Promise<Record<string, unknown>> {
    const { id = crypto.randomUUID(), again = false } = more;
    const work = ask(input);
    if (!again) await works.plan(work, machines, signal);
    const doing = {
      signal: more.cancel?.signal ?? signal,
      progress: () => {
        more.look?.();
        more.cancel?.abort(new Fault('cancelled', 'it was enough'));
      },
    };
    return { ...(await works.perform({ id, work, again }, machines, doing)) };
  }
  const refused = (input: object, code: FaultCode): Promise<void> =>
    assert.rejects(perform(input), (error) => isFault(error, code));
  const create = (name: string, format = 'qcow2'): Promise<unknown> =>
    perform({ verb: 'create', file: at(name), format, sizeBytes: miB });
  const child = (name: string, parent: string, format = 'qcow2'): Promise<unknown> =>
    perform({ verb: 'create-child', file: at(name), parent: at(parent), format });

  async function write(name: string, byte: number, offset: number): Promise<void> {
    const store = hostStore([folder]);
    await using disk = await openDisk({ path: at(name), store, access: 'write' });
    await disk.write(Buffer.alloc(4096, byte), offset);
    await disk.flush();
  }
  async function content(name: string): Promise<string> {
    await using disk = await openDisk({ path: at(name), store: hostStore([folder]) });
    return await checksumDisk(disk);
  }
  const files = (): string[] =>
    readdirSync(folder)
      .filter((name) => name !== 'records')
      .sort();

  function use(
    name: string,
    state: MachineFile['state'] = 'off',
    format: Disk['format'] = 'qcow2',
    parent?: string,
  ): string {
    const disk = { ...testDisk(at(name)), format };
    const definition = bareDefinition({ disks: [disk] });
    const place = { folder, file: join(folder, 'vm.json') };
    const seal = { sizeBytes: 0, modified: '', head: '', mode: 0o644 };
    const parents = parent === undefined ? [] : [{ file: at(parent), format, seal }];
    const layers = putBelow(noLayers, disk, parents);
    machines.push({ ...newMachineFile(definition, 1, place, 0), layers, state });
    return definition.id;
  }

  test('each verb does to files what it does for gantry disk', async () => {
    await create('base.qcow2');
    await write('base.qcow2', 1, 0);
    await child('mid.qcow2', 'base.qcow2');
    await write('mid.qcow2', 2, 8192);
    await child('top.qcow2', 'mid.qcow2');
    await write('top.qcow2', 3, 65_536);
    const seen = await content('top.qcow2');

    const file = at('top.qcow2');
    const map = (await perform({ verb: 'map', file })) as DiskAnswer<'map'>;
    assert.deepEqual([map.rows[0]?.offset, map.rows[0]?.kind, map.next], [0, 'data', null]);
    const sums = (await perform({
      verb: 'measure',
      file: at('base.qcow2'),
    })) as DiskAnswer<'measure'>;
    assert.equal(sums.sizeBytes, miB);
    assert.deepEqual([sums.reason, sums.gainBytes], [null, 0]);
    const differing = (await perform({ verb: 'measure', file })) as DiskAnswer<'measure'>;
    assert.match(differing.reason ?? '', /differencing/);
    const diff = (await perform({ verb: 'diff', file })) as DiskAnswer<'diff'>;
    assert.deepEqual(diff.rows, [{ offset: 65_536, length: 4096, first: 'data', second: 'zero' }]);
    assert.equal((await perform({ verb: 'checksum', file }))['checksum'], seen);
    const check = await perform({ verb: 'check', file, layers: 'all' });
    assert.equal(check['corruptions'], 0);

    await perform({ verb: 'convert', file, target: at('whole.vhdx'), format: 'vhdx' });
    const compared = await perform({ verb: 'compare', file, other: at('whole.vhdx') });
    assert.equal(compared['isEqual'], true);
    await perform({ verb: 'merge', file, target: at('both.qcow2') });
    assert.equal(await content('both.qcow2'), seen);
    await perform({ verb: 'rebase', file: at('both.qcow2'), parent: at('mid.qcow2') });
    assert.equal(await content('both.qcow2'), seen);
    await perform({ verb: 'flatten', file: at('both.qcow2') });
    assert.equal(await content('both.qcow2'), seen);
    await perform({ verb: 'repair', file: at('both.qcow2'), target: at('mended.qcow2') });
    assert.equal(await content('mended.qcow2'), seen);
    await perform({ verb: 'resize', file: at('mended.qcow2'), sizeBytes: 2 * miB });
    await perform({ verb: 'compact', file: at('mended.qcow2') });
    const split = await perform({
      verb: 'split',
      file: at('whole.vhdx'),
      target: at('pieces'),
      pieceBytes: miB,
    });
    await perform({ verb: 'join', file: String(split['list']), target: at('joined.vhdx') });
    assert.ok(readFileSync(at('joined.vhdx')).equals(readFileSync(at('whole.vhdx'))));
    await perform({ verb: 'commit', file });
    assert.equal(await content('mid.qcow2'), seen);
    await perform({ verb: 'wipe', file: at('mended.qcow2') });
    const wiped = (await perform({
      verb: 'measure',
      file: at('mended.qcow2'),
    })) as DiskAnswer<'measure'>;
    assert.deepEqual([wiped.sizeBytes, wiped.dataBytes], [2 * miB, 0]);
    await perform({ verb: 'delete', file: at('joined.vhdx') });
    assert.deepEqual(files(), [
      'base.qcow2',
      'both.qcow2',
      'mended.qcow2',
      'mid.qcow2',
      'pieces',
      'whole.vhdx',
    ]);
  });

  test('DISK-24 a disk becomes read-only when it becomes a parent', async () => {
    await create('base.qcow2');
    await child('child.qcow2', 'base.qcow2');
    assert.equal(statSync(at('base.qcow2')).mode & 0o222, 0);
  });

  test('DISK-27 what has children is not deleted, compacted or resized, and they are named', async () => {
    await create('base.qcow2');
    await mkdir(at('vm'));
    await perform({
      verb: 'create-child',
      file: join(at('vm'), 'child.qcow2'),
      parent: at('base.qcow2'),
      format: 'qcow2',
    });
    await child('other.qcow2', 'base.qcow2');
    const file = at('base.qcow2');
    for (const input of [
      { verb: 'delete', file },
      { verb: 'wipe', file },
      { verb: 'compact', file },
      { verb: 'resize', file, sizeBytes: 2 * miB },
      { verb: 'commit', file: at('other.qcow2') },
    ])
      await assert.rejects(
        perform(input),
        (error) =>
          isFault(error, 'refused') &&
          JSON.stringify(error.facts['children']).includes('vm/child.qcow2'),
      );
    await perform({ verb: 'delete', file: join(at('vm'), 'child.qcow2') });
    await perform({ verb: 'commit', file: at('other.qcow2') });
    assert.deepEqual(files(), ['base.qcow2', 'vm']);
  });

  test('what a vm has is not changed, and not read while it runs', async () => {
    await create('base.qcow2');
    await child('disk.qcow2', 'base.qcow2');
    const id = use('disk.qcow2', 'off', 'qcow2', 'base.qcow2');
    const file = at('disk.qcow2');
    for (const path of [file, at('base.qcow2')])
      await assert.rejects(
        perform({ verb: 'delete', file: path }),
        (error) =>
          isFault(error, 'refused') &&
          JSON.stringify(error.facts['vmIds']) === JSON.stringify([id]),
      );
    await refused(
      { verb: 'create-child', file: at('c.qcow2'), parent: file, format: 'qcow2' },
      'refused',
    );
    await child('sibling.qcow2', 'base.qcow2');
    await perform({ verb: 'checksum', file });
    use('disk.qcow2', 'running', 'qcow2', 'base.qcow2');
    await refused({ verb: 'checksum', file }, 'refused');
    await perform({ verb: 'checksum', file: at('base.qcow2') });
  });

  for (const format of ['qcow2', 'vhd', 'vhdx', 'vmdk'] as const)
    test(`what a disk of a vm in ${format} is made from is the vm’s, however far below and wherever it lies`, async () => {
      const [base, middle, top] = ['base', 'middle', 'top'].map((name) => `${name}.${format}`);
      assert.ok(base && middle && top);
      await create(base, format);
      await child(middle, base, format);
      await child(top, middle, format);
      const id = use(top, 'off', format);
      for (const name of [base, middle])
        await assert.rejects(perform({ verb: 'delete', file: at(name) }), (error) => {
          assert.ok(isFault(error, 'refused'));
          assert.deepEqual(error.facts['vmIds'], [id]);
          return true;
        });
      assert.deepEqual(
        (await usedByOthers(machines)).keys().toArray().sort(),
        [base, middle, top].map(at).sort(),
      );
    });

  test('only disks in the folders for vms are touched, and nothing is overwritten', async () => {
    await create('a.qcow2');
    writeFileSync(at('vm.json'), '{}');
    const file = at('a.qcow2');
    await refused({ verb: 'checksum', file: '/etc/hostname' }, 'forbidden');
    await refused({ verb: 'convert', file, target: '/etc/a.raw', format: 'raw' }, 'forbidden');
    await refused({ verb: 'delete', file: at('vm.json') }, 'invalid');
    await refused(
      { verb: 'convert', file: at('vm.json'), target: at('x.raw'), format: 'raw' },
      'invalid',
    );
    await refused({ verb: 'convert', file, target: at('vm.json'), format: 'raw' }, 'exists');
    await refused({ verb: 'checksum', file: at('gone.qcow2') }, 'not-found');
    await refused(
      { verb: 'create', file: at('f.vmdk'), format: 'vmdk', allocation: 'fixed', sizeBytes: miB },
      'unsupported',
    );
    assert.deepEqual(files(), ['a.qcow2', 'vm.json']);
  });

  test('the content of a disk of a vm never says which format it has', async () => {
    await create('secret.qcow2');
    await write('secret.qcow2', 9, 0);
    await child('trick.qcow2', 'secret.qcow2');
    // What a guest can write to its raw disk.
    writeFileSync(at('guest.img'), readFileSync(at('trick.qcow2')));
    await truncate(at('guest.img'), miB);
    const definition = bareDefinition({ disks: [{ ...testDisk(at('guest.img')), format: 'raw' }] });
    machines.push(newMachineFile(definition, 1, { folder, file: join(folder, 'vm.json') }, 0));
    await perform({
      verb: 'convert',
      file: at('guest.img'),
      target: at('copy.raw'),
      format: 'raw',
    });
    assert.ok(readFileSync(at('copy.raw')).equals(readFileSync(at('guest.img'))));
  });

  test('DISK-45 what is cancelled leaves the source as it was and nothing of the target', async () => {
    await create('a.qcow2');
    await write('a.qcow2', 5, 0);
    const before = await content('a.qcow2');
    const input = { verb: 'convert', file: at('a.qcow2'), target: at('b.raw'), format: 'raw' };
    // The first progress is told when all is copied and not yet compared.
    await assert.rejects(perform(input, { cancel: new AbortController() }), (error) =>
      isFault(error, 'cancelled'),
    );
    assert.deepEqual(files(), ['a.qcow2']);
    assert.equal(await content('a.qcow2'), before);
  });

  test('what a killed agent has left is removed by the next, and the work asked for again is done', async () => {
    await create('a.qcow2');
    const target = at('b.raw');
    const id = crypto.randomUUID();
    await new WorkRecords(at('records')).begin(id, [target]);
    writeFileSync(restOf(target, id), 'half');
    await mkdir(restOf(target, '0123abcd'));
    writeFileSync(at('.c.raw.0123abcd.part'), 'of somebody else');
    works = open();
    const input = { verb: 'convert', file: at('a.qcow2'), target, format: 'raw' };
    await perform(input, { id, again: true });
    assert.deepEqual(files(), ['.c.raw.0123abcd.part', 'a.qcow2', 'b.raw']);
    assert.deepEqual(readdirSync(at('records')), []);
  });

  test('a copy that a killed agent was at is kept for whoever asks again, a week, and removed when it is stopped', async () => {
    await create('a.qcow2');
    const target = at('b.raw');
    const { part, journal } = unfinishedPaths(target);
    const otherId = crypto.randomUUID();
    const id = crypto.randomUUID();
    const folder = unfinishedPaths(at('pieces')).part;
    const leave = async (): Promise<void> => {
      const records = new WorkRecords(at('records'));
      await records.begin(id, [target]);
      for (const path of [part, journal]) writeFileSync(path, '{}');
      await mkdir(folder);
      writeFileSync(join(folder, '.a.qcow2.001.unfinished.part'), 'half');
      await records.begin(otherId, [at('pieces')]);
      writeFileSync(restOf(target, id), 'half');
    };
    await leave();
    works = open();
    await perform({ verb: 'checksum', file: at('a.qcow2') });
    assert.deepEqual(files(), [
      '.b.raw.unfinished.json',
      '.b.raw.unfinished.part',
      '.pieces.unfinished.part',
      'a.qcow2',
    ]);
    for (const one of [id, otherId]) await works.stop(one);
    assert.deepEqual(files(), ['a.qcow2']);
    await leave();
    const longAgo = Date.now() / 1000 - 8 * 24 * 60 * 60;
    for (const one of [id, otherId])
      utimesSync(join(at('records'), `${one}.json`), longAgo, longAgo);
    works = open();
    await perform({ verb: 'checksum', file: at('a.qcow2') });
    assert.deepEqual(files(), ['a.qcow2']);
    assert.deepEqual(readdirSync(at('records')), []);
  });

  for (const verb of ['merge', 'flatten'] as const)
    test(`DISK-45 what a killed agent has copied to ${verb} is gone on with by the next, not made anew`, async () => {
      const sizeBytes = 12 * miB;
      await perform({ verb: 'create', file: at('base.qcow2'), format: 'qcow2', sizeBytes });
      await child('mid.qcow2', 'base.qcow2');
      await write('mid.qcow2', 2, 0);
      await child('top.qcow2', 'mid.qcow2');
      await write('top.qcow2', 3, 9 * miB);
      const [file, target, id] = [at('top.qcow2'), at('made.qcow2'), crypto.randomUUID()];
      const { part, journal } = unfinishedPaths(target);
      const cut = new AbortController();
      let nowMs = 0;
      const options = {
        store: hostStore([folder]),
        resume: 'possible',
        stepBytes: 4 * miB,
        signal: cut.signal,
        clock: { now: () => (nowMs += 1000), sleep: () => Promise.resolve() },
        onProgress: () => {
          if (existsSync(journal) && !readFileSync(journal, 'utf8').includes('"doneBytes":0,'))
            cut.abort();
        },
      } as const;
      await new WorkRecords(at('records')).begin(id, [target]);
      {
        await using top = await openDisk({ path: file, store: options.store });
        const cutOff =
          verb === 'merge'
            ? mergeLayers(top, { ...options, layers: 2, target: { path: target, format: 'qcow2' } })
            : flattenDisk(top, { ...options, target: { path: target } });
        await assert.rejects(cutOff, () => cut.signal.aborted);
      }
      const begun = statSync(part).birthtimeMs;
      works = open();
      await perform({ verb, file, target }, { id, again: true });
      assert.equal(statSync(target).birthtimeMs, begun, 'it is the file that was begun');
      assert.equal(await content('made.qcow2'), await content('top.qcow2'));
      assert.deepEqual(files(), ['base.qcow2', 'made.qcow2', 'mid.qcow2', 'top.qcow2']);
    });

  test('work whose answer was lost is not done twice, and what is there is no proof of it unless it is the same', async () => {
    await create('a.qcow2');
    await write('a.qcow2', 5, 0);
    const file = at('a.qcow2');
    const input = { verb: 'convert', file, target: at('b.raw'), format: 'raw' };
    const id = crypto.randomUUID();
    const answer = await perform(input, { id });
    const { ino } = statSync(at('b.raw'));
    assert.deepEqual(await perform(input, { id, again: true }), answer, 'the same agent knows it');
    works = open();
    assert.deepEqual(await perform(input, { id, again: true }), answer, 'another finds it done');
    assert.equal(statSync(at('b.raw')).ino, ino);
    const made = { verb: 'split', file, target: at('pieces'), pieceBytes: miB };
    const { list } = await perform(made);
    works = open();
    assert.equal((await perform(made, { again: true }))['list'], list);
    const join = { verb: 'join', file: list, target: at('j.qcow2') };
    await perform(join);
    works = open();
    await perform(join, { again: true });
    chmodSync(at('b.raw'), 0o644);
    writeFileSync(at('b.raw'), Buffer.alloc(miB));
    await assert.rejects(perform(input, { again: true }), (error) => isFault(error, 'exists'));
    for (const verb of ['delete', 'delete'])
      await perform({ verb, file: at('j.qcow2') }, { again: true });
    await child('c.qcow2', 'a.qcow2');
    await perform({ verb: 'commit', file: at('c.qcow2') });
    works = open();
    await perform({ verb: 'commit', file: at('c.qcow2') }, { again: true });
    assert.equal(existsSync(file), true);
  });

  test('two works on one file do not change it at once', async () => {
    await create('a.qcow2');
    const file = at('a.qcow2');
    use('b.qcow2');
    const [machine] = machines;
    assert.ok(machine !== undefined);
    const { disks } = machine.definition.hardware;
    const host = { driver: { storage: { works } } } as unknown as Pick<MachineHost, 'driver'>;
    const seen: Promise<readonly Obstacle[]>[] = [];
    const look = (): unknown => seen.push(findDisksAtWork(host, machine, disks));
    await perform({ verb: 'convert', file, target: at('b.qcow2'), format: 'qcow2' }, { look });
    assert.equal((await seen[0])?.[0]?.code, 'disk-in-use', 'it stands against a start');
    assert.deepEqual(await findDisksAtWork(host, machine, disks), []);
    const both = await Promise.allSettled([
      perform({ verb: 'compact', file }),
      perform({ verb: 'compact', file }),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('DISK-48 nothing is begun that writes to a volume low on space, and what goes on there ends', async () => {
    await create('a.qcow2');
    keepFreeBytes = Number.MAX_SAFE_INTEGER;
    const file = at('a.qcow2');
    await refused({ verb: 'compact', file }, 'exhausted');
    await refused({ verb: 'convert', file, target: at('b.raw'), format: 'raw' }, 'exhausted');
    await perform({ verb: 'checksum', file });
    await perform({ verb: 'delete', file });
    let least = 0;
    const limit = { keepFreeBytes: () => least, periodMs: 1 };
    await requireSpace(file, limit);
    using watched = watchSpace([file], limit);
    least = Number.MAX_SAFE_INTEGER;
    await new Promise((resolve) => watched.signal.addEventListener('abort', resolve));
    assert.ok(isFault(watched.signal.reason, 'exhausted'));
  });
});
