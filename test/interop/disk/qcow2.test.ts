import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  commitDisk,
  compactDisk,
  flattenDisk,
  openDisk,
  rebaseDisk,
  type Disk,
  type Finding,
} from '#disk';
import {
  assertSame,
  compress,
  contentOf,
  make,
  mustRun,
  store,
  withFolder,
  writePattern,
} from './tools.ts';

const sizeBytes = 37 * 1024 * 1024 + 512;

async function mustBeSound(path: string): Promise<void> {
  const out = await mustRun('qemu-img', 'check', '-f', 'qcow2', path);
  assert.match(out, /No errors were found/);
  const disk = await openDisk({ path, store, parent: 'none' });
  const found: Finding[] = [];
  await disk.layer.check((finding) => found.push(finding), undefined);
  await disk.close();
  assert.deepEqual(found, []);
}

async function patternedRaw(folder: string, seed: number): Promise<string> {
  const path = join(folder, 'a.raw');
  const disk = await make({ path, format: 'raw', sizeBytes });
  await writePattern(disk, seed);
  await disk.close();
  return path;
}

for (const options of [
  {},
  { variant: 'v2' },
  { blockBytes: 512 },
  { blockBytes: 4096 },
  { blockBytes: 2 ** 21 },
  { variant: 'v3-subclusters' },
  { variant: 'v3-subclusters', blockBytes: 16384 },
]) {
  void test(`qemu-img finds no error in what we write to a qcow2 ${JSON.stringify(options)}`, () =>
    withFolder(async (folder) => {
      const raw = await patternedRaw(folder, 1);
      const path = join(folder, 'a.qcow2');
      const disk = await make({ path, format: 'qcow2', sizeBytes, options });
      await writePattern(disk, 1);
      await disk.close();
      await mustBeSound(path);
      await assertSame('qcow2', path, raw);
    }));
}

for (const compression of ['zlib', 'zstd'] as const) {
  void test(`qemu-img reads clusters that we compress with ${compression}`, () =>
    withFolder(async (folder) => {
      const raw = await patternedRaw(folder, 2);
      const path = join(folder, 'a.qcow2');
      const disk = await make({ path, format: 'qcow2', sizeBytes, options: { compression } });
      const content = await readFile(raw);
      let compressed = 0;
      for (let at = 0; at < sizeBytes; at += disk.blockBytes) {
        const cluster = Buffer.alloc(disk.blockBytes);
        content.copy(cluster, 0, at, at + disk.blockBytes);
        if (cluster.every((byte) => byte === 0)) continue;
        const stored = await compress(disk, cluster);
        if (stored === undefined) {
          await disk.write(content.subarray(at, at + disk.blockBytes), at);
        } else {
          await disk.writeCompressed([{ offset: at, stored }]);
          compressed += 1;
        }
      }
      assert.ok(compressed > 20);
      await disk.close();
      await mustBeSound(path);
      await assertSame('qcow2', path, raw);
      // writing over compressed clusters releases them
      const again = await openDisk({ path, store, access: 'write' });
      assert.ok(content.equals(await contentOf(again)));
      await writePattern(again, 3);
      await again.close();
      await mustBeSound(path);
    }));
}

const foreign: readonly (readonly string[])[] = [
  ['-o', 'compat=0.10'],
  ['-o', 'compat=1.1,lazy_refcounts=on'],
  ['-o', 'refcount_bits=1'],
  ['-o', 'refcount_bits=64,cluster_size=4096'],
  ['-o', 'extended_l2=on,cluster_size=64k'],
  ['-o', 'preallocation=metadata'],
  ['-c'],
  ['-c', '-o', 'compression_type=zstd'],
];
for (const argv of foreign) {
  void test(`we read, and go on writing, what qemu-img writes with ${argv.join(' ')}`, () =>
    withFolder(async (folder) => {
      const raw = await patternedRaw(folder, 4);
      const path = join(folder, 'a.qcow2');
      await mustRun('qemu-img', 'convert', '-O', 'qcow2', ...argv, raw, path);
      const disk = await openDisk({ path, store });
      assert.ok((await contentOf(disk)).equals(await readFile(raw)));
      await disk.close();
      await mustBeSound(path);
      const again = await openDisk({ path, store, access: 'write' });
      await writePattern(again, 5);
      const content = await contentOf(again);
      await again.close();
      await mustBeSound(path);
      await mustRun('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', path, join(folder, 'b.raw'));
      assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
    }));
}

async function snapshotContent(path: string, snapshot: string): Promise<Buffer> {
  const disk = await openDisk({ path, store, snapshot });
  const content = await contentOf(disk);
  await disk.close();
  return content;
}

void test('internal snapshots are listed, read, and not changed by our writes', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.qcow2');
    const first = await make({ path, format: 'qcow2', sizeBytes });
    await writePattern(first, 6);
    const before = await contentOf(first);
    await first.close();
    await mustRun('qemu-img', 'snapshot', '-c', 'before', path);
    const disk: Disk = await openDisk({ path, store, access: 'write' });
    assert.equal(disk.layer.describe().snapshots?.[0]?.name, 'before');
    await writePattern(disk, 7);
    const after = await contentOf(disk);
    await disk.close();
    await mustBeSound(path);
    assert.ok(before.equals(await snapshotContent(path, 'before')));
    await mustRun('qemu-img', 'convert', '-l', 'before', '-O', 'raw', path, join(folder, 'b.raw'));
    assert.ok(before.equals(await readFile(join(folder, 'b.raw'))));
    assert.ok(!before.equals(after));
    await assert.rejects(openDisk({ path, store, snapshot: 'nothing' }), { code: 'not-found' });
  }));

for (const [inside, make] of [
  ['internal snapshots', ['snapshot', '-c', 'one']],
  ['dirty bitmaps', ['bitmap', '--add']],
] as const) {
  void test(`${inside} are not lost with a file that is committed, flattened in its place, compacted or, of snapshots, given another parent`, () =>
    withFolder(async (folder) => {
      const [base, other, child] = ['base', 'other', 'child'].map((name) =>
        join(folder, `${name}.qcow2`),
      ) as [string, string, string];
      for (const path of [base, other])
        await mustRun('qemu-img', 'create', '-f', 'qcow2', path, '1M');
      await mustRun('qemu-io', '-c', 'write -P 1 0 512k', base);
      await mustRun('qemu-img', 'create', '-f', 'qcow2', '-b', base, '-F', 'qcow2', child);
      const name = make[0] === 'bitmap' ? ['bits'] : [];
      for (const path of [child, other]) await mustRun('qemu-img', ...make, path, ...name);
      const paths = [base, other, child];
      const before = await Promise.all(paths.map((path) => readFile(path)));
      const says = { code: 'refused', message: new RegExp(`child.qcow2: it has ${inside}`) };
      {
        await using disk = await openDisk({ path: child, store, access: 'write' });
        await using parent = await openDisk({ path: base, store, access: 'write' });
        await assert.rejects(commitDisk(disk, parent), says);
        const target = { path: child, existing: 'replace' } as const;
        await assert.rejects(flattenDisk(disk, { target, store }), says);
        await using next = await openDisk({ path: other, store });
        if (make[0] === 'snapshot') await assert.rejects(rebaseDisk(disk, next), says);
        const whole = { path: join(folder, 'whole.qcow2') };
        await flattenDisk(disk, { target: whole, store });
      }
      await assert.rejects(compactDisk({ path: other, store }), {
        ...says,
        message: new RegExp(`other.qcow2: it has ${inside}`),
      });
      for (const [index, path] of paths.entries())
        assert.ok(before[index]?.equals(await readFile(path)), `${path} is as it was`);
    }));
}

void test('a chain of qcow2 over raw reads as in qemu-img, whichever side wrote it', () =>
  withFolder(async (folder) => {
    await patternedRaw(folder, 8);
    const middle = join(folder, 'm.qcow2');
    await mustRun('qemu-img', 'create', '-f', 'qcow2', '-b', 'a.raw', '-F', 'raw', middle);
    const writing = await openDisk({ path: middle, store, access: 'write' });
    await writePattern(writing, 9);
    await writing.close();
    const path = join(folder, 't.qcow2');
    const parent = {
      path: middle,
      relativePath: 'm.qcow2',
      format: 'qcow2',
      identity: undefined,
      modifiedMs: 0,
    };
    const top = await make({ path, format: 'qcow2', sizeBytes, options: { parent } });
    await writePattern(top, 10);
    const content = await contentOf(top);
    await top.close();
    await mustBeSound(path);
    await mustBeSound(middle);
    await mustRun('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', path, join(folder, 'b.raw'));
    assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
    const wide = await openDisk({ path, store, access: 'write' });
    await wide.layer.writer?.setParent?.({ ...parent, relativePath: './m.qcow2' });
    await wide.resize(2048 * 1024 * 1024);
    await wide.close();
    await mustBeSound(path);
    const info = await mustRun('qemu-img', 'info', path);
    assert.match(info, /virtual size: 2 GiB/);
    assert.match(info, /backing file: .\/m.qcow2/);
    assert.match(info, /backing file format: qcow2/);
  }));

void test('a parent that qemu names by the options of a block device is found, and read as in qemu-img', () =>
  withFolder(async (folder) => {
    await patternedRaw(folder, 8);
    const path = join(folder, 'top.qcow2');
    const name = `json:${JSON.stringify({ driver: 'raw', file: { driver: 'file', filename: join(folder, 'a.raw') } })}`;
    await mustRun('qemu-img', 'create', '-f', 'qcow2', '-b', name, '-F', 'raw', path);
    const disk = await openDisk({ path, store, access: 'write' });
    assert.ok((await contentOf(disk)).equals(await readFile(join(folder, 'a.raw'))));
    await writePattern(disk, 9);
    const content = await contentOf(disk);
    await disk.close();
    await mustRun('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', path, join(folder, 'b.raw'));
    assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
  }));

void test('subclusters of qemu over a parent are gone on with: written, zeroed, compressed over, cut off and resized', () =>
  withFolder(async (folder) => {
    await patternedRaw(folder, 11);
    const path = join(folder, 'e.qcow2');
    const options = ['-f', 'qcow2', '-o', 'extended_l2=on,cluster_size=128k'];
    await mustRun('qemu-img', 'create', ...options, '-b', 'a.raw', '-F', 'raw', path);
    // single subclusters of 4 KiB: some written, some zeroed
    const commands = [4, 300, 301, 4000, 4001, 9000].flatMap((at) => [
      ['-c', `write -P ${at % 200} ${at * 4}k 4k`],
      ['-c', `write -z ${at * 4 + 8}k 4k`],
    ]);
    await mustRun('qemu-io', '-f', 'qcow2', ...commands.flat(), path);
    const raw = join(folder, 'b.raw');
    const same = async (disk: Disk): Promise<void> => {
      await mustRun('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', path, raw);
      assert.ok((await contentOf(disk)).equals(await readFile(raw)));
    };
    for (const seed of [12, 13]) {
      const disk = await openDisk({ path, store, access: 'write' });
      await same(disk);
      const wanted = await contentOf(disk);
      // next to what qemu wrote, in the same clusters
      for (const at of [5, 299, 4002, 9001]) {
        const bytes = Buffer.alloc(1024, seed);
        bytes.copy(wanted, at * 4096);
        await disk.write(bytes, at * 4096);
      }
      await disk.zero(1024 * 1024, 300 * 1024);
      wanted.fill(0, 1024 * 1024, 1024 * 1024 + 300 * 1024);
      const cluster = Buffer.alloc(disk.blockBytes, `again ${seed}; `);
      const stored = await compress(disk, cluster);
      assert.ok(stored !== undefined);
      await disk.writeCompressed([{ offset: 16 * disk.blockBytes, stored }]);
      cluster.copy(wanted, 16 * disk.blockBytes);
      await disk.flush();
      assert.ok((await contentOf(disk)).equals(wanted));
      await writePattern(disk, seed);
      await disk.close();
      await mustBeSound(path);
      await using again = await openDisk({ path, store });
      await same(again);
    }
    const disk = await openDisk({ path, store, access: 'write' });
    await disk.resize(512 * 1024 * 1024);
    await disk.close();
    await mustBeSound(path);
    await mustRun(
      'qemu-io',
      '-f',
      'qcow2',
      '-c',
      'write -P 7 16M 4k',
      '-c',
      'read -P 7 16M 4k',
      path,
    );
    await mustBeSound(path);
  }));

void test('dirty bitmaps are kept, and those that track are marked by our first write', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.qcow2');
    await mustRun('qemu-img', 'create', '-f', 'qcow2', path, '37M');
    await mustRun('qemu-img', 'bitmap', '--add', path, 'tracking');
    await mustRun('qemu-img', 'bitmap', '--add', '--disable', path, 'standing');
    const disk = await openDisk({ path, store, access: 'write' });
    await writePattern(disk, 1);
    await disk.close();
    await mustBeSound(path);
    const again = await openDisk({ path, store });
    assert.deepEqual(again.layer.describe().fields['bitmaps'], [
      { name: 'tracking', granularityBytes: 65536, isInUse: true, isTracking: true },
      { name: 'standing', granularityBytes: 65536, isInUse: false, isTracking: false },
    ]);
    await again.close();
  }));
