import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { kiB, miB } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { MemoryFile } from '../file/memory-file.ts';
import { openNodeFile } from '../file/node-file.ts';
import { openDisk } from '../open.ts';
import { RawLayer } from '../raw/raw-layer.ts';
import { Disk } from '../disk.ts';
import { store, withFolder } from '../testing/folder.ts';
import { seededRandom } from '../testing/random.ts';
import { checkDisk } from '../verbs/check.ts';
import { compareDisks } from '../verbs/compare.ts';
import { convertDisk } from '../verbs/convert.ts';
import { makeDisk } from '../verbs/create.ts';
import { pieceBytes, runMove } from './move.ts';
import { theMover } from './mover.ts';
import { SpanMover } from './span-mover.ts';

const size = 13 * miB + 512 * 7;
const random = seededRandom(21);

/** Data with zeros in it of all lengths, and holes. */
async function fillUnevenly(disk: Disk): Promise<void> {
  for (let at = 0; at < disk.sizeBytes - 3 * miB; at += (1 + random.pick(300)) * 4 * kiB) {
    const length = (1 + random.pick(100)) * 4 * kiB;
    await disk.write(Buffer.alloc(length), at);
    await disk.write(random.bytes(length / 2), at);
  }
  await disk.write(random.bytes(512), disk.sizeBytes - 512);
}

const kinds = [
  ['raw', undefined],
  ['vhd', 'fixed'],
  ['vhd', 'dynamic'],
  ['vhdx', 'dynamic'],
  ['qcow2', undefined],
  ['vmdk', 'monolithicSparse'],
] as const;

void test('what threads move into a new disk of any kind, from one of any kind, is what the copy would write, holes included', () =>
  withFolder(async (folder) => {
    await theMover().start();
    const first = join(folder, 'first.raw');
    await makeDisk({ path: first, format: 'raw', sizeBytes: size }, store, fillUnevenly);
    for (const [format, variant] of kinds) {
      const [made, back] = [join(folder, `${variant}.${format}`), join(folder, 'back.raw')];
      const stored: number[] = [];
      for (const [from, as, to, target, kind] of [
        [first, 'raw', made, format, variant],
        [made, format, back, 'raw', undefined],
      ] as const) {
        await using source = await openDisk({ path: from, format: as, store });
        await convertDisk(source, { store, target: { path: to, format: target, variant: kind } });
        await using copy = await openDisk({ path: to, format: target, store });
        assert.ok((await compareDisks(source, copy, {})).isEqual, `${from} and ${to} differ`);
        assert.equal((await checkDisk(copy)).corruptions, 0);
        stored.push((await stat(to)).blocks * 512);
      }
      const [, rawBytes = 0] = stored;
      const most = (await stat(first)).blocks * 512;
      assert.ok(rawBytes < most, `${rawBytes} bytes of ${most} are in the copy out of a ${format}`);
      execFileSync('rm', [back]);
    }
  }));

void test('a span is moved where source and target are files of the host, and left to the copy where one is not', () =>
  withFolder(async (folder) => {
    await theMover().start();
    const content = random.bytes(4 * miB);
    const path = join(folder, 'a.raw');
    await makeDisk({ path, format: 'raw', sizeBytes: content.length }, store, (disk) =>
      disk.write(content, 0),
    );
    await using source = await openDisk({ path, format: 'raw', store });
    for (const format of ['raw', 'vhd']) {
      const to = join(folder, `b.${format}`);
      await makeDisk({ path: to, format, sizeBytes: content.length }, store, async (target) => {
        const mover = SpanMover.between(source, target);
        assert.equal(await mover?.move(2 * miB, 2 * miB), true);
        assert.equal(await mover?.move(0, 2 * miB), true);
      });
      await using target = await openDisk({ path: to, format, store });
      assert.ok((await compareDisks(source, target, {})).isEqual);
    }
    const memory = new Disk(new RawLayer(new MemoryFile('m', content), content.length), undefined);
    assert.equal(await SpanMover.between(source, memory)?.move(0, 2 * miB), false);
    const to = join(folder, 'c.vhd');
    await makeDisk(
      { path: to, format: 'vhd', sizeBytes: content.length },
      store,
      async (target) => {
        assert.equal(await SpanMover.between(memory, target)?.move(0, 2 * miB), false);
      },
    );
    assert.ok((await stat(to)).size < 4 * kiB, 'nothing has a place yet');
  }));

void test('a block of zeros among data gets no place in a dynamic disk', () =>
  withFolder(async (folder) => {
    await theMover().start();
    const path = join(folder, 'a.raw');
    await makeDisk({ path, format: 'raw', sizeBytes: 8 * miB }, store, async (disk) => {
      await disk.write(random.bytes(2 * miB), 0);
      await disk.write(Buffer.alloc(4 * miB), 2 * miB);
      await disk.write(random.bytes(2 * miB), 6 * miB);
    });
    const to = join(folder, 'a.vhd');
    await using source = await openDisk({ path, format: 'raw', store });
    await convertDisk(source, { store, target: { path: to, format: 'vhd' } });
    assert.ok((await stat(to)).size < 4.1 * miB, `${(await stat(to)).size} bytes`);
  }));

void test('a file that ends before its disk does is zeros from there on, and pieces end on whole ones of the target', () =>
  withFolder(async (folder) => {
    const content = random.bytes(700 * kiB);
    const from = await open(join(folder, 'from'), 'w+');
    const to = await open(join(folder, 'to'), 'w+');
    await from.write(content, 0, 400 * kiB + 100, 0);
    const memory = Buffer.alloc(pieceBytes, 0x5a);
    const runs = [{ descriptor: from.fd, fileOffset: 0, length: 700 * kiB, offset: 8 * kiB }];
    const origin = 20 * kiB;
    const order = { runs, descriptor: to.fd, origin, unit: 4096 };
    assert.equal(runMove(order, memory), undefined);
    const made = Buffer.alloc(800 * kiB);
    await to.read(made, 0, made.length, 0);
    const wanted = Buffer.alloc(800 * kiB);
    content.copy(wanted, 28 * kiB, 0, 400 * kiB + 100);
    assert.ok(made.equals(wanted));
    assert.ok((await stat(join(folder, 'to'))).size <= 28 * kiB + 404 * kiB);
    await from.close();
    await to.close();
  }));

void test('a program ends at once whose threads have begun and were asked nothing', () =>
  withFolder(async (folder) => {
    const script = `
      import { theMover } from ${JSON.stringify(new URL('mover.ts', import.meta.url).href)};
      theMover().enter();
      await theMover().start();
      console.log(theMover().isReady);
    `;
    const path = join(folder, 'program.mjs');
    await writeFile(path, script);
    const said = execFileSync(process.execPath, [path], { timeout: 20_000, encoding: 'utf8' });
    assert.equal(said, 'true\n');
  }));

void test('what the host refuses a thread names the file and the place in it', async () => {
  await theMover().start();
  await withFolder(async (folder) => {
    const path = join(folder, 'a');
    await using _ = await open(path, 'wx');
    await truncate(path, miB);
    const file = await openNodeFile(path, 'write');
    await file.write(random.bytes(miB), 0);
    const full = await open('/dev/full', 'w');
    const target: DiskFile = Object.assign(new MemoryFile('full.raw'), { descriptor: full.fd });
    const run = { file, fileOffset: 0, offset: 0, length: miB };
    const runs = [run];
    const move = { runs, target, origin: 4096, unit: 4096 };
    await assert.rejects(theMover().move(move), {
      code: 'exhausted',
      message: 'cannot write to byte 4096 of full.raw: no space left on device',
    });
    const unreadable: DiskFile = Object.assign(new MemoryFile('gone.raw'), { descriptor: full.fd });
    const other = { runs: [{ ...run, file: unreadable, fileOffset: 512 }], target: file };
    await assert.rejects(theMover().move({ ...move, ...other }), {
      code: 'internal',
      message: 'cannot read from byte 512 of gone.raw',
    });
    // the thread goes on
    await theMover().move({ ...move, target: file, origin: miB });
    assert.equal(await file.size(), 2 * miB);
    await full.close();
    await file.close();
  });
});
