import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import {
  startBareQemu,
  TemporaryFolder,
  withoutProgram,
  withoutQemu,
} from '../testing/real-qemu.ts';
import { checkImage, convertImage, createImage, resizeImage } from './change.ts';
import { inspectImage, readImageInfo } from './info.ts';

const tool = 'qemu-img';
const options = { skip: withoutProgram(tool) };
const miB = 1024 * 1024;

void test('images are made, told about, grown and checked', options, async () => {
  await using folder = await TemporaryFolder.make();
  const path = folder.file('a, b=c.qcow2');
  await createImage(tool, { path, format: 'qcow2', sizeBytes: 8 * miB });
  const info = await readImageInfo(tool, { path, format: 'qcow2' });
  assert.equal(info.virtualBytes, 8 * miB);
  assert.equal(info.backing, undefined);
  assert.equal(info.corrupt, false);
  await resizeImage(tool, { path, format: 'qcow2', sizeBytes: 16 * miB, direction: 'grow' });
  assert.equal((await readImageInfo(tool, { path, format: 'qcow2' })).virtualBytes, 16 * miB);
  const smaller = { path, format: 'qcow2', sizeBytes: 8 * miB } as const;
  const refused = resizeImage(tool, { ...smaller, direction: 'grow' });
  await assert.rejects(refused, (error) => isFault(error, 'refused'));
  await resizeImage(tool, { ...smaller, direction: 'shrink' });
  const found = await checkImage(tool, { path, format: 'qcow2' });
  assert.deepEqual(found, { corruptions: 0, leaks: 0, checkErrors: 0 });
});

void test('what exists is never overwritten, what fails leaves nothing', options, async () => {
  await using folder = await TemporaryFolder.make();
  const path = folder.file('taken');
  writeFileSync(path, 'precious');
  const image = { path, format: 'raw', sizeBytes: miB } as const;
  await assert.rejects(createImage(tool, image), (error) => isFault(error, 'exists'));
  assert.equal(readFileSync(path, 'utf8'), 'precious');
  const orphan = folder.file('orphan.qcow2');
  const backing = { path: folder.file('missing'), format: 'raw' } as const;
  await assert.rejects(createImage(tool, { path: orphan, format: 'qcow2', backing }), (error) =>
    isFault(error, 'not-found'),
  );
  assert.equal(existsSync(orphan), false);
  const from = { path: folder.file('missing'), format: 'qcow2' } as const;
  await assert.rejects(convertImage(tool, { from, to: { path: orphan, format: 'raw' } }));
  assert.equal(existsSync(orphan), false);
});

void test('a size that is no size is refused before anything is made', options, async () => {
  await using folder = await TemporaryFolder.make();
  for (const sizeBytes of [0, -512, 1000, Number.NaN, 2 ** 60]) {
    const image = { path: folder.file('x'), format: 'raw', sizeBytes } as const;
    await assert.rejects(createImage(tool, image), (error) => isFault(error, 'invalid'));
  }
  const relative = { path: 'x', format: 'raw', sizeBytes: 512 } as const;
  await assert.rejects(createImage(tool, relative), (error) => isFault(error, 'invalid'));
  assert.equal(existsSync(folder.file('x')), false);
});

void test('a conversion flattens the chain and tells how far it is', options, async () => {
  await using folder = await TemporaryFolder.make();
  const base = folder.file('base.raw');
  const content = Buffer.alloc(4 * miB, 'gantry');
  writeFileSync(base, content);
  const top = folder.file('top.qcow2');
  await createImage(tool, { path: top, format: 'qcow2', backing: { path: base, format: 'raw' } });
  const flat = folder.file('flat.raw');
  const heard: number[] = [];
  await convertImage(tool, {
    from: { path: top, format: 'qcow2' },
    to: { path: flat, format: 'raw' },
    onProgress: (percent) => heard.push(percent),
  });
  assert.deepEqual(readFileSync(flat), content);
  assert.equal(heard.at(-1), 100);
  assert.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
  );
});

void test('a conversion that is cancelled leaves nothing behind', options, async () => {
  await using folder = await TemporaryFolder.make();
  const from = folder.file('from.raw');
  writeFileSync(from, Buffer.alloc(64 * miB, 1));
  const to = folder.file('to.qcow2');
  const controller = new AbortController();
  const conversion = convertImage(tool, {
    from: { path: from, format: 'raw' },
    to: { path: to, format: 'qcow2' },
    signal: controller.signal,
    onProgress: () => controller.abort(new Fault('cancelled', 'enough')),
  });
  await assert.rejects(conversion, { message: 'enough' });
  assert.equal(existsSync(to), false);
});

void test('a raw image is not taken for what its content says', options, async () => {
  await using folder = await TemporaryFolder.make();
  const inner = folder.file('inner.qcow2');
  const secret = folder.file('secret');
  writeFileSync(secret, Buffer.alloc(miB, 's'));
  await createImage(tool, {
    path: inner,
    format: 'qcow2',
    backing: { path: secret, format: 'raw' },
  });
  const info = await inspectImage(tool, { path: inner, format: 'raw' }, []);
  assert.equal(info.virtualBytes, Math.ceil(statSync(inner).size / 512) * 512);
  const asVhd = readImageInfo(tool, { path: inner, format: 'vpc' });
  await assert.rejects(asVhd, (error) => isFault(error, 'refused'));
});

void test('an image may name only files in the folders it is allowed', options, async () => {
  await using folder = await TemporaryFolder.make();
  const pool = folder.file('pool');
  mkdirSync(pool);
  const parent = `${pool}/parent.raw`;
  writeFileSync(parent, Buffer.alloc(miB));
  const child = `${pool}/child.qcow2`;
  await createImage(tool, {
    path: child,
    format: 'qcow2',
    backing: { path: parent, format: 'raw' },
  });
  const query = { path: child, format: 'qcow2' } as const;
  const info = await inspectImage(tool, query, [pool]);
  assert.deepEqual(info.backing, { path: parent, format: 'raw' });
  await assert.rejects(inspectImage(tool, query, []), (error) => isFault(error, 'invalid'));
  await assert.rejects(inspectImage(tool, query, [`${pool}2`]), (error) =>
    isFault(error, 'invalid'),
  );
});

/** An image whose header names whatever the test wants. */
function forge(path: string, backing: string): void {
  const args = ['create', '-q', '-f', 'qcow2', '-u', '-F', 'raw', '-b', backing, path, '1M'];
  execFileSync(tool, args);
}

void test('links, dots and addresses do not lead out of the allowed folders', options, async () => {
  await using folder = await TemporaryFolder.make();
  const pool = folder.file('pool');
  mkdirSync(pool);
  const outside = folder.file('outside.raw');
  writeFileSync(outside, Buffer.alloc(miB));
  symlinkSync(outside, `${pool}/link`);
  symlinkSync(folder.path, `${pool}/up`);
  const escapes = [
    '/etc/passwd',
    `${pool}/../outside.raw`,
    '../outside.raw',
    `${pool}-other/disk.raw`,
    'link',
    'up/outside.raw',
    'up/missing',
    'nbd://127.0.0.1:1/x',
    'json:{"driver":"file","filename":"/etc/passwd"}',
  ];
  for (const [index, backing] of escapes.entries()) {
    const path = `${pool}/evil${index}.qcow2`;
    forge(path, backing);
    const inspection = inspectImage(tool, { path, format: 'qcow2' }, [pool]);
    await assert.rejects(inspection, (error) => isFault(error, 'invalid'), backing);
  }
});

void test('an external data file and the extents of a VMDK count as well', options, async () => {
  await using folder = await TemporaryFolder.make();
  const pool = folder.file('pool');
  mkdirSync(pool);
  const withData = `${pool}/data.qcow2`;
  const outside = folder.file('outside.raw');
  execFileSync(tool, ['create', '-q', '-f', 'qcow2', '-o', `data_file=${outside}`, withData, '1M']);
  const query = { path: withData, format: 'qcow2' } as const;
  await assert.rejects(inspectImage(tool, query, [pool]), (error) => isFault(error, 'invalid'));
  await inspectImage(tool, query, [folder.path]);
  const disk = folder.file('flat.vmdk');
  execFileSync(tool, ['create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', disk, '1M']);
  const flat = { path: disk, format: 'vmdk' } as const;
  await assert.rejects(inspectImage(tool, flat, [pool]), (error) => isFault(error, 'invalid'));
  assert.deepEqual((await inspectImage(tool, flat, [folder.path])).otherPaths, [
    folder.file('flat-flat.vmdk'),
  ]);
});

void test(
  'damage is found, and told apart from formats that cannot be checked',
  options,
  async () => {
    await using folder = await TemporaryFolder.make();
    const path = folder.file('damaged.qcow2');
    execFileSync(tool, ['create', '-q', '-f', 'qcow2', '-o', 'preallocation=metadata', path, '8M']);
    const file = openSync(path, 'r+');
    // The reference counts of the first clusters: the header itself is no longer counted.
    const table = Buffer.alloc(8);
    table.writeBigUInt64BE(BigInt(0x10000));
    writeSync(file, Buffer.alloc(16), 0, 16, 0x20000);
    closeSync(file);
    assert.ok((await checkImage(tool, { path, format: 'qcow2' })).corruptions > 0);
    const raw = folder.file('raw');
    await createImage(tool, { path: raw, format: 'raw', sizeBytes: miB });
    const unsupported = checkImage(tool, { path: raw, format: 'raw' });
    await assert.rejects(unsupported, (error) => isFault(error, 'unsupported'));
  },
);

void test(
  'an image that a machine uses is read only when asked to',
  { skip: withoutQemu },
  async () => {
    await using folder = await TemporaryFolder.make();
    const path = folder.file('used.qcow2');
    await createImage(tool, { path, format: 'qcow2', sizeBytes: miB });
    const node = { 'node-name': 'x', driver: 'qcow2', file: { driver: 'file', filename: path } };
    await using qemu = await startBareQemu(folder, [
      '-blockdev',
      JSON.stringify(node),
      '-device',
      'virtio-blk-pci,drive=x',
    ]);
    assert.ok(qemu.qmp.version.major >= 7);
    await assert.rejects(readImageInfo(tool, { path, format: 'qcow2' }), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.hint ?? '', /in use/);
      return true;
    });
    const info = await readImageInfo(tool, { path, format: 'qcow2', inUse: 'yes' });
    assert.equal(info.virtualBytes, miB);
  },
);

void test('a missing qemu-img is unavailable', async () => {
  const query = { path: '/nowhere', format: 'raw' } as const;
  const reading = readImageInfo('/nowhere/qemu-img', query);
  await assert.rejects(reading, (error) => isFault(error, 'unavailable'));
});
