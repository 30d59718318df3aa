/** What the kinds of disks promise their users, whatever the format. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  checkDisk,
  convertDisk,
  formats,
  inspectDisk,
  makeDisk,
  openDisk,
  parentFor,
  repairInto,
  type Disk,
  type DiskFile,
} from '#disk';
import { assertSame, contentOf, mustRun, store, withFolder, writePattern } from './tools.ts';

const mib = 1024 * 1024;
const sizeBytes = 24 * mib;
const growing = ['vhd', 'vhdx', 'qcow2', 'vmdk'] as const;
const qemuName = (format: string): string => (format === 'vhd' ? 'vpc' : format);

interface Kind {
  readonly format: string;
  readonly variant?: string;
}

async function makePatterned(path: string, kind: Kind, seed: number): Promise<void> {
  await makeDisk({ path, ...kind, sizeBytes, durability: 'memory' }, store);
  await using disk = await openDisk({ path, store, format: kind.format, access: 'write' });
  await writePattern(disk, seed);
}

async function makeChild(path: string, format: string, parentPath: string): Promise<void> {
  await using below = await openDisk({ path: parentPath, store });
  const parent = await parentFor(path, below);
  await makeDisk({ path, format, sizeBytes: below.sizeBytes, parent }, store);
}

void test('DISK-02 fixed and dynamic vhd, and qcow2, raw, vmdk and vhdx, are created, written and read, as qemu-img sees them', () =>
  withFolder(async (folder) => {
    const raw = join(folder, 'a.raw');
    await makePatterned(raw, { format: 'raw' }, 1);
    const wanted = await readFile(raw);
    const kinds: readonly Kind[] = [
      { format: 'vhd', variant: 'fixed' },
      { format: 'vhd', variant: 'dynamic' },
      { format: 'vhdx' },
      { format: 'qcow2' },
      { format: 'vmdk' },
    ];
    for (const kind of kinds) {
      const path = join(folder, `a.${kind.variant ?? ''}${kind.format}`);
      await makePatterned(path, kind, 1);
      await assertSame(qemuName(kind.format), path, raw);
      await using disk = await openDisk({ path, store });
      assert.equal(disk.format, kind.format);
      assert.ok((await contentOf(disk)).equals(wanted), path);
    }
  }));

void test('DISK-10 a new disk is dynamic unless another type is asked for', () =>
  withFolder(async (folder) => {
    for (const { name, variants } of formats.filter((format) => format.create !== undefined)) {
      const path = join(folder, `a.${name}`);
      await makeDisk({ path, format: name, sizeBytes: 64 * mib }, store);
      await using disk = await openDisk({ path, store, format: name });
      assert.ok(((await disk.layer.file.storedBytes?.()) ?? Infinity) < 8 * mib, name);
      assert.ok(variants.length > 0);
    }
  }));

for (const format of growing) {
  void test(`DISK-11 a dynamic ${format} is never larger than its size and metadata, and does not shrink by itself`, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a');
      await makeDisk({ path, format, sizeBytes }, store);
      await using disk = await openDisk({ path, store, format, access: 'write' });
      const fill = async (byte: number): Promise<void> => {
        // backwards, in odd pieces: as a guest that fills its disk would at worst
        for (let at = sizeBytes - 96 * 1024; at >= 0; at -= 96 * 1024) {
          await disk.write(Buffer.alloc(96 * 1024, byte), at);
        }
        await disk.flush();
      };
      await fill(1);
      await fill(2);
      const { size } = await stat(path);
      assert.ok(size >= sizeBytes && size <= sizeBytes + 8 * mib, `${size}`);
      await fill(0);
      assert.ok((await stat(path)).size >= size);
    }));

  void test(`DISK-17 a ${format} over a parent records all changes and leaves the parent's file as it was`, () =>
    withFolder(async (folder) => {
      const [base, path] = [join(folder, 'base'), join(folder, 'child')];
      await makePatterned(base, { format }, 1);
      await makeChild(path, format, base);
      const before = await readFile(base);
      let wanted: Buffer;
      {
        await using child = await openDisk({ path, store, access: 'write' });
        await writePattern(child, 2);
        wanted = await contentOf(child);
      }
      assert.ok((await readFile(base)).equals(before));
      await using again = await openDisk({ path, store });
      assert.ok((await contentOf(again)).equals(wanted));
      await using parent = await openDisk({ path: base, store });
      assert.ok(!(await contentOf(parent)).equals(wanted));
    }));
}

void test('DISK-22 a disk over a parent of any format reads through it, and another disk in the place of the parent is refused', () =>
  withFolder(async (folder) => {
    for (const format of ['raw', ...growing]) {
      const base = join(folder, `base-${format}`);
      await makePatterned(base, { format }, 3);
      await using parent = await openDisk({ path: base, store });
      const wanted = await contentOf(parent);
      for (const child of new Set(['qcow2', format === 'raw' ? 'qcow2' : format])) {
        const path = join(folder, `${child}-over-${format}`);
        await makeChild(path, child, base);
        await using disk = await openDisk({ path, store });
        assert.equal(disk.parent?.format, format);
        assert.ok((await contentOf(disk)).equals(wanted), path);
      }
    }
    for (const format of ['vhd', 'vhdx', 'vmdk']) {
      const base = join(folder, `base-${format}`);
      await rm(base);
      await makePatterned(base, { format }, 4);
      const path = join(folder, `${format}-over-${format}`);
      await assert.rejects(openDisk({ path, store }), { code: 'stale' });
    }
  }));

void test('DISK-12 inspect shows what the host has allocated, beside the length of the file', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.raw');
    await makePatterned(path, { format: 'raw' }, 5);
    await using disk = await openDisk({ path, store });
    const [report] = await inspectDisk(disk);
    const { blocks, size } = await stat(path);
    assert.equal(report?.storedBytes, blocks * 512);
    assert.equal(report?.fileBytes, size);
    assert.ok(blocks * 512 < size);
  }));

/** A file whose content is another one from the given number of reads on: a cable that has come loose. */
function fickle(file: DiskFile, soundReads: number): DiskFile {
  let reads = 0;
  return Object.assign(Object.create(file) as DiskFile, {
    name: file.name,
    access: file.access,
    identity: file.identity,
    size: () => file.size(),
    close: () => file.close(),
    sync: () => file.sync(),
    async read(into: Uint8Array, offset: number) {
      const count = await file.read(into, offset);
      reads += 1;
      if (reads > soundReads && into.length > 4096) into[100] = (into[100] ?? 0) ^ 1;
      return count;
    },
    runAt: undefined,
    storedBytes: undefined,
    modifiedMs: undefined,
  });
}

void test('DISK-39 a conversion that is verified does not take the place of the original when anything differs', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vhd');
    await makePatterned(path, { format: 'vhd' }, 6);
    const before = await readFile(path);
    const convert = async (wrap?: (file: DiskFile) => DiskFile): Promise<void> => {
      await using source: Disk = await openDisk({ path, store, format: 'vhd', wrap });
      const target = { path, format: 'qcow2', existing: 'replace' } as const;
      await convertDisk(source, { target, store, verify: 'compare' });
    };
    await assert.rejects(
      convert((file) => fickle(file, 60)),
      { message: /differs at/ },
    );
    assert.ok((await readFile(path)).equals(before));
    assert.deepEqual(await readdir(folder), ['a.vhd']);
    await using original = await openDisk({ path, store });
    const wanted = await contentOf(original);
    await convert();
    await using converted = await openDisk({ path, store });
    assert.equal(converted.format, 'qcow2');
    assert.ok((await contentOf(converted)).equals(wanted));
  }));

void test('FMT-40 a qcow2 with layers is created, written, read, checked and repaired, and qemu-img agrees', () =>
  withFolder(async (folder) => {
    const [base, path] = [join(folder, 'base.qcow2'), join(folder, 'top.qcow2')];
    await makePatterned(base, { format: 'qcow2' }, 7);
    await makeChild(path, 'qcow2', base);
    {
      await using disk = await openDisk({ path, store, access: 'write' });
      await writePattern(disk, 8);
      assert.equal((await checkDisk(disk)).corruptions, 0);
    }
    await mustRun('qemu-img', 'check', path);
    // a cluster that the tables use is counted as free
    const { handle, counts } = await openCounts(path);
    await handle.write(Buffer.alloc(8), counts + 8 * 2);
    await handle.close();
    await using damaged = await openDisk({ path, store });
    assert.ok((await checkDisk(damaged)).corruptions > 0);
    const mended = join(folder, 'mended.qcow2');
    await repairInto(damaged, { target: { path: mended, format: 'qcow2' }, store });
    await mustRun('qemu-img', 'check', mended);
    const out = join(folder, 'out.raw');
    await mustRun('qemu-img', 'convert', '-O', 'raw', mended, out);
    assert.ok((await readFile(out)).equals(await contentOf(damaged)));
  }));

/** The file, and where the counts of its first clusters are. */
async function openCounts(path: string): Promise<{ handle: DiskFile; counts: number }> {
  const handle = await store.open(path, 'write');
  const bytes = Buffer.alloc(8);
  await handle.read(bytes, 48);
  await handle.read(bytes, Number(bytes.readBigUInt64BE()));
  return { handle, counts: Number(bytes.readBigUInt64BE()) };
}
