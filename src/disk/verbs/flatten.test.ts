import assert from 'node:assert/strict';
import { chmod, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { contentAt, makeScattered, store, withFolder } from '../testing/folder.ts';
import { demandChildless, findChildren } from './children.ts';
import { flattenDisk } from './flatten.ts';

const sizeBytes = 4 * 1024 * 1024;

for (const format of ['qcow2', 'vhd', 'vhdx', 'vmdk']) {
  void test(`FMT-22 a flattened chain of ${format} stands alone in the child's place, with its content and permissions`, () =>
    withFolder(async (folder) => {
      const [base, middle, top] = ['base', 'middle', 'top'].map((name) => join(folder, name));
      assert.ok(base !== undefined && middle !== undefined && top !== undefined);
      await makeScattered({ path: base, format, sizeBytes }, 1);
      await makeScattered({ path: middle, format, sizeBytes, over: base }, 2);
      await makeScattered({ path: top, format, sizeBytes, over: middle }, 3);
      await chmod(top, 0o640);
      const wanted = await contentAt(top);
      await symlink('top', join(folder, 'link'));
      const link = join(folder, 'link');
      {
        await using child = await openDisk({ path: link, store });
        await flattenDisk(child, { target: { path: link, existing: 'replace' }, store });
      }
      await using flat = await openDisk({ path: top, store });
      assert.equal(flat.format, format);
      assert.equal(flat.layer.parentReference, undefined);
      assert.ok((await contentAt(link)).equals(wanted));
      assert.equal((await stat(top)).mode & 0o777, 0o640);
      assert.deepEqual((await readdir(folder)).toSorted(), ['base', 'link', 'middle', 'top']);
      const again = flattenDisk(flat, { target: { path: top, existing: 'replace' }, store });
      await assert.rejects(again, { code: 'invalid' });
    }));
}

void test('DISK-27 a disk with children is found out, and they are named', () =>
  withFolder(async (folder) => {
    const base = join(folder, 'base.vhdx');
    await makeScattered({ path: base, format: 'vhdx', sizeBytes }, 1);
    await makeScattered({ path: join(folder, 'other.raw'), format: 'raw', sizeBytes }, 5);
    await demandChildless(base, 'compact', { store });
    const children = [join(folder, 'one.vhdx'), join(folder, 'two.qcow2')];
    await makeScattered({ path: children[0] ?? '', format: 'vhdx', sizeBytes, over: base }, 2);
    await makeScattered({ path: children[1] ?? '', format: 'qcow2', sizeBytes, over: base }, 3);
    assert.deepEqual(await findChildren(base, { store }), children);
    await assert.rejects(demandChildless(base, 'compact', { store }), {
      code: 'refused',
      facts: { file: base, children },
    });
    await demandChildless(base, 'merge into', { store, except: children });
  }));
