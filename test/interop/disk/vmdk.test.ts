import assert from 'node:assert/strict';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk, type Disk, type Finding } from '#disk';
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

async function mustBeSound(disk: Disk): Promise<void> {
  const found: Finding[] = [];
  await disk.layer.check((finding) => found.push(finding), undefined);
  assert.deepEqual(found, []);
}

async function patternedRaw(folder: string, seed: number, size = sizeBytes): Promise<string> {
  const path = join(folder, 'a.raw');
  const disk = await make({ path, format: 'raw', sizeBytes: size });
  await writePattern(disk, seed);
  await disk.close();
  return path;
}

for (const variant of [
  'monolithicSparse',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
]) {
  void test(`FMT-21 qemu-img reads what we write to a ${variant} vmdk`, () =>
    withFolder(async (folder) => {
      const raw = await patternedRaw(folder, 1);
      const path = join(folder, 'a.vmdk');
      const disk = await make({ path, format: 'vmdk', sizeBytes, options: { variant } });
      await writePattern(disk, 1);
      await disk.close();
      await assertSame('vmdk', path, raw);
      const again = await openDisk({ path, store });
      assert.equal(again.layer.describe().variant, variant);
      await mustBeSound(again);
      await again.close();
      if (variant === 'monolithicSparse') {
        assert.match(await mustRun('qemu-img', 'check', '-f', 'vmdk', path), /No errors/);
      }
    }));

  void test(`we read, and go on writing, a ${variant} vmdk of qemu-img`, () =>
    withFolder(async (folder) => {
      const raw = await patternedRaw(folder, 2);
      const path = join(folder, 'a.vmdk');
      await mustRun('qemu-img', 'convert', '-O', 'vmdk', '-o', `subformat=${variant}`, raw, path);
      const disk = await openDisk({ path, store, access: 'write' });
      assert.ok((await contentOf(disk)).equals(await readFile(raw)));
      await writePattern(disk, 3);
      const content = await contentOf(disk);
      await mustBeSound(disk);
      await disk.close();
      await mustRun('qemu-img', 'convert', '-f', 'vmdk', '-O', 'raw', path, join(folder, 'b.raw'));
      assert.ok(content.equals(await readFile(join(folder, 'b.raw'))));
    }));
}

void test('a split vmdk of more than two extents is written across their seams', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vmdk');
    const size = 5 * 1024 ** 3;
    const options = { variant: 'twoGbMaxExtentSparse' };
    const disk = await make({ path, format: 'vmdk', sizeBytes: size, options });
    const seam = 2047 * 1024 * 1024;
    await disk.write(Buffer.alloc(8192, 7), seam - 4096);
    await disk.close();
    const raw = await make({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes: size });
    await raw.write(Buffer.alloc(8192, 7), seam - 4096);
    await raw.close();
    assert.ok((await stat(join(folder, 'a-s003.vmdk'))).size > 0);
    await assertSame('vmdk', path, join(folder, 'a.raw'));
  }));

void test('a stream-optimised vmdk of ours is read by qemu-img, one of its by us', () =>
  withFolder(async (folder) => {
    const size = 200 * 1024 * 1024;
    const raw = await patternedRaw(folder, 4, size);
    const content = await readFile(raw);
    const theirs = join(folder, 'theirs.vmdk');
    const options = ['-O', 'vmdk', '-o', 'subformat=streamOptimized'];
    await mustRun('qemu-img', 'convert', ...options, raw, theirs);
    const reading = await openDisk({ path: theirs, store });
    assert.ok(content.equals(await contentOf(reading)));
    await mustBeSound(reading);
    await reading.close();
    await assert.rejects(
      openDisk({ path: theirs, store, access: 'write' }).then(async (disk) => {
        await using open = disk;
        await open.write(Buffer.alloc(512), 0);
      }),
      { code: 'refused' },
    );
    const path = join(folder, 'ours.vmdk');
    const variant = 'streamOptimized';
    const disk = await make({ path, format: 'vmdk', sizeBytes: size, options: { variant } });
    for (let at = 0; at < size; at += disk.blockBytes) {
      const grain = content.subarray(at, at + disk.blockBytes);
      if (grain.every((byte) => byte === 0)) continue;
      const stored = await compress(disk, grain);
      assert.ok(stored !== undefined);
      await disk.writeCompressed([{ offset: at, stored }]);
    }
    await disk.close();
    await assertSame('vmdk', path, raw);
    const again = await openDisk({ path, store });
    assert.ok(content.equals(await contentOf(again)));
    await mustBeSound(again);
    await again.close();
    // cut off, it has no footer and is refused
    await writeFile(path, (await readFile(path)).subarray(0, -1536));
    await assert.rejects(openDisk({ path, store }), { code: 'corrupt' });
  }));

void test('FMT-22 a vmdk chain is read as qemu-img reads it, and a changed parent is found', () =>
  withFolder(async (folder) => {
    await patternedRaw(folder, 5);
    const base = join(folder, 'base.vmdk');
    await mustRun('qemu-img', 'convert', '-O', 'vmdk', join(folder, 'a.raw'), base);
    const theirs = join(folder, 'theirs.vmdk');
    await mustRun('qemu-img', 'create', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', theirs);
    const known = await openDisk({ path: base, store });
    const { identity } = known.layer.describe();
    await known.close();
    const parent = {
      path: base,
      relativePath: 'base.vmdk',
      format: 'vmdk',
      identity,
      modifiedMs: 0,
    };
    const ours = join(folder, 'ours.vmdk');
    await (await make({ path: ours, format: 'vmdk', sizeBytes, options: { parent } })).close();
    for (const path of [theirs, ours]) {
      const disk = await openDisk({ path, store, access: 'write' });
      await writePattern(disk, 6);
      const content = await contentOf(disk);
      await disk.close();
      const out = join(folder, 'b.raw');
      await mustRun('qemu-img', 'convert', '-f', 'vmdk', '-O', 'raw', path, out);
      assert.ok(content.equals(await readFile(out)), path);
    }
    const changing = await openDisk({ path: base, store, access: 'write' });
    await changing.write(Buffer.alloc(512, 1), 0);
    await changing.close();
    await assert.rejects(openDisk({ path: ours, store }), { code: 'stale' });
  }));

void test('a content identity with fewer digits, as qemu-img writes it, changes with the content too', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vmdk');
    await mustRun('qemu-img', 'create', '-f', 'vmdk', path, '1M');
    const bytes = await readFile(path);
    const at = bytes.indexOf('CID=') + 4;
    const rest = bytes.indexOf('\n', at);
    const text = bytes.toString('latin1', rest, bytes.indexOf('\0', rest));
    bytes.write(`7${text}\0`, at, 'latin1');
    await writeFile(path, bytes);
    const disk = await openDisk({ path, store, access: 'write' });
    assert.equal(disk.layer.describe().identity, '00000007');
    await disk.write(Buffer.alloc(512, 1), 0);
    await disk.close();
    const again = await openDisk({ path, store });
    const { identity } = again.layer.describe();
    await again.close();
    assert.match(identity ?? '', /^0000000[0-689a-f]$/);
    assert.match(await readFile(path, 'latin1'), /CID=[0-9a-f]\nparentCID=ffffffff\n/);
  }));

void test('FMT-04 an extent outside the folder is refused with its name', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vmdk');
    const text = (name: string): string =>
      `# Disk DescriptorFile\r\nversion=1\r\nCID=123\r\nparentCID=ffffffff\r\n` +
      `createType="vmfs"\r\nRW 8 VMFS "${name}"\r\n`;
    await writeFile(path, text('/etc/passwd'));
    await assert.rejects(openDisk({ path, store }), { code: 'forbidden', message: /passwd/ });
    await writeFile(path, text('flat.bin'));
    await writeFile(join(folder, 'flat.bin'), Buffer.alloc(4096, 3));
    const disk = await openDisk({ path, store });
    assert.equal(disk.sizeBytes, 4096);
    await disk.close();
    await copyFile(path, join(folder, 'b.vmdk'));
  }));
