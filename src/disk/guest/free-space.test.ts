/** Free space as other people's tools make and judge it: mkfs, debugfs, xfs_db, ntfsinfo. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import { store, withFolder } from '../testing/folder.ts';
import { seededRandom } from '../testing/random.ts';
import { compactDisk, estimateCompact } from '../verbs/compact.ts';
import { convertDisk } from '../verbs/convert.ts';
import { readFreeSpace } from './free-space.ts';

const mib = 1024 * 1024;

async function tool(command: string, ...argv: readonly string[]): Promise<string> {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `${command} ${argv.join(' ')}: ${output}`);
  return output;
}

const lacks = (...programs: readonly string[]): string | false => {
  const missing = programs.filter((name) => !existsSync(`/usr/sbin/${name}`));
  return missing.length === 0 ? false : `${missing.join(', ')} is not installed`;
};

async function blank(path: string, sizeBytes: number): Promise<void> {
  await (await open(path, 'w')).close();
  await truncate(path, sizeBytes);
}

/** Writes random bytes over ranges of a file: what deleted files leave behind. */
async function litter(path: string, ranges: Iterable<readonly [number, number]>): Promise<number> {
  const file = await open(path, 'r+');
  const bytes = seededRandom(1).bytes(mib);
  let written = 0;
  for (const [start, end] of ranges) {
    for (let at = start; at < end; at += mib) {
      const length = Math.min(mib, end - at);
      await file.write(bytes, 0, length, at);
      written += length;
    }
  }
  await file.close();
  return written;
}

interface Kind {
  readonly kind: string;
  readonly skip: string | false;
  readonly sizeBytes: number;
  make(path: string, tree: string): Promise<void>;
  /** Fails when the tool finds anything wrong. */
  judge(path: string): Promise<void>;
  /** The free bytes that the tool counts. */
  freeBytes(path: string): Promise<number>;
  /** Marks the file system as one that was not unmounted. */
  soil(path: string): Promise<void>;
  /** Makes its free space contradict what else it says. */
  twist(path: string): Promise<void>;
}

async function patch(path: string, offset: number, bytes: readonly number[]): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from(bytes), 0, bytes.length, offset);
  await file.close();
}

/** `new`: with the features of today, by which groups have no bitmap before they are used. */
const ext = (kind: string, blockBytes: number, groups: 'used' | 'new' = 'used'): Kind => ({
  kind: `${kind} with blocks of ${blockBytes}${groups === 'new' ? ' and new groups' : ''}`,
  skip: lacks('mkfs.ext4', 'debugfs'),
  sizeBytes: 160 * mib,
  make: async (path, tree) => {
    const features = groups === 'new' ? [] : ['-O', '^metadata_csum,^uninit_bg'];
    const options = ['-q', '-F', '-t', kind, ...features, '-b', String(blockBytes), '-d', tree];
    await tool('mke2fs', ...options, '-E', 'lazy_itable_init=0', path);
  },
  judge: async (path) => void (await tool('e2fsck', '-f', '-n', path)),
  freeBytes: async (path) => {
    const [, blocks] = /^Free blocks: +(\d+)/m.exec(await tool('dumpe2fs', '-h', path)) ?? [];
    return Number(blocks) * blockBytes;
  },
  soil: (path) => patch(path, 1024 + 0x3a, [0, 0]),
  twist: async (path) => {
    const [, block] = /Block bitmap at (\d+)/.exec(await tool('dumpe2fs', path)) ?? [];
    await patch(path, Number(block) * blockBytes + 1, [0]);
  },
});

const kinds: readonly Kind[] = [
  ext('ext4', 4096),
  ext('ext4', 1024),
  ext('ext2', 4096),
  ext('ext4', 1024, 'new'),
  {
    kind: 'xfs',
    skip: lacks('mkfs.xfs', 'xfs_db', 'xfs_repair'),
    sizeBytes: 320 * mib,
    make: async (path, tree) => {
      const proto = `${path}.proto`;
      const files = (await readdir(tree)).map((name) => `${name} ---644 0 0 ${join(tree, name)}`);
      await writeFile(proto, ['/', '0 0', 'd--755 0 0', ...files, '$', ''].join('\n'));
      await tool('mkfs.xfs', '-q', '-f', '-p', proto, path);
    },
    judge: async (path) => void (await tool('xfs_repair', '-n', '-f', path)),
    freeBytes: async (path) => {
      const output = await tool('xfs_db', '-f', '-r', '-c', 'freesp -s', path);
      const [, blocks] = /total free blocks (\d+)/.exec(output) ?? [];
      return Number(blocks) * 4096;
    },
    // the flag of the only record of the log: no unmount any more
    soil: async (path) => {
      const output = await tool(
        'xfs_db',
        '-f',
        '-r',
        '-c',
        'sb 0',
        '-c',
        'convert fsblock 0 byte',
        '-c',
        'p logstart agblocks agblklog',
        path,
      );
      const [, start = '', agBlocks = '', bits = ''] =
        /logstart = (\d+)\s+agblocks = (\d+)\s+agblklog = (\d+)/.exec(output) ?? [];
      const group = Math.floor(Number(start) / 2 ** Number(bits));
      const block = group * Number(agBlocks) + (Number(start) % 2 ** Number(bits));
      await patch(path, block * 4096 + 512 + 9, [0]);
    },
    twist: (path) => patch(path, 512 + 52, [0, 0, 0, 1]),
  },
  {
    kind: 'ntfs',
    skip: lacks('mkfs.ntfs', 'ntfscp'),
    sizeBytes: 96 * mib,
    make: async (path, tree) => {
      await tool('mkfs.ntfs', '-q', '-f', '-F', '-p', '0', '-H', '0', '-S', '0', '-s', '512', path);
      for (const name of await readdir(tree))
        await tool('ntfscp', '-f', path, join(tree, name), name);
    },
    judge: async (path) => void (await tool('ntfsfix', '-n', path)),
    freeBytes: async (path) => {
      const output = await tool('ntfsinfo', '-m', '-f', path);
      const [, clusters] = /Free Clusters: +(\d+)/.exec(output) ?? [];
      return Number(clusters) * 4096;
    },
    soil: async (path) => {
      // the dirty flag of $Volume
      const { offset, record, at } = await ntfsAttribute(path, 3, 0x70);
      await patch(path, offset + at + record.readUInt16LE(at + 20) + 10, [1]);
    },
    twist: async (path) => {
      // the first cluster of $Bitmap, with a run of one byte of length and up to four of place
      const { record, at } = await ntfsAttribute(path, 6, 0x80);
      const run = at + record.readUInt16LE(at + 32);
      const head = record[run] ?? 0;
      const cluster = record.readUIntLE(run + 1 + (head & 15), head >>> 4);
      await patch(path, cluster * 4096, [0]);
    },
  },
];

/** A record of the file table with clusters of 4 KiB and records of 1 KiB, and where in it an attribute begins. */
async function ntfsAttribute(
  path: string,
  number: number,
  type: number,
): Promise<{ readonly offset: number; readonly record: Buffer; readonly at: number }> {
  const file = await open(path, 'r');
  const boot = Buffer.alloc(512);
  await file.read(boot, 0, 512, 0);
  const offset = Number(boot.readBigUInt64LE(48)) * 4096 + number * 1024;
  const record = Buffer.alloc(1024);
  await file.read(record, 0, 1024, offset);
  await file.close();
  let at = record.readUInt16LE(20);
  while (record.readUInt32LE(at) !== type) at += record.readUInt32LE(at + 4);
  return { offset, record, at };
}

async function makeTree(folder: string): Promise<string> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  const random = seededRandom(2);
  for (let file = 0; file < 12; file += 1) {
    await writeFile(join(tree, `file-${file}`), random.bytes(100_000 * (file + 1)));
  }
  return tree;
}

for (const one of kinds) {
  void test(
    `free blocks of ${one.kind} are those that its own tools count, and are won by compacting`,
    { skip: one.skip },
    () =>
      withFolder(async (folder) => {
        const path = join(folder, 'a.raw');
        await blank(path, one.sizeBytes);
        await one.make(path, await makeTree(folder));
        await one.judge(path);
        const free = await freeOf(path);
        const [system] = free.fileSystems;
        assert.equal(system?.reason, undefined);
        const counted = await one.freeBytes(path);
        // runs shorter than 32 KiB are left
        assert.ok((system?.freeBytes ?? 0) <= counted, `${system?.freeBytes} of ${counted}`);
        assert.ok((system?.freeBytes ?? 0) > counted * 0.97, `${system?.freeBytes} of ${counted}`);
        const garbage = await litter(path, free.ranges);
        await one.judge(path);
        await using raw = await openDisk({ path, store });
        const disk = join(folder, 'a.qcow2');
        await convertDisk(raw, { target: { path: disk, format: 'qcow2' }, store });
        const before = (await stat(disk)).size;
        assert.ok(before > garbage);
        {
          await using opened = await openDisk({ path: disk, store });
          const kept = await estimateCompact(opened);
          assert.ok(kept.gainBytes < mib, 'nothing is won without being asked for free blocks');
          const estimate = await estimateCompact(opened, { freeBlocks: 'drop' });
          assert.ok(estimate.gainBytes > garbage * 0.95, `${estimate.gainBytes} of ${garbage}`);
        }
        const won = await compactDisk({ path: disk, store, freeBlocks: 'drop' });
        assert.ok(won.gainBytes > garbage * 0.95, `${won.gainBytes} of ${garbage}`);
        await using after = await openDisk({ path: disk, store });
        const out = join(folder, 'b.raw');
        await convertDisk(after, { target: { path: out, format: 'raw' }, store });
        await one.judge(out);
        await assertFilesEqual(raw, after, free.ranges);
      }),
  );

  void test(
    `free blocks of ${one.kind} are left alone when it was not unmounted`,
    { skip: one.skip },
    () =>
      withFolder(async (folder) => {
        const path = join(folder, 'a.raw');
        await blank(path, one.sizeBytes);
        await one.make(path, await makeTree(folder));
        await one.soil(path);
        const { fileSystems, ranges } = await freeOf(path);
        assert.match(fileSystems[0]?.reason ?? '', /not unmounted/);
        assert.equal(ranges.count, 0);
      }),
  );

  void test(
    `free blocks of ${one.kind} that contradict what else it says are left alone`,
    { skip: one.skip },
    () =>
      withFolder(async (folder) => {
        const path = join(folder, 'a.raw');
        await blank(path, one.sizeBytes);
        await one.make(path, await makeTree(folder));
        await one.twist(path);
        const { fileSystems, ranges } = await freeOf(path);
        assert.match(fileSystems[0]?.reason ?? '', /counts of its group|itself free/);
        assert.equal(ranges.count, 0);
      }),
  );

  void test(
    `a damaged ${one.kind} never gives a range outside itself, and no other error than a reason`,
    { skip: one.skip },
    () =>
      withFolder(async (folder) => {
        const path = join(folder, 'a.raw');
        await blank(path, one.sizeBytes);
        await one.make(path, await makeTree(folder));
        const random = seededRandom(7);
        const file = await open(path, 'r+');
        const head = Buffer.alloc(16384);
        await file.read(head, 0, head.length, 0);
        for (let round = 0; round < 30; round += 1) {
          const damaged = Buffer.from(head);
          for (let count = 0; count <= random.pick(4); count += 1) {
            damaged[random.pick(round % 2 === 0 ? 2048 : head.length)] = random.pick(256);
          }
          await file.write(damaged, 0, damaged.length, 0);
          const { ranges } = await freeOf(path);
          for (const [start, end] of ranges) {
            assert.ok(start >= 0 && start < end && end <= one.sizeBytes, `round ${round}`);
          }
        }
        await file.close();
      }),
  );
}

async function freeOf(path: string): ReturnType<typeof readFreeSpace> {
  await using disk = await openDisk({ path, store, format: 'raw' });
  return await readFreeSpace(disk);
}

/** Outside the free ranges the two are equal; inside, the second is zeros. */
async function assertFilesEqual(
  first: Disk,
  second: Disk,
  free: Iterable<readonly [number, number]>,
): Promise<void> {
  const [a, b] = [Buffer.alloc(first.sizeBytes), Buffer.alloc(first.sizeBytes)];
  await first.read(a, 0);
  await second.read(b, 0);
  for (const [start, end] of free) a.fill(0, start, end);
  assert.ok(a.equals(b));
}

void test(
  'file systems in partitions of a GPT and of an MBR with logical ones are found',
  { skip: lacks('mkfs.ext4', 'sfdisk') },
  () =>
    withFolder(async (folder) => {
      const tree = await makeTree(folder);
      for (const [label, script] of [
        ['gpt', 'label: gpt\nstart=2048, size=131072\nstart=133120, size=131072\n'],
        [
          'dos',
          'label: dos\nstart=2048, size=131072\nstart=133120, type=5\nstart=135168, size=131072\n',
        ],
      ] as const) {
        const path = join(folder, `${label}.raw`);
        await blank(path, 200 * mib);
        const child = spawn('sfdisk', ['-q', path], { stdio: ['pipe', 'ignore', 'ignore'] });
        child.stdin.end(script);
        await once(child, 'close');
        const starts = label === 'gpt' ? [2048, 133120] : [2048, 135168];
        for (const start of starts) {
          const argv = ['-q', '-F', '-t', 'ext4', '-d', tree, '-E', `offset=${start * 512}`];
          await tool('mke2fs', ...argv, path, '64M');
        }
        const { fileSystems, ranges } = await freeOf(path);
        assert.deepEqual(
          fileSystems.map(({ kind, start, reason }) => [kind, start / 512, reason]),
          starts.map((start) => ['ext4', start, undefined]),
        );
        for (const [start] of ranges)
          assert.ok(starts.some((at) => start >= at * 512 && start < (at + 131072) * 512));
      }
    }),
);
