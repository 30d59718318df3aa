import assert from 'node:assert/strict';
import { copyFile, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk, openNodeFile, type Finding } from '#disk';
import { assertSame, contentOf, make, mustRun, store, withFolder, writePattern } from './tools.ts';

const sizeBytes = 37 * 1024 * 1024 + 4096;

async function mustBeSound(path: string, of: 'ours' | 'foreign' = 'ours'): Promise<void> {
  const disk = await openDisk({ path, store, parent: 'none' });
  const found: Finding[] = [];
  await disk.layer.check((finding) => found.push(finding), undefined);
  await disk.close();
  // QEMU leaves room behind what it writes
  const mayLeak = of === 'foreign';
  assert.deepEqual(
    found.filter(({ kind }) => !(mayLeak && kind === 'leak')),
    [],
  );
}

for (const options of [{}, { variant: 'fixed' }, { blockBytes: 8 * 1024 * 1024 }]) {
  void test(`qemu-img reads what we write to a vhdx ${JSON.stringify(options)}`, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.vhdx');
      const rawPath = join(folder, 'a.raw');
      const raw = await make({ path: rawPath, format: 'raw', sizeBytes });
      const disk = await make({ path, format: 'vhdx', sizeBytes, options });
      for (const one of [raw, disk]) {
        await writePattern(one, 1);
        await one.close();
      }
      await mustBeSound(path);
      assert.match(await mustRun('qemu-img', 'check', '-f', 'vhdx', path), /No errors/);
      await assertSame('vhdx', path, rawPath);
    }));
}

for (const options of ['subformat=dynamic', 'subformat=fixed', 'block_size=1M', 'block_size=64M']) {
  void test(`we read, and go on writing, what qemu-img writes to a vhdx with ${options}`, () =>
    withFolder(async (folder) => {
      const rawPath = join(folder, 'a.raw');
      const raw = await make({ path: rawPath, format: 'raw', sizeBytes });
      await writePattern(raw, 2);
      await raw.close();
      const path = join(folder, 'a.vhdx');
      await mustRun('qemu-img', 'convert', '-O', 'vhdx', '-o', options, rawPath, path);
      const disk = await openDisk({ path, store, access: 'write' });
      assert.ok((await contentOf(disk)).equals(await readFile(rawPath)));
      await writePattern(disk, 3);
      const content = await contentOf(disk);
      await disk.close();
      await mustBeSound(path, 'foreign');
      await mustRun('qemu-img', 'convert', '-f', 'vhdx', '-O', 'raw', path, join(folder, 'b.raw'));
      assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
    }));
}

void test('a vhdx that was not closed is replayed by qemu-img and by us, alike', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vhdx');
    const disk = await make({ path, format: 'vhdx', sizeBytes });
    await writePattern(disk, 4);
    await disk.flush();
    const content = await contentOf(disk);
    // the table as it was before the last commit: only the log knows better
    const copy = join(folder, 'copy.vhdx');
    await copyFile(path, copy);
    await disk.close();
    const damaged = await openNodeFile(copy, 'write');
    await damaged.write(Buffer.alloc(4096), 3 * 1024 * 1024);
    await damaged.close();
    const ours = await openDisk({ path: copy, store });
    assert.match(ours.layer.describe().remarks[0] ?? '', /replayed/);
    assert.ok(content.equals(await contentOf(ours)));
    await ours.close();
    const theirs = join(folder, 'theirs.vhdx');
    await copyFile(copy, theirs);
    await mustRun('qemu-img', 'check', '-f', 'vhdx', '-r', 'all', theirs);
    await mustRun('qemu-img', 'convert', '-f', 'vhdx', '-O', 'raw', theirs, join(folder, 'b.raw'));
    assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
    const writing = await openDisk({ path: copy, store, access: 'write' });
    await writePattern(writing, 5);
    await writing.close();
    await mustBeSound(copy);
  }));

void test('FMT-42 a differencing vhdx finds its parent, refuses a changed one, and can be grown', () =>
  withFolder(async (folder) => {
    const basePath = join(folder, 'base.vhdx');
    const base = await make({ path: basePath, format: 'vhdx', sizeBytes });
    await writePattern(base, 6);
    const before = await contentOf(base);
    await base.close();
    const known = await openDisk({ path: basePath, store });
    const parent = {
      path: basePath,
      relativePath: 'base.vhdx',
      format: 'vhdx',
      identity: known.layer.describe().identity,
      modifiedMs: 0,
    };
    await known.close();
    const path = join(folder, 'child.vhdx');
    const child = await make({ path, format: 'vhdx', sizeBytes, options: { parent } });
    assert.ok(before.equals(await contentOf(child)));
    await writePattern(child, 7);
    const content = await contentOf(child);
    await child.resize(300 * 1024 ** 3);
    await child.layer.writer?.setParent?.({ ...parent, relativePath: './base.vhdx' });
    await child.close();
    await mustBeSound(path);
    const again = await openDisk({ path, store });
    assert.equal(again.sizeBytes, 300 * 1024 ** 3);
    const start = Buffer.alloc(content.length);
    await again.read(start, 0);
    assert.ok(content.equals(start));
    await again.close();
    // any write gives the parent another identity
    await rename(basePath, join(folder, 'kept.vhdx'));
    await copyFile(join(folder, 'kept.vhdx'), basePath);
    const changing = await openDisk({ path: basePath, store, access: 'write' });
    await changing.write(Buffer.alloc(512), 0);
    await changing.close();
    await assert.rejects(openDisk({ path, store }), { code: 'stale' });
    await rm(basePath);
  }));
