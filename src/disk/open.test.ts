import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from './open.ts';
import type { DiskFile } from './file/disk-file.ts';
import { MemoryFile } from './file/memory-file.ts';
import { formatNamed } from './formats.ts';
import { hostStore, memoryStore } from './store.ts';

async function overlay(
  name: string,
  parentName: string,
  parentFormat = 'qcow2',
): Promise<MemoryFile> {
  const file = new MemoryFile(name);
  await formatNamed('qcow2').create?.(file, {
    sizeBytes: 65536,
    blockBytes: 4096,
    nowMs: 0,
    newIdentity: () => Buffer.alloc(16, 1),
    parent: {
      path: parentName,
      relativePath: parentName,
      format: parentFormat,
      identity: undefined,
      modifiedMs: 0,
    },
  });
  return file;
}

void test('a chain that comes back to itself is corrupt', async () => {
  const files = new Map<string, DiskFile>();
  files.set('/a', await overlay('/a', '/b'));
  files.set('/b', await overlay('/b', '/a'));
  const store = memoryStore(files);
  await assert.rejects(openDisk({ path: '/a', store }), {
    code: 'corrupt',
    message: /back to itself/,
  });
});

void test('a chain longer than its bound is refused', async () => {
  const files = new Map<string, DiskFile>();
  for (let index = 0; index < 130; index += 1) {
    files.set(`/${index}`, await overlay(`/${index}`, `/${index + 1}`));
  }
  const store = memoryStore(files);
  await assert.rejects(openDisk({ path: '/0', store }), { code: 'too-large' });
  const alone = await openDisk({ path: '/0', store, parent: 'none' });
  assert.equal(alone.parent, undefined);
});

void test('a format that a child records is not probed: raw content that looks like qcow2 stays raw', async () => {
  const files = new Map<string, DiskFile>();
  const inner = await overlay('/inner', '/secret');
  files.set('/raw', inner);
  files.set('/top', await overlay('/top', '/raw', 'raw'));
  const disk = await openDisk({ path: '/top', store: memoryStore(files) });
  assert.equal(disk.parent?.format, 'raw');
  const start = Buffer.alloc(512);
  await disk.read(start, 0);
  assert.equal(start.toString('latin1', 0, 3), 'QFI');
});

void test('FMT-04 names inside files lead nowhere outside the folder, by path, by link or by scheme', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gd-'));
  try {
    const inside = join(folder, 'pool');
    await mkdir(inside);
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), join(inside, 'link'));
    const names = ['../secret', join(folder, 'secret'), 'link', '/etc/passwd', '..\\secret'];
    for (const name of [...names, 'file:///etc/passwd', 'C:\\..\\..\\etc\\passwd']) {
      const path = join(inside, 'child.qcow2');
      await writeFile(path, await (await overlay(path, name, 'raw')).content());
      const work = openDisk({ path, store: hostStore() });
      await assert.rejects(work, (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'not-found', name);
        assert.ok(error.cause instanceof Error && 'code' in error.cause);
        assert.match(String(error.cause.code), /forbidden|not-found/);
        return true;
      });
    }
    // where the folder above is allowed, so is what lies in it
    const path = join(inside, 'child.qcow2');
    await writeFile(path, await (await overlay(path, '../secret', 'raw')).content());
    const disk = await openDisk({ path, store: hostStore([folder]) });
    assert.equal(disk.parent?.sizeBytes, 512);
    await disk.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const packings = [
  ['gzip', [0x1f, 0x8b, 8, 0]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['bzip2', [...Buffer.from('BZh9')]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [...Buffer.from('PK\u0003\u0004')]],
  ['tar', [...Buffer.alloc(257), ...Buffer.from('ustar')]],
] as const;
for (const [packing, head] of packings)
  void test(`a file that is packed with ${packing} is no disk, unless its format is named`, async () => {
    const bytes = Buffer.alloc(4096);
    bytes.set(head);
    const packed = new MemoryFile('/packed', bytes);
    const store = memoryStore(new Map([['/packed', packed]]));
    await assert.rejects(openDisk({ path: '/packed', store }), {
      code: 'unsupported',
      message: new RegExp(`/packed is (packed with|a) ${packing}`),
      hint: /unpack it first/,
    });
    const disk = await openDisk({ path: '/packed', store, format: 'raw' });
    assert.equal(disk.sizeBytes, 4096);
    await disk.close();
  });
