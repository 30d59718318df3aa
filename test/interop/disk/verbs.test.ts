import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  checkDisk,
  checksumDisk,
  commitDisk,
  compactDisk,
  compareDisks,
  convertDisk,
  estimateCompact,
  inspectDisk,
  makeDisk,
  mapDisk,
  measure,
  mergeLayers,
  openDisk,
  openNodeFile,
  parentFor,
  rebaseDisk,
  reconnectDisk,
  repairInto,
  resizeDisk,
  type ConvertOptions,
  type Progress,
} from '#disk';
import { assertSame, contentOf, make, mustRun, store, withFolder, writePattern } from './tools.ts';

const sizeBytes = 21 * 1024 * 1024;

interface Kind {
  readonly name: string;
  readonly file: string;
  readonly qemu: string;
  readonly target: Omit<ConvertOptions['target'], 'path'>;
  readonly compress?: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'raw', file: 'raw.img', qemu: 'raw', target: { format: 'raw' } },
  { name: 'dynamic vhd', file: 'd.vhd', qemu: 'vpc', target: { format: 'vhd' } },
  { name: 'fixed vhd', file: 'f.vhd', qemu: 'vpc', target: { format: 'vhd', variant: 'fixed' } },
  { name: 'dynamic vhdx', file: 'd.vhdx', qemu: 'vhdx', target: { format: 'vhdx' } },
  {
    name: 'fixed vhdx',
    file: 'f.vhdx',
    qemu: 'vhdx',
    target: { format: 'vhdx', variant: 'fixed' },
  },
  { name: 'qcow2', file: 'a.qcow2', qemu: 'qcow2', target: { format: 'qcow2' } },
  {
    name: 'qcow2 with zstd',
    file: 'z.qcow2',
    qemu: 'qcow2',
    target: { format: 'qcow2', compression: 'zstd', blockBytes: 2 ** 21 },
    compress: true,
  },
  { name: 'sparse vmdk', file: 's.vmdk', qemu: 'vmdk', target: { format: 'vmdk' } },
  {
    name: 'stream-optimised vmdk',
    file: 'o.vmdk',
    qemu: 'vmdk',
    target: { format: 'vmdk', variant: 'streamOptimized' },
  },
  {
    name: 'split vmdk',
    file: 't.vmdk',
    qemu: 'vmdk',
    target: { format: 'vmdk', variant: 'twoGbMaxExtentSparse' },
  },
];

async function convert(from: string, folder: string, kind: Kind): Promise<string> {
  const path = join(folder, kind.file);
  await using source = await openDisk({ path: from, store });
  const target = { ...kind.target, path, durability: 'memory' } as const;
  await convertDisk(source, { target, store, compress: kind.compress });
  return path;
}

void test('FMT-05 a round trip through every pair of formats keeps every byte and the holes', () =>
  withFolder(async (folder) => {
    const rawPath = join(folder, 'a.raw');
    const raw = await make({ path: rawPath, format: 'raw', sizeBytes });
    await writePattern(raw, 1);
    await raw.close();
    await using first = await openDisk({ path: rawPath, store });
    const { dataBytes } = await measure(first);
    const sum = createHash('sha256')
      .update(await readFile(rawPath))
      .digest('hex');
    for (const [index, kind] of kinds.entries()) {
      const inner = join(folder, String(index));
      await mkdir(inner);
      const path = await convert(rawPath, inner, kind);
      await assertSame(kind.qemu, path, rawPath);
      for (const other of kinds) {
        const deeper = join(inner, other.file.replaceAll('.', '-'));
        await mkdir(deeper);
        const second = await convert(path, deeper, other);
        await using disk = await openDisk({ path: second, store });
        assert.equal(await checksumDisk(disk), sum, `${kind.name} to ${other.name}`);
        if (other.name !== 'raw') continue;
        const held = await disk.layer.file.storedBytes?.();
        assert.ok(
          held !== undefined && held <= dataBytes + 2 ** 20,
          `${kind.name}: holes are kept`,
        );
      }
    }
  }));

void test('DISK-45 a conversion that is cancelled leaves the source as it was and no target', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.raw');
    const raw = await make({ path, format: 'raw', sizeBytes: 64 * 1024 * 1024 });
    await raw.write(Buffer.alloc(raw.sizeBytes, 5), 0);
    await raw.close();
    const before = await stat(path);
    for (const kind of kinds) {
      const controller = new AbortController();
      await using source = await openDisk({ path, store });
      const work = convertDisk(source, {
        target: { ...kind.target, path: join(folder, kind.file) },
        store,
        compress: kind.compress,
        signal: controller.signal,
        clock: { now: stepClock(controller), sleep: () => Promise.resolve() },
      });
      await assert.rejects(work, { code: 'cancelled' }, kind.name);
      assert.deepEqual(await readdir(folder), ['a.raw'], kind.name);
    }
    assert.equal((await stat(path)).mtimeMs, before.mtimeMs);
  }));

/** A clock that aborts when it has been asked a few times: in the middle of the copy. */
function stepClock(controller: AbortController): () => number {
  let asked = 0;
  return () => {
    asked += 1;
    if (asked === 12) controller.abort();
    return asked;
  };
}

void test('a target that exists is not touched unless it is to be replaced', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.raw');
    await (await make({ path, format: 'raw', sizeBytes })).close();
    await using source = await openDisk({ path, store });
    await assert.rejects(convertDisk(source, { target: { path, format: 'qcow2' }, store }), {
      code: 'exists',
    });
    for (const nowhere of ['no folder', 'a.raw']) {
      const target = { path: join(folder, nowhere, 'b.vhd'), format: 'vhd' };
      await assert.rejects(convertDisk(source, { target, store }), {
        code: 'not-found',
        message: /cannot create .*b\.vhd: (no such file|not a directory)/,
      });
    }
    assert.deepEqual(await readdir(folder), ['a.raw']);
    const seen: Progress[] = [];
    await convertDisk(source, {
      target: { path, format: 'qcow2', existing: 'replace' },
      store,
      verify: 'compare',
      onProgress: (progress) => seen.push(progress),
    });
    assert.equal(seen.at(-1)?.doneBytes, sizeBytes);
    await using made = await openDisk({ path, store });
    assert.equal(made.format, 'qcow2');
  }));

void test('DISK-48 a target volume without enough space is refused beforehand, with figures', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.qcow2');
    await using source = await make({ path, format: 'qcow2', sizeBytes: 60 * 1024 ** 4 });
    const target = { path: join(folder, 'b.raw'), format: 'raw', preallocation: 'full' } as const;
    await assert.rejects(convertDisk(source, { target, store }), {
      code: 'exhausted',
      message: /needs 60 TiB/,
    });
  }));

void test('compare finds the first sector that differs, and takes a longer tail of zeros as equal', () =>
  withFolder(async (folder) => {
    const a = await make({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes });
    const b = await make({ path: join(folder, 'b.vhd'), format: 'vhd', sizeBytes: sizeBytes * 2 });
    for (const disk of [a, b]) {
      await disk.write(Buffer.alloc(65536, 9), 3 * 2 ** 20);
    }
    assert.deepEqual(await compareDisks(a, b), {
      isEqual: true,
      sizesDiffer: true,
      firstDifference: undefined,
    });
    await b.write(Buffer.alloc(512, 1), sizeBytes + 4096);
    assert.equal((await compareDisks(a, b)).firstDifference, sizeBytes + 4096);
    await b.write(Buffer.alloc(512, 1), 3 * 2 ** 20 + 1024);
    assert.equal((await compareDisks(a, b)).firstDifference, 3 * 2 ** 20 + 1024);
    await a.close();
    await b.close();
  }));

void test('DISK-08 a disk is enlarged, and made smaller only where nothing is cut off', () =>
  withFolder(async (folder) => {
    for (const { target, file, qemu } of kinds) {
      if (['vmdk'].includes(target.format) || target.compression !== undefined) continue;
      const path = join(folder, file);
      const { format, variant } = target;
      const disk = await make({ path, format, sizeBytes, options: { variant } });
      await writePattern(disk, 2);
      const content = await contentOf(disk);
      const larger = 300 * 2 ** 20;
      await resizeDisk(disk, larger);
      await disk.write(Buffer.alloc(4096, 3), larger - 4096);
      await assert.rejects(resizeDisk(disk, sizeBytes), { code: 'refused' });
      await disk.zero(larger - 4096, 4096);
      await resizeDisk(disk, sizeBytes + 2 ** 20);
      await assert.rejects(resizeDisk(disk, sizeBytes - 512), { code: 'refused' });
      await disk.close();
      await using again = await openDisk({ path, store });
      assert.equal(again.sizeBytes, sizeBytes + 2 ** 20);
      assert.ok((await contentOf(again)).subarray(0, sizeBytes).equals(content));
      const report = await checkDisk(again);
      assert.equal(report.corruptions, 0, JSON.stringify(report));
      const raw = join(folder, 'x.raw');
      await mustRun('qemu-img', 'convert', '-f', qemu, '-O', 'raw', path, raw);
      assert.ok((await readFile(raw)).subarray(0, sizeBytes).equals(content), file);
    }
  }));

for (const format of ['vhd', 'vhdx'])
  void test(`what is added to a fixed ${format} takes its space at once`, () =>
    withFolder(async (folder) => {
      const path = join(folder, `a.${format}`);
      const options = { variant: 'fixed', preallocation: 'full' } as const;
      await using disk = await make({ path, format, sizeBytes: 8 * 2 ** 20, options });
      const taken = async (): Promise<number> => (await stat(path)).blocks * 512;
      assert.ok((await taken()) >= disk.sizeBytes);
      await resizeDisk(disk, 24 * 2 ** 20);
      assert.ok((await taken()) >= disk.sizeBytes, `${await taken()} of ${disk.sizeBytes}`);
      assert.ok((await contentOf(disk)).equals(Buffer.alloc(disk.sizeBytes)));
    }));

void test('DISK-41 compacting gives back blocks of zeros, and says so first', () =>
  withFolder(async (folder) => {
    for (const kind of kinds) {
      if (kind.target.variant !== undefined || kind.name === 'raw' || kind.compress) continue;
      const path = join(folder, kind.file);
      const disk = await make({ path, format: kind.target.format, sizeBytes });
      await disk.write(Buffer.alloc(16 * 2 ** 20, 1), 0);
      await disk.write(Buffer.alloc(14 * 2 ** 20), 2 ** 20);
      await disk.close();
      await using reading = await openDisk({ path, store });
      const estimate = await estimateCompact(reading);
      assert.ok(estimate.gainBytes >= 11 * 2 ** 20, `${kind.name}: ${estimate.gainBytes}`);
      const before = await checksumDisk(reading);
      const { gainBytes } = await compactDisk({ path, store });
      assert.ok(gainBytes >= 11 * 2 ** 20, `${kind.name}: ${gainBytes}`);
      await using after = await openDisk({ path, store });
      assert.equal(await checksumDisk(after), before);
    }
  }));

void test('DISK-42 DISK-43 a differencing or fixed disk is not compacted, with the remedy', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vhd');
    await (await make({ path, format: 'vhd', sizeBytes, options: { variant: 'fixed' } })).close();
    await assert.rejects(compactDisk({ path, store }), { code: 'refused', hint: /dynamic/ });
    const childPath = join(folder, 'c.vhd');
    await using base = await openDisk({ path, store });
    const parent = await parentFor(childPath, base);
    await makeDisk({ path: childPath, format: 'vhd', sizeBytes, parent }, store);
    await assert.rejects(compactDisk({ path: childPath, store }), {
      code: 'refused',
      hint: /merge it into its parent/,
    });
  }));

async function makeChain(folder: string, format: string): Promise<string[]> {
  const paths = ['base', 'middle', 'top'].map((name) => join(folder, `${name}.${format}`));
  for (const [index, path] of paths.entries()) {
    const below = index === 0 ? undefined : await openDisk({ path: paths[index - 1] ?? '', store });
    const parent = below === undefined ? undefined : await parentFor(path, below);
    await makeDisk({ path, format, sizeBytes, parent }, store, (disk) =>
      writePattern(disk, index + 1),
    );
    await below?.close();
  }
  return paths;
}

async function sumOf(path: string): Promise<string> {
  await using disk = await openDisk({ path, store });
  return await checksumDisk(disk);
}

for (const format of ['vhd', 'qcow2', 'vhdx', 'vmdk']) {
  void test(`DISK-44 layers of ${format} are merged into a new one, and committed into the parent`, () =>
    withFolder(async (folder) => {
      const [base = '', middle = '', top = ''] = await makeChain(folder, format);
      const wanted = await sumOf(top);
      const baseSum = await sumOf(base);
      const merged = join(folder, `merged.${format}`);
      {
        await using disk = await openDisk({ path: top, store });
        const reports = await inspectDisk(disk);
        assert.deepEqual(
          reports.map((report) => report.path),
          [top, middle, base],
        );
        await mergeLayers(disk, { layers: 2, target: { path: merged, format }, store });
      }
      await using one = await openDisk({ path: merged, store });
      assert.equal([...one.chain()].length, 2);
      assert.equal(await checksumDisk(one), wanted);
      assert.equal(await sumOf(base), baseSum);
      await one.close();
      {
        await using child = await openDisk({ path: merged, store });
        await using parent = await openDisk({ path: base, store, access: 'write' });
        await commitDisk(child, parent);
      }
      assert.equal(await sumOf(base), wanted);
    }));
}

for (const format of ['vhd', 'qcow2', 'vhdx']) {
  void test(`DISK-23 a ${format} child is moved to another parent with its content unchanged`, () =>
    withFolder(async (folder) => {
      const [base = '', middle = '', top = ''] = await makeChain(folder, format);
      const wanted = await sumOf(top);
      {
        await using child = await openDisk({ path: top, store, access: 'write' });
        await using parent = await openDisk({ path: base, store });
        const { copiedBytes } = await rebaseDisk(child, parent);
        assert.ok(copiedBytes > 0);
      }
      await rename(middle, join(folder, 'elsewhere'));
      assert.equal(await sumOf(top), wanted);
      // the base moves; the child finds it again by its identity only
      await mkdir(join(folder, 'sub'));
      const moved = join(folder, 'sub', `base.${format}`);
      await rename(base, moved);
      await assert.rejects(openDisk({ path: top, store }), { code: 'not-found' });
      {
        await using child = await openDisk({ path: top, store, access: 'write', parent: 'none' });
        await using parent = await openDisk({ path: moved, store });
        await using other = await make({ path: join(folder, `o.${format}`), format, sizeBytes });
        if (format !== 'qcow2') {
          await assert.rejects(reconnectDisk(child, other), { code: 'stale' });
        }
        await reconnectDisk(child, parent);
      }
      assert.equal(await sumOf(top), wanted);
    }));
}

void test('check finds leaks and damage, and a repaired copy has neither', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.qcow2');
    const disk = await make({ path, format: 'qcow2', sizeBytes });
    await writePattern(disk, 4);
    await disk.close();
    const end = Math.ceil((await stat(path)).size / 65536);
    await truncate(path, (end + 1) * 65536);
    const file = await openNodeFile(path, 'write');
    // the refcount of a cluster that nothing refers to, and of one that is in use
    await file.write(Buffer.from([0, 1]), 131072 + end * 2);
    await file.write(Buffer.from([0, 0]), 131072 + (end - 1) * 2);
    await file.close();
    const damaged = await openDisk({ path, store });
    const report = await checkDisk(damaged);
    assert.equal(report.leaks, 1);
    assert.equal(report.corruptions, 1);
    const target = { path: join(folder, 'b.qcow2'), format: 'qcow2' };
    await repairInto(damaged, { target, store });
    await damaged.close();
    await using repaired = await openDisk({ path: target.path, store });
    const after = await checkDisk(repaired);
    assert.equal(after.leaks + after.corruptions, 0);
    assert.equal(await sumOf(path), await checksumDisk(repaired));
  }));

void test('the map tells layers, zeros and places apart', () =>
  withFolder(async (folder) => {
    const [, , top = ''] = await makeChain(folder, 'qcow2');
    await using disk = await openDisk({ path: top, store });
    let next = 0;
    const depths = new Set<number>();
    for await (const run of mapDisk(disk)) {
      assert.equal(run.offset, next);
      next += run.length;
      depths.add(run.depth);
      if (run.kind !== 'data') continue;
      const bytes = Buffer.alloc(Math.min(run.length, 4096));
      await disk.read(bytes, run.offset);
      const file = await openNodeFile(run.file, 'read');
      const direct = Buffer.alloc(bytes.length);
      await file.read(direct, run.fileOffset);
      await file.close();
      assert.ok(bytes.equals(direct));
    }
    assert.equal(next, sizeBytes);
    assert.deepEqual(
      [...depths].sort((a, b) => a - b),
      [0, 1, 2],
    );
  }));
