import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from '../disk.ts';
import { openDisk } from '../open.ts';
import { contentAt, makeScattered, store, withFolder } from '../testing/folder.ts';
import { seededRandom } from '../testing/random.ts';
import { makeDisk } from './create.ts';
import { diffDisks, type Difference } from './diff.ts';

const sizeBytes = 5 * 1024 * 1024;

async function diff(first: Disk, second: Disk): Promise<Difference[]> {
  return Array.fromAsync(diffDisks(first, second));
}

/** The same, the plain way: sector by sector over the whole contents. */
function differing(a: Buffer, b: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < a.length; at += 512) {
    if (!a.subarray(at, at + 512).equals(b.subarray(at, at + 512))) found.push(at);
  }
  return found;
}

function sectorsOf(differences: readonly Difference[]): number[] {
  return differences.flatMap(({ offset, length }) =>
    Array.from({ length: length / 512 }, (_, index) => offset + index * 512),
  );
}

void test('a diff of two disks of different formats names exactly the sectors that differ', () =>
  withFolder(async (folder) => {
    const [a, b] = [join(folder, 'a.vhd'), join(folder, 'b.qcow2')];
    await makeScattered({ path: a, format: 'vhd', sizeBytes }, 1);
    await makeScattered({ path: b, format: 'qcow2', sizeBytes }, 2);
    await using first = await openDisk({ path: a, store });
    await using second = await openDisk({ path: b, store });
    const found = await diff(first, second);
    const [one, two] = [await contentAt(a), await contentAt(b)];
    assert.deepEqual(sectorsOf(found), differing(one, two));
    for (const { offset, length, first: held } of found) {
      const isZero = one.subarray(offset, offset + length).every((byte) => byte === 0);
      assert.equal(held, isZero ? 'zero' : 'data');
    }
    assert.deepEqual(await diff(first, first), []);
  }));

void test('a diff of a child and its parent reads nothing that the child does not hold', () =>
  withFolder(async (folder) => {
    const [base, child] = [join(folder, 'base.qcow2'), join(folder, 'child.qcow2')];
    await makeScattered({ path: base, format: 'qcow2', sizeBytes }, 3);
    await makeScattered({ path: child, format: 'qcow2', sizeBytes, over: base }, 4);
    await using disk = await openDisk({ path: child, store });
    const { parent } = disk;
    assert.ok(parent);
    const { layer } = disk;
    let strayBytes = 0;
    const readParent = parent.read.bind(parent);
    parent.read = async (into, offset) => {
      for (let at = offset; at < offset + into.length; at += 512) {
        if ((await layer.extentAt(at, 512)).kind === 'absent') strayBytes += 512;
      }
      await readParent(into, offset);
    };
    const found = await diff(disk, parent);
    assert.equal(strayBytes, 0);
    assert.deepEqual(sectorsOf(found), differing(await contentAt(child), await contentAt(base)));
    assert.ok(found.length > 3);
  }));

void test('what the longer of two disks has beyond the end of the other is a difference', () =>
  withFolder(async (folder) => {
    const [a, b] = [join(folder, 'a.raw'), join(folder, 'b.raw')];
    await makeDisk({ path: a, format: 'raw', sizeBytes }, store);
    await makeDisk({ path: b, format: 'raw', sizeBytes: sizeBytes + 1024 * 1024 }, store, (disk) =>
      disk.write(seededRandom(1).bytes(4096), sizeBytes),
    );
    await using first = await openDisk({ path: a, store });
    await using second = await openDisk({ path: b, store });
    assert.deepEqual(await diff(first, second), [
      { offset: sizeBytes, length: 4096, first: 'beyond', second: 'data' },
      { offset: sizeBytes + 4096, length: 1024 * 1024 - 4096, first: 'beyond', second: 'zero' },
    ]);
    const turned = await diff(second, first);
    assert.deepEqual(turned[0], {
      offset: sizeBytes,
      length: 4096,
      first: 'data',
      second: 'beyond',
    });
  }));
