import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault, miB } from '#lib';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import { store, withFolder } from '../testing/folder.ts';
import { checkDisk } from './check.ts';
import { compareDisks } from './compare.ts';
import { copyDisk } from './copy.ts';
import { makeDisk, parentFor } from './create.ts';
import { makeTwin, twinFiles } from './twin.ts';

const size = 9 * miB;

/** What a disk says of itself, but for where it is and what changes with its content. */
function facts({ layer, sizeBytes, sectorBytes, blockBytes }: Disk): unknown {
  const { variant, identity, fields } = layer.describe();
  const { cid: _, extents, dataWriteGuid: __, fileWriteGuid: ___, ...kept } = fields;
  const pieces = (extents as { sizeBytes: number }[] | undefined)?.map((one) => one.sizeBytes);
  const its = layer.format === 'vhd' ? identity : undefined;
  return { variant, its, kept, pieces, sizeBytes, sectorBytes, blockBytes };
}

const kinds = [
  ['vhd', 'dynamic'],
  ['vhd', 'fixed'],
  ['vhdx', 'dynamic'],
  ['vhdx', 'fixed'],
  ['vmdk', 'monolithicSparse'],
  ['vmdk', 'monolithicFlat'],
  ['vmdk', 'twoGbMaxExtentSparse'],
  ['vmdk', 'twoGbMaxExtentFlat'],
] as const;

for (const [format, variant] of kinds)
  void test(`a twin of a ${variant} ${format} is empty, like it in all else, and takes what it holds`, () =>
    withFolder(async (folder) => {
      const other = join(folder, 'other');
      mkdirSync(other);
      const path = join(folder, `a.${format}`);
      await makeDisk({ path, format, variant, sizeBytes: size }, store, async (disk) => {
        await disk.write(Buffer.alloc(miB, 7), 3 * miB);
      });
      await using source = await openDisk({ path, format, store });
      const to = join(other, `b c.${format}`);
      const files = twinFiles(source, to);
      await makeTwin(source, to);
      assert.deepEqual(
        readdirSync(other).sort(),
        files.map((one) => one.slice(other.length + 1)).sort(),
      );
      assert.equal(files.at(-1), to);
      const stored = files.reduce((sum, one) => sum + statSync(one).blocks * 512, 0);
      assert.ok(stored <= 6 * miB, `${stored} bytes for an empty disk`);
      {
        await using twin = await openDisk({ path: to, format, store, access: 'write' });
        assert.deepEqual(facts(twin), facts(source));
        const all = Buffer.alloc(size, 1);
        await twin.read(all, 0);
        assert.ok(all.equals(Buffer.alloc(size)), 'it is empty');
        await copyDisk(source, twin, { target: 'new' });
      }
      await using twin = await openDisk({ path: to, format, store });
      assert.equal((await compareDisks(source, twin)).isEqual, true);
      assert.equal((await checkDisk(twin)).corruptions, 0);
      await assert.rejects(makeTwin(source, to), (error) => isFault(error, 'exists'));
      assert.equal(readdirSync(other).length, files.length, 'and nothing is left of that');
    }));

void test('a twin has the size by its geometry, the maker and the data base that another program gave its disk', () =>
  withFolder(async (folder) => {
    const image = (name: string, ...options: string[]): string => {
      const path = join(folder, name);
      execFileSync('qemu-img', ['create', '-q', ...options, path, '20000000']);
      return path;
    };
    const made = [
      ['vhd', image('geometry.vhd', '-f', 'vpc')],
      ['vhd', image('fixed.vhd', '-f', 'vpc', '-o', 'subformat=fixed,force_size=on')],
      ['vhdx', image('big.vhdx', '-f', 'vhdx', '-o', 'block_size=8M')],
      ['vmdk', image('lsi.vmdk', '-f', 'vmdk', '-o', 'adapter_type=lsilogic,hwversion=8')],
      [
        'vmdk',
        image('flat.vmdk', '-f', 'vmdk', '-o', 'subformat=monolithicFlat,adapter_type=lsilogic'),
      ],
    ] as const;
    for (const [format, path] of made) {
      await using source = await openDisk({ path, format, store });
      const to = join(folder, `twin.${format}`);
      const files = twinFiles(source, to);
      await makeTwin(source, to);
      await using twin = await openDisk({ path: to, format, store });
      assert.deepEqual(facts(twin), facts(source), path);
      const info = (one: string): { 'virtual-size': number } =>
        JSON.parse(execFileSync('qemu-img', ['info', '--output=json', one]).toString()) as never;
      assert.equal(info(to)['virtual-size'], info(path)['virtual-size']);
      for (const one of files) rmSync(one);
    }
  }));

void test('no twin is made of a disk that has a parent', () =>
  withFolder(async (folder) => {
    const [base, child] = ['base.vhdx', 'child.vhdx'].map((one) => join(folder, one));
    assert.ok(base !== undefined && child !== undefined);
    await makeDisk({ path: base, format: 'vhdx', sizeBytes: size }, store);
    await using below = await openDisk({ path: base, store });
    const parent = await parentFor(child, below);
    await makeDisk({ path: child, format: 'vhdx', sizeBytes: size, parent }, store);
    await using source = await openDisk({ path: child, store, parent: 'none' });
    const to = join(folder, 'twin.vhdx');
    assert.throws(
      () => twinFiles(source, to),
      (error) => isFault(error, 'unsupported'),
    );
    await assert.rejects(makeTwin(source, to), (error) => isFault(error, 'unsupported'));
  }));
