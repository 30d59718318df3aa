import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectFormat } from '../detect.ts';
import { Disk } from '../disk.ts';
import { MemoryFile } from '../file/memory-file.ts';
import { seededRandom } from '../testing/random.ts';
import { vhdChecksum } from './footer.ts';
import { geometryFor, geometrySectors, roundToGeometry } from './geometry.ts';
import { vhdFormat } from './vhd-format.ts';

const options = {
  sizeBytes: 1024 * 1024,
  nowMs: Date.UTC(2026, 0, 1),
  newIdentity: () => Buffer.alloc(16, 7),
};
const noNeighbours = () => Promise.reject(new Error('none'));

async function openBytes(bytes: Uint8Array): Promise<Disk> {
  const file = new MemoryFile('x.vhd', bytes);
  return new Disk(await vhdFormat.open({ file, openNeighbour: noNeighbours }), undefined);
}

async function made(variant: string): Promise<Buffer> {
  const file = new MemoryFile('x.vhd');
  await vhdFormat.create?.(file, { ...options, variant });
  const disk = await openBytes(await file.content());
  await disk.write(seededRandom(1).bytes(4096), 8192);
  await disk.close();
  return (disk.layer.file as MemoryFile).content();
}

void test('a dynamic disk without the footer at its end, or with a damaged copy, is read', async () => {
  const whole = await made('dynamic');
  const wanted = seededRandom(1).bytes(4096);
  const cases = {
    cut: whole.subarray(0, -512),
    'copy damaged': Buffer.concat([Buffer.alloc(512, 1), whole.subarray(512)]),
  };
  for (const [title, bytes] of Object.entries(cases)) {
    const disk = await openBytes(bytes);
    const found = Buffer.alloc(4096);
    await disk.read(found, 8192);
    assert.ok(found.equals(wanted), title);
    assert.equal(disk.layer.describe().remarks.length, 1, title);
  }
});

void test('a fixed disk of old Virtual PC, whose footer has 511 bytes, is read', async () => {
  const whole = await made('fixed');
  const disk = await openBytes(whole.subarray(0, -1));
  assert.equal(disk.sizeBytes, 1024 * 1024);
  assert.match(disk.layer.describe().remarks[0] ?? '', /511 bytes/);
});

void test('a damaged footer is corrupt, a fixed disk longer than its file too', async () => {
  const whole = await made('fixed');
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 200] = 99;
  await assert.rejects(openBytes(damaged), { code: 'corrupt', message: /checksum/ });
  await assert.rejects(openBytes(whole.subarray(512)), { code: 'corrupt' });
});

void test('a footer of a type that the specification reserves is told as what linked disks are, of any other as unknown', async () => {
  const whole = await made('fixed');
  const at = whole.length - 512;
  for (const [type, message] of [
    [5, /points to a physical drive and holds no content/],
    [9, /disk type 9 is not known/],
  ] as const) {
    const footer = Buffer.from(whole.subarray(at));
    footer.writeUInt32BE(type, 60);
    footer.writeUInt32BE(vhdChecksum(footer, 64), 64);
    for (const bytes of [footer, Buffer.concat([whole.subarray(0, at), footer])]) {
      await assert.rejects(openBytes(bytes), { code: 'unsupported', message });
      const found = await detectFormat(new MemoryFile('x.bin', bytes));
      assert.equal(found?.name, 'vhd', 'it is known for a VHD whatever it is called');
    }
  }
});

void test('the geometry counts when Virtual PC made the disk, the current size when others did', async () => {
  const sectors = (37 * 1024 * 1024) / 512;
  const covered = geometrySectors(geometryFor(sectors));
  assert.ok(covered < sectors);
  assert.ok(roundToGeometry(sectors) >= sectors);
  assert.equal(geometrySectors(geometryFor(roundToGeometry(sectors))), roundToGeometry(sectors));
});

void test('DISK-56 a vhd of more than 2040 GB is refused with advice', async () => {
  const create = vhdFormat.create?.(new MemoryFile('x.vhd'), {
    ...options,
    sizeBytes: 2041 * 1024 ** 3,
  });
  await assert.rejects(create ?? Promise.resolve(), { code: 'too-large', hint: /vhdx/ });
});

void test('a disk whose maker meant its geometry has exactly the size that it is given here', async () => {
  for (const variant of ['dynamic-chs', 'fixed-chs']) {
    for (const sizeBytes of [1_500_160, 40_000_512, 700_416]) {
      const disk = await openBytes(await made(variant));
      await disk.resize(sizeBytes);
      await disk.close();
      const file = disk.layer.file as MemoryFile;
      assert.equal((await openBytes(await file.content())).sizeBytes, sizeBytes, variant);
    }
  }
});
