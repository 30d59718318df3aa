import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { contentAt, makeScattered, scatter, store, withFolder } from '../testing/folder.ts';
import { rebaseAnew, reconnectAnew, resizeAnew } from './anew.ts';
import { commitDisk } from './chain.ts';
import { makeDisk } from './create.ts';

const sizeBytes = 4 * 1024 * 1024;
const format = 'vmdk';

async function qemu(...argv: readonly string[]): Promise<string> {
  const child = spawn('qemu-img', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  assert.deepEqual(await once(child, 'close'), [0, null], argv.join(' '));
  return output;
}

void test('a vmdk grows, and shrinks where it is empty, with its content and to the eyes of qemu-img', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vmdk');
    await makeDisk({ path, format, sizeBytes }, store, (disk) => scatter(disk, 1));
    const wanted = await contentAt(path);
    for (const size of [sizeBytes * 700, sizeBytes]) {
      await using disk = await openDisk({ path, store });
      await resizeAnew(disk, size, { store });
      assert.match(await qemu('info', path), new RegExp(`\\(${size} bytes\\)`));
    }
    assert.ok((await contentAt(path)).equals(wanted));
    await using disk = await openDisk({ path, store });
    const before = await readFile(path);
    await assert.rejects(resizeAnew(disk, sizeBytes / 2, { store }), { code: 'refused' });
    const signal = AbortSignal.abort();
    await assert.rejects(resizeAnew(disk, sizeBytes * 2, { store, signal }));
    assert.ok((await readFile(path)).equals(before));
    assert.deepEqual(await readdir(folder), ['a.vmdk']);
  }));

void test('a vmdk child is given another parent and shows what it has shown; its own zeros stay its own', () =>
  withFolder(async (folder) => {
    const [base, other, child] = ['base', 'other', 'child'].map((name) =>
      join(folder, `${name}.vmdk`),
    );
    assert.ok(base !== undefined && other !== undefined && child !== undefined);
    await makeScattered({ path: base, format, sizeBytes }, 1);
    await makeScattered({ path: other, format, sizeBytes }, 2);
    await makeScattered({ path: child, format, sizeBytes, over: base }, 3);
    {
      await using disk = await openDisk({ path: child, store, access: 'write' });
      await disk.zero(0, sizeBytes / 2);
    }
    const wanted = await contentAt(child);
    {
      await using disk = await openDisk({ path: child, store });
      await using parent = await openDisk({ path: other, store });
      const { copiedBytes } = await rebaseAnew(disk, parent, { store });
      assert.ok(copiedBytes > 0);
    }
    await using again = await openDisk({ path: child, store });
    assert.equal(again.parent?.name, other);
    assert.ok((await contentAt(child)).equals(wanted));
    const raw = join(folder, 'out.raw');
    await qemu('convert', '-f', 'vmdk', '-O', 'raw', child, raw);
    assert.ok((await readFile(raw)).equals(wanted));
  }));

void test('a vmdk child finds its moved parent again, and another one is refused', () =>
  withFolder(async (folder) => {
    const [base, other, child] = ['base', 'other', 'child'].map((name) =>
      join(folder, `${name}.vmdk`),
    );
    assert.ok(base !== undefined && other !== undefined && child !== undefined);
    await makeScattered({ path: base, format, sizeBytes }, 1);
    await makeScattered({ path: other, format, sizeBytes }, 2);
    await makeScattered({ path: child, format, sizeBytes, over: base }, 3);
    const wanted = await contentAt(child);
    const moved = join(folder, 'moved.vmdk');
    await rename(base, moved);
    const stray = openDisk({ path: child, store, parent: { path: other } });
    await assert.rejects(stray, { code: 'stale' });
    {
      await using disk = await openDisk({ path: child, store, parent: { path: moved } });
      await reconnectAnew(disk, { store });
    }
    assert.ok((await contentAt(child)).equals(wanted));
  }));

void test('a vmdk of several files is not written anew over them', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vmdk');
    await makeDisk({ path, format, variant: 'monolithicFlat', sizeBytes }, store);
    await using disk = await openDisk({ path, store });
    await assert.rejects(resizeAnew(disk, sizeBytes * 2, { store }), { code: 'unsupported' });
  }));

void test('a vmdk child that has outgrown its parent is not committed, and what does instead is said', () =>
  withFolder(async (folder) => {
    const [base, child] = [join(folder, 'base.vmdk'), join(folder, 'child.vmdk')];
    await makeScattered({ path: base, format, sizeBytes }, 1);
    await makeScattered({ path: child, format, sizeBytes, over: base }, 2);
    {
      await using disk = await openDisk({ path: child, store });
      await resizeAnew(disk, sizeBytes * 2, { store });
    }
    const before = await readFile(base);
    await using disk = await openDisk({ path: child, store });
    await using parent = await openDisk({ path: base, store, access: 'write' });
    await assert.rejects(commitDisk(disk, parent), {
      code: 'unsupported',
      message: /child.vmdk: it is larger than its parent, and a vmdk does not grow/,
      hint: /^flatten it/,
    });
    assert.ok((await readFile(base)).equals(before));
  }));
