/** What a disk with a journal holds after the program that wrote it is gone from one moment to the next. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { miB } from '#lib';
import type { Disk } from './disk.ts';
import { MemoryFile } from './file/memory-file.ts';
import { MetaPages } from './meta-pages.ts';
import { openDisk } from './open.ts';
import { PageJournal } from './page-journal.ts';
import { contentAt, store, withFolder } from './testing/folder.ts';
import { seededRandom } from './testing/random.ts';
import { checkDisk } from './verbs/check.ts';
import { makeDisk, parentFor } from './verbs/create.ts';

const sizeBytes = 16 * miB;

const kinds = [
  { format: 'vhd', variant: 'dynamic' },
  { format: 'vhd', variant: 'differencing' },
  { format: 'vhdx', variant: 'dynamic' },
  { format: 'vhdx', variant: 'differencing' },
  { format: 'vmdk', variant: 'monolithicSparse' },
  { format: 'vmdk', variant: 'twoGbMaxExtentSparse' },
] as const;

/** A disk, over a parent that holds something where the variant has one. */
async function make(folder: string, { format, variant }: (typeof kinds)[number], name = 'a') {
  const path = join(folder, `${name}.${format}`);
  if (variant !== 'differencing') {
    await makeDisk({ path, format, variant, sizeBytes, blockBytes: blockOf(format) }, store);
    return path;
  }
  const base = join(folder, `${name}-base.${format}`);
  await makeDisk({ path: base, format, sizeBytes }, store, (disk) =>
    disk.write(Buffer.alloc(4 * miB, 9), 2 * miB),
  );
  await using below = await openDisk({ path: base, store });
  const parent = await parentFor(path, below);
  await makeDisk({ path, format, sizeBytes, parent, blockBytes: blockOf(format) }, store);
  return path;
}

function blockOf(format: string): number | undefined {
  return format === 'vhdx' ? miB : undefined;
}

function openNoted(path: string, journal: string): Promise<Disk> {
  return openDisk({ path, store, access: 'write', journal });
}

async function contentOf(disk: Disk): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}

for (const kind of kinds) {
  const title = `${kind.variant} ${kind.format}`;

  void test(`what a ${title} has answered is there when its program is killed again and again, and none of it is written elsewhere`, () =>
    withFolder(async (folder) => {
      const path = await make(folder, kind);
      const journal = join(folder, 'a.journal');
      const expected = await contentAt(path);
      const random = seededRandom(7);
      const change = async (disk: Disk): Promise<void> => {
        const length = random.pick(3) === 0 ? miB : (1 + random.pick(300)) * 512;
        const offset = random.pick((sizeBytes - length) / 512) * 512;
        if (random.pick(5) === 0) {
          expected.fill(0, offset, offset + length);
          await disk.zero(offset, length);
        } else {
          const bytes = random.bytes(length);
          expected.set(bytes, offset);
          await disk.write(bytes, offset);
        }
      };
      for (let round = 0; round < 8; round += 1) {
        const disk = await openNoted(path, journal);
        assert.ok((await contentOf(disk)).equals(expected), `after ${round} kills`);
        for (let turn = 0; turn < 6; turn += 1) {
          await change(disk);
          if (random.pick(6) === 0) await disk.flush();
        }
        // One that runs while others change the disk, as a guest's does.
        const flushing = disk.flush();
        await change(disk);
        await change(disk);
        await flushing;
        await change(disk);
        await disk.abandon();
        // Of a disk that has all of its blocks it does in the end.
        if (round === 0)
          assert.ok(!(await contentAt(path)).equals(expected), 'the file alone does not say it');
      }
      const disk = await openNoted(path, journal);
      await disk.close();
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes('journal')),
        [],
      );
      assert.ok((await contentAt(path)).equals(expected), 'it is in the file');
      await using closed = await openDisk({ path, store });
      assert.equal((await checkDisk(closed)).corruptions, 0);
    }));

  void test(`a ${title} that cannot note what it answers has it in its file`, () =>
    withFolder(async (folder) => {
      const path = await make(folder, kind);
      const disk = await openNoted(path, join(folder, 'nowhere', 'a.journal'));
      await disk.write(Buffer.alloc(miB, 3), 8 * miB);
      await disk.abandon();
      assert.equal((await contentAt(path))[8 * miB], 3);
    }));

  void test(`a ${title} that could not be flushed is flushed the next time, whole`, () =>
    withFolder(async (folder) => {
      const path = await make(folder, kind);
      let isFailing = false;
      const failing: typeof store = {
        locate: (...names) => store.locate(...names),
        open: async (...asked) => {
          const file = await store.open(...asked);
          const sync = file.sync.bind(file);
          file.sync = () => (isFailing ? Promise.reject(new Error('no space')) : sync());
          return file;
        },
      };
      const disk = await openDisk({ path, store: failing, access: 'write' });
      await disk.write(Buffer.alloc(miB, 3), 8 * miB);
      isFailing = true;
      await assert.rejects(disk.flush());
      isFailing = false;
      await disk.flush();
      await disk.abandon();
      assert.equal((await contentAt(path))[8 * miB], 3);
    }));
}

const torn = {
  'cut off': (journal: string) => truncate(journal, statSync(journal).size - 1),
  damaged: async (journal: string) => {
    const bytes = await readFile(journal);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(journal, bytes);
  },
};

for (const [word, tear] of Object.entries(torn))
  void test(`a journal whose last note is ${word} gives those before it`, () =>
    withFolder(async (folder) => {
      const path = await make(folder, kinds[0]);
      const journal = join(folder, 'a.journal');
      const disk = await openNoted(path, journal);
      await disk.write(Buffer.alloc(miB, 3), 0);
      await disk.write(Buffer.alloc(miB, 4), 8 * miB);
      await disk.abandon();
      await tear(journal);
      await using next = await openNoted(path, journal);
      const content = await contentOf(next);
      assert.deepEqual([content[0], content[8 * miB]], [3, 0]);
    }));

void test('a journal of another file is not used, and goes', () =>
  withFolder(async (folder) => {
    const path = await make(folder, kinds[0]);
    const other = await make(folder, kinds[0], 'b');
    const journal = join(folder, 'a.journal');
    const disk = await openNoted(path, journal);
    await disk.write(Buffer.alloc(miB, 3), 0);
    await disk.abandon();
    const before = await readFile(other);
    const next = await openNoted(other, journal);
    await next.close();
    assert.ok(!existsSync(journal));
    assert.ok((await readFile(other)).equals(before), 'nothing was written');
  }));

void test('what a commit writes is noted before, also where nobody has asked for it yet', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.journal');
    const file = new MemoryFile('a', Buffer.alloc(1024));
    const open = (): [PageJournal, MetaPages] => {
      const journal = new PageJournal(path);
      const options = { format: 'vhd', structure: 'table', pageBytes: 512, journal };
      return [journal, new MetaPages(file, options)];
    };
    const [journal, pages] = open();
    journal.start();
    await pages.change(0, 0, (bytes) => bytes.fill(1));
    assert.equal(journal.append(), true);
    await pages.change(0, 0, (bytes) => bytes.fill(2));
    await pages.commit();
    journal.close();
    const [, next] = open();
    assert.equal(next.peek(0)?.[0], 2, 'and no older one comes over it');
  }));

void test('a page that a commit has taken stays in memory until it is in the file', async () => {
  const file = new MemoryFile('a', Buffer.alloc(64 * 512));
  const options = { format: 'vhd', structure: 'table', pageBytes: 512, cacheBytes: 512 };
  const pages = new MetaPages(file, options);
  await pages.change(0, 0, (bytes) => bytes.fill(1));
  const taken = pages.take();
  for (let page = 1; page < 64; page += 1) await pages.with(page * 512, () => undefined);
  assert.equal(await pages.with(0, (bytes) => bytes[0]), 1);
  await pages.put(taken);
});

void test('after a flush nothing is noted, and many notes become few', () =>
  withFolder(async (folder) => {
    const path = await make(folder, kinds[3]);
    const journal = join(folder, 'a.journal');
    const disk = await openNoted(path, journal);
    const empty = statSync(journal).size;
    await disk.write(Buffer.alloc(miB, 3), 0);
    assert.ok(statSync(journal).size > empty);
    await disk.flush();
    assert.equal(statSync(journal).size, empty);
    let most = 0;
    for (let turn = 0; turn < 6000; turn += 1) {
      // Each changes one bit of a bitmap.
      await disk.write(Buffer.alloc(512, 1), (turn * 4 + 4) * 512);
      if (turn % 100 === 0) most = Math.max(most, statSync(journal).size);
    }
    assert.ok(most < 20 * miB, `${most} bytes`);
    await disk.abandon();
    await using next = await openNoted(path, journal);
    assert.equal((await contentOf(next))[24_000 * 512], 1);
  }));
