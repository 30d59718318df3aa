/** The files appliance on a real disk with a partition of each file system, made by the tools of their own projects. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, open, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { isFault, miB } from '#lib';
import { buildImage, filesKernelPath, type BuiltImage } from '#images';
import { serveClient } from '../../nbd/mod.ts';
import { TemporaryFolder, withoutQemu } from '../testing/real-qemu.ts';
import { FilesAppliance } from './appliance.ts';
import type { BlockDevice } from './block-device.ts';
import { RawFileDevice } from './testing/devices.ts';
import { writePartitions } from './testing/partitions.ts';

/** Where images are kept between runs. */
const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

function tool(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', env: { PATH: path } });
}

const needed = ['mke2fs', 'mkfs.xfs', 'mkfs.ntfs', 'ntfscp', 'mformat', 'mcopy', 'xorriso'];
const missing = needed.filter(
  (name) => spawnSync('which', [name], { env: { PATH: path } }).status !== 0,
);
const skip = withoutQemu || (missing.length > 0 && `${missing.join(', ')} is not installed`);

async function textOf(content: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(content)).toString('utf8');
}

describe('the files appliance', { skip }, () => {
  let folder: TemporaryFolder;
  let image: BuiltImage;
  let disk: string;

  before(async () => {
    folder = await TemporaryFolder.make();
    image = await buildImage({ kind: 'files', cacheDir });
    disk = await makeDisk();
  });
  after(() => folder[Symbol.asyncDispose]());

  /** Partitions: ext4, XFS, NTFS, FAT16, ISO 9660, an ext4 whose super block is damaged, LUKS, nothing, ext2, ext3, FAT12, FAT32. */
  async function makeDisk(): Promise<string> {
    const tree = folder.file('tree');
    await mkdir(join(tree, 'sub'), { recursive: true });
    await writeFile(join(tree, 'hello.txt'), 'hello\n');
    await writeFile(join(tree, 'sub', 'big'), Buffer.alloc(3 * miB, 'big'));
    const sizes = {
      ext4: 16,
      xfs: 320,
      ntfs: 16,
      fat16: 16,
      iso: 16,
      damaged: 16,
      luks: 1,
      empty: 1,
      ext2: 4,
      ext3: 8,
      fat12: 4,
      fat32: 64,
    };
    const part = (name: string): string => folder.file(`${name}.img`);
    for (const [name, size] of Object.entries(sizes)) {
      await writeFile(part(name), '');
      await truncate(part(name), size * miB);
    }
    tool('xorriso', '-as', 'mkisofs', '-quiet', '-J', '-R', '-V', 'DISC', '-o', part('iso'), tree);
    // Leads out of its file system, on a machine that followed it.
    await symlink('/../../../../sub/../hello.txt', join(tree, 'link'));
    await symlink('/etc', join(tree, 'away'));
    await writeFile(
      Buffer.concat([Buffer.from(`${tree}/odd`), Buffer.of(0xff, 0x0a, 0x5c)]),
      'odd',
    );
    tool('mke2fs', '-q', '-t', 'ext4', '-L', 'a\nb"c', '-d', tree, part('ext4'));
    tool('mke2fs', '-q', '-t', 'ext4', '-d', tree, part('damaged'));
    for (const name of ['ext2', 'ext3']) tool('mke2fs', '-q', '-t', name, '-d', tree, part(name));
    const proto = ['/', '0 0', 'd--755 0 0', `hello.txt ---644 0 0 ${tree}/hello.txt`, '$', ''];
    await writeFile(folder.file('proto'), proto.join('\n'));
    tool('mkfs.xfs', '-q', '-L', 'roots', '-p', folder.file('proto'), part('xfs'));
    tool('mkfs.ntfs', '-q', '-F', '-p', '0', '-H', '0', '-S', '0', '-s', '512', part('ntfs'));
    tool('ntfscp', '-q', part('ntfs'), join(tree, 'hello.txt'), 'hello.txt');
    for (const [name, ...how] of [['fat12'], ['fat16'], ['fat32', '-F']] as const) {
      const sectors = String((sizes[name] * miB) / 512);
      const form = [...how, '-v', 'SHARED', '-T', sectors, '-h', '64', '-s', '32', '::'];
      tool('mformat', '-i', part(name), ...form);
      tool('mcopy', '-i', part(name), join(tree, 'hello.txt'), '::hello.txt');
    }
    const damaged = await open(part('damaged'), 'r+');
    // All before the mark of the format: counts of blocks and inodes, sizes of groups.
    await damaged.write(Buffer.alloc(48, 0xee), 0, 48, 1024);
    await damaged.close();
    await writeFile(part('luks'), Buffer.from('4c554b53babe0002', 'hex'), { flag: 'r+' });
    await writePartitions(folder.file('disk'), Object.keys(sizes).map(part));
    return folder.file('disk');
  }

  /** A part of the disk as a file of its own. */
  async function cutOut(start: number, sizeBytes: number): Promise<string> {
    const out = folder.file(`part-${start}`);
    const range = [`skip=${start / miB}`, `count=${sizeBytes / miB}`];
    tool('dd', `if=${disk}`, `of=${out}`, 'bs=1M', 'conv=sparse', 'status=none', ...range);
    return out;
  }

  async function withAppliance<T>(
    access: 'read' | 'write',
    work: (appliance: FilesAppliance) => Promise<T>,
  ): Promise<T> {
    await using handle = await open(disk, 'r+');
    const { size } = await handle.stat();
    const parts = {
      program: '/usr/bin/qemu-system-x86_64',
      kernelPath: filesKernelPath(image.path),
      initramfsPath: image.path,
      acceleration: 'tcg',
      account: undefined,
      device: new RawFileDevice(handle, size),
      serve: (stream: Duplex, device: BlockDevice) =>
        serveClient(stream, { exports: new Map([['', device]]), onFault: () => undefined }),
      access,
    } as const;
    await using appliance = await FilesAppliance.start(parts);
    return await work(appliance);
  }

  test('TPL-30 lists and reads ext2 to ext4, XFS, NTFS, FAT12 to FAT32 and ISO 9660, and names the file system that cannot be read', async () => {
    const before = tool('sha256sum', disk);
    await withAppliance('read', async (appliance) => {
      const named = appliance.systems.map(({ device, name, label }) => [device, name, label]);
      assert.deepEqual(named, [
        ['vda', undefined, undefined],
        ['vda1', 'ext4', 'a b"c'],
        ['vda2', 'XFS', 'roots'],
        ['vda3', 'NTFS', ''],
        ['vda4', 'FAT16', 'SHARED'],
        ['vda5', 'ISO 9660', 'DISC'],
        ['vda6', 'ext4', ''],
        ['vda7', 'LUKS', ''],
        ['vda8', undefined, undefined],
        ['vda9', 'ext2', ''],
        ['vda10', 'ext3', ''],
        ['vda11', 'FAT12', 'SHARED'],
        ['vda12', 'FAT32', 'SHARED'],
      ]);
      for (const number of [1, 2, 3, 4, 5, 9, 10, 11, 12]) {
        const device = `vda${number}`;
        const entries = await appliance.list(device, '/');
        assert.ok(
          entries.some(({ name, kind }) => name === 'hello.txt' && kind === 'file'),
          device,
        );
        const content = appliance.read('get', device, '/hello.txt');
        assert.equal(await textOf(content), 'hello\n', device);
      }
      await assert.rejects(appliance.list('vda6', '/'), (error) => {
        assert.ok(isFault(error, 'corrupt'));
        assert.match(
          error.message,
          /^cannot list \/ of partition 6 \(ext4\): the file system cannot be read: .*EXT4-fs/,
        );
        return true;
      });
      await assert.rejects(appliance.list('vda7', '/'), /cannot open partition 7: it holds LUKS/);
      await assert.rejects(appliance.list('vda8', '/'), /it holds no file system that is known/);
      await assert.rejects(appliance.list('vda99', '/'), (error) => isFault(error, 'not-found'));

      const [odd] = (await appliance.list('vda1', '/')).filter(({ name }) =>
        name.startsWith('odd'),
      );
      assert.equal(odd?.name, 'odd\\xff\\x0a\\\\');
      assert.equal(await textOf(appliance.read('get', 'vda1', `/${odd.name}`)), 'odd');
      const link = await appliance.facts('vda1', '/link');
      assert.deepEqual([link.kind, link.sizeBytes], ['file', 6]);
      await assert.rejects(appliance.list('vda1', '/away'), (error) => isFault(error, 'not-found'));
      await assert.rejects(appliance.list('vda1', '/hello.txt'), (error) =>
        isFault(error, 'invalid'),
      );
      await assert.rejects(textOf(appliance.read('get', 'vda1', '/sub')), (error) =>
        isFault(error, 'invalid'),
      );
      const big = await textOf(appliance.read('get', 'vda1', '/sub/big'));
      assert.ok(big === Buffer.alloc(3 * miB, 'big').toString());

      const archive = folder.file('sub.tar');
      await writeFile(archive, appliance.read('pack', 'vda1', '/sub'));
      assert.deepEqual(tool('tar', '-tf', archive).trim().split('\n'), ['./sub/', './sub/big']);
      const content = { sizeBytes: 1, content: (async function* () {})() };
      await assert.rejects(appliance.replace('vda1', '/new', content), (error) =>
        isFault(error, 'refused'),
      );
    });
    assert.equal(tool('sha256sum', disk), before, 'reading changes not a byte of the disk');
  });

  test('puts files in place of others, and the tools of the file systems find them sound', async () => {
    const give = async function* (text: string | Buffer): AsyncGenerator<Buffer> {
      yield Buffer.from(text);
    };
    /** A folder that is called otherwise than where it goes. */
    const packed = async (): Promise<Buffer> => {
      const tree = folder.file('packed');
      await mkdir(join(tree, 'deep/er'), { recursive: true });
      await writeFile(join(tree, 'big'), 'no longer big');
      await writeFile(join(tree, 'deep/er/note'), 'note');
      await symlink('../big', join(tree, 'deep/link'));
      tool('chmod', '711', join(tree, 'deep/er'));
      const owner = ['--owner=root:12', '--group=root:34'];
      tool('tar', '-C', folder.file(''), '-cf', folder.file('packed.tar'), ...owner, './packed');
      return await readFile(folder.file('packed.tar'));
    };
    await withAppliance('write', async (appliance) => {
      for (const device of ['vda1', 'vda2', 'vda3', 'vda4']) {
        const file = { sizeBytes: 4, content: give('new\n') };
        await appliance.replace(device, '/hello.txt', file);
      }
      const archive = await packed();
      const folderOf = (path: string): Promise<void> =>
        appliance.replace('vda1', path, {
          kind: 'folder',
          sizeBytes: archive.length,
          content: give(archive),
        });
      const text = (path: string): Promise<string> => textOf(appliance.read('get', 'vda1', path));
      await folderOf('/other');
      await appliance.replace('vda1', '/other/later', { sizeBytes: 6, content: give('later\n') });
      await appliance.replace('vda1', '/other/big', { sizeBytes: 4, content: give('new\n') });
      await folderOf('/other');
      assert.equal(await text('/other/big'), 'no longer big');
      assert.equal(await text('/other/deep/er/note'), 'note');
      assert.equal(await text('/other/later'), 'later\n', 'what it has besides stays');
      const { mode, uid, gid } = await appliance.facts('vda1', '/other/deep/er');
      assert.deepEqual([mode.toString(8), uid, gid], ['711', 12, 34]);
      const inDeep = await appliance.list('vda1', '/other/deep');
      assert.equal(inDeep.find(({ name }) => name === 'link')?.target, '../big');
      const entries = await appliance.list('vda1', '/');
      assert.ok(!entries.some(({ name }) => name.startsWith('.gantry')));
      for (const device of ['vda1', 'vda2', 'vda3', 'vda4'])
        assert.equal(await textOf(appliance.read('get', device, '/hello.txt')), 'new\n', device);
      await appliance.leave();
    });
    const [ext4, xfs] = [await cutOut(1 * miB, 16 * miB), await cutOut(17 * miB, 320 * miB)];
    tool('e2fsck', '-fn', ext4);
    tool('xfs_repair', '-n', '-f', xfs);
    assert.equal(tool('debugfs', '-R', 'cat /hello.txt', ext4), 'new\n');
    assert.equal(tool('mtype', '-i', `${disk}@@${353 * miB}`, '::hello.txt'), 'new\n');
  });

  test('a file that ends before its length leaves the old one', async () => {
    await withAppliance('write', async (appliance) => {
      const content = (async function* () {
        yield Buffer.from('half');
      })();
      const cut = appliance.replace('vda1', '/sub/big', { sizeBytes: 8, content });
      await assert.rejects(cut, (error) => isFault(error, 'invalid'));
    });
    const ext4 = await cutOut(1 * miB, 16 * miB);
    tool('e2fsck', '-fy', '-E', 'journal_only', ext4);
    assert.match(tool('debugfs', '-R', 'stat /sub/big', ext4), /Size: 3145728/);
  });
});
