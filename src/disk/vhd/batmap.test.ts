/** VHDs as tapdisk of Xen makes them: with a batmap behind the table, which nothing here takes for lost space or for a table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { Disk } from '../disk.ts';
import { MemoryFile } from '../file/memory-file.ts';
import { PowerCutFile } from '../file/power-cut-file.ts';
import type { Finding } from '../layer.ts';
import { seededRandom } from '../testing/random.ts';
import { batBytesOf, buildDynamicHeader } from './dynamic-header.ts';
import { buildFooter, parseFooter, type VhdFooter } from './footer.ts';
import { geometryFor } from './geometry.ts';
import { vhdFormat } from './vhd-format.ts';

const kib = 1024;
const sizeBytes = 600 * kib;
const blockBytes = 16 * kib;
/** Of a table that could hold more than the disk has, as XenServer makes them. */
const tableEntries = 512;
const random = seededRandom(17);
const first = random.bytes(blockBytes);

/** A footer, a header, the table, the batmap, and one block that is whole. */
function ofTapdisk(change: Partial<VhdFooter> = {}, entries = tableEntries): Buffer {
  const tableOffset = 1536;
  const batBytes = batBytesOf({ tableEntries: entries });
  const mapOffset = tableOffset + batBytes + 512;
  const mapBytes = Math.ceil(entries / 8 / 512) * 512;
  // blocks of tapdisk begin on pages, behind a bitmap
  const blockAt = Math.ceil((mapOffset + mapBytes + 512) / 4096) * 4096;
  const footer = buildFooter({
    variant: 'dynamic',
    headerOffset: 512,
    createdMs: Date.UTC(2026, 0, 1),
    creator: 'tap\0',
    creatorVersion: 0x0001_0003,
    creatorHost: '\0\0\0\0',
    originalBytes: sizeBytes,
    currentBytes: sizeBytes,
    geometry: geometryFor(sizeBytes / 512),
    identity: '11'.repeat(16),
    hasSavedState: false,
    ...change,
  });
  const bytes = Buffer.alloc(blockAt + blockBytes + 512);
  footer.copy(bytes, 0);
  buildDynamicHeader({ tableOffset, tableEntries: entries, blockBytes }).copy(bytes, 512);
  bytes.fill(0xff, tableOffset, tableOffset + batBytes);
  bytes.writeUInt32BE((blockAt - 512) / 512, tableOffset);
  const head = tableOffset + batBytes;
  bytes.write('tdbatmap', head, 'latin1');
  bytes.writeBigUInt64BE(BigInt(mapOffset), head + 8);
  bytes.writeUInt32BE(mapBytes / 512, head + 16);
  bytes.writeUInt32BE(0x0001_0002, head + 20);
  bytes[mapOffset] = 0x80;
  bytes.fill(0xff, blockAt - 512, blockAt);
  first.copy(bytes, blockAt);
  footer.copy(bytes, blockAt + blockBytes);
  return bytes;
}

async function openOn(file: MemoryFile | PowerCutFile): Promise<Disk> {
  const openNeighbour = (): Promise<never> => Promise.reject(new Error('none'));
  return new Disk(await vhdFormat.open({ file, openNeighbour }), undefined);
}

const openBytes = (bytes: Buffer): Promise<Disk> => openOn(new MemoryFile('x.vhd', bytes));

async function findingsOf(disk: Disk): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  await disk.layer.check((finding) => found.push(finding), undefined);
  return found;
}

test('a batmap is told, belongs to the disk, and stays while it is written', async () => {
  const disk = await openBytes(ofTapdisk());
  const head = 1536 + batBytesOf({ tableEntries });
  assert.deepEqual(disk.layer.describe().fields['batmap'], {
    headerOffset: head,
    headerBytes: 512,
    offset: head + 512,
    lengthBytes: 512,
    version: 0x0001_0002,
  });
  assert.deepEqual(await findingsOf(disk), []);
  const second = random.bytes(blockBytes);
  await disk.write(second, 3 * blockBytes);
  await disk.close();
  const file = disk.layer.file as MemoryFile;
  const again = await openOn(new MemoryFile('x.vhd', await file.content()));
  for (const [at, wanted] of [
    [0, first],
    [3 * blockBytes, second],
  ] as const) {
    const bytes = Buffer.alloc(blockBytes);
    await again.read(bytes, at);
    assert.ok(bytes.equals(wanted));
  }
  assert.ok(again.layer.describe().fields['batmap'] !== undefined);
  assert.deepEqual(await findingsOf(again), []);
});

test('a large batmap is not taken for bytes that belong to nothing, and a block over it is found', async () => {
  // of 4 TiB in blocks of 2 MiB
  const bytes = ofTapdisk({}, 2 ** 21);
  const disk = await openBytes(bytes);
  assert.deepEqual(await findingsOf(disk), []);
  const { batmap } = disk.layer.describe().fields as { batmap: { offset: number } };
  const damaged = Buffer.from(bytes);
  damaged.writeUInt32BE(batmap.offset / 512, 1536 + 4);
  const texts = (await findingsOf(await openBytes(damaged))).map(({ text }) => text);
  assert.ok(
    texts.some((text) => /over batmap|over block 1|block 1 lies over/.test(text)),
    texts.join('; '),
  );
  for (const [at, value] of [
    [batmap.offset - 512, 'no batmap'],
    [batmap.offset - 512 + 8, '\xff\xff\xff\xff\xff\xff\xff\xff'],
    [batmap.offset - 512 + 16, '\0\0\0\0'],
  ] as const) {
    const none = Buffer.from(bytes);
    none.write(value, at, 'latin1');
    assert.equal((await openBytes(none)).layer.describe().fields['batmap'], undefined);
  }
});

test('whoever enlarges the disk names another creator before the table moves, wherever that is cut off', async () => {
  const image = ofTapdisk();
  const larger = blockBytes * (tableEntries + 200);
  let isDone = false;
  for (let steps = 0; !isDone; steps += 1) {
    assert.ok(steps < 400);
    const file = new PowerCutFile('x.vhd', image);
    const disk = await openOn(file);
    file.cutAfter(steps);
    const change = async (): Promise<void> => {
      await disk.resize(larger);
      await disk.close();
    };
    isDone = await change().then(
      () => true,
      (error: unknown) => {
        assert.ok(isFault(error, 'unavailable'), String(error));
        return false;
      },
    );
    const left = await file.afterCut((choices) => random.pick(choices));
    const after = await openOn(left);
    const bytes = Buffer.alloc(blockBytes);
    await after.read(bytes, 0);
    assert.ok(bytes.equals(first), `after ${steps} steps`);
    const footer = parseFooter(left, 0, (await left.content()).subarray(0, 512));
    const isMoved = (await left.content()).readBigUInt64BE(512 + 16) !== 1536n;
    assert.ok(!isMoved || !footer.creator.startsWith('tap'), `after ${steps} steps`);
    if (isDone) assert.equal(after.sizeBytes, larger);
  }
});

test('a differencing disk of a tapdisk that had its bitmaps in another order is refused', async () => {
  const bytes = ofTapdisk({ variant: 'differencing', creatorVersion: 1 });
  await assert.rejects(openBytes(bytes), { code: 'unsupported' });
});
