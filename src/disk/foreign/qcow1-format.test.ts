import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { Disk } from '../disk.ts';
import { MemoryFile } from '../file/memory-file.ts';
import { qcow1Format } from './qcow1-format.ts';

/** A disk of two clusters of 4 KiB: the first plain, the second compressed to the given bytes. */
function imageWith(stored: Buffer): Buffer {
  const bytes = Buffer.alloc(4096 * 4 + stored.length);
  bytes.writeUInt32BE(0x514649fb, 0);
  bytes.writeUInt32BE(1, 4);
  bytes.writeBigUInt64BE(8192n, 24);
  bytes.writeUInt8(12, 32);
  bytes.writeUInt8(9, 33);
  bytes.writeBigUInt64BE(4096n, 40);
  bytes.writeBigUInt64BE(8192n, 4096);
  bytes.writeBigUInt64BE(12288n, 8192);
  bytes.writeBigUInt64BE((1n << 63n) | (BigInt(stored.length) << 51n) | 16384n, 8200);
  bytes.fill('plain', 12288, 16384);
  stored.copy(bytes, 16384);
  return bytes;
}

async function openBytes(bytes: Buffer): Promise<Disk> {
  const openNeighbour = (): Promise<never> => Promise.reject(new Error('none'));
  const layer = await qcow1Format.open({ file: new MemoryFile('x.qcow', bytes), openNeighbour });
  return new Disk(layer, undefined);
}

void test('plain and compressed clusters of a qcow of version 1 are read', async () => {
  const disk = await openBytes(imageWith(deflateRawSync(Buffer.alloc(4096, 'gantry'))));
  const found = Buffer.alloc(8192);
  await disk.read(found, 0);
  assert.ok(
    found.equals(Buffer.concat([Buffer.alloc(4096, 'plain'), Buffer.alloc(4096, 'gantry')])),
  );
});

void test('a compressed cluster that expands to too much or too little is corrupt', async () => {
  for (const length of [4095, 4097, 1_000_000]) {
    const disk = await openBytes(imageWith(deflateRawSync(Buffer.alloc(length))));
    await assert.rejects(disk.read(Buffer.alloc(512), 4096), { code: 'corrupt' });
  }
});

void test('FMT-03 a hundred gigabytes of nothing, in the smallest clusters there are, is mapped and checked table by table', async () => {
  const bytes = Buffer.alloc(8192);
  bytes.writeUInt32BE(0x514649fb, 0);
  bytes.writeUInt32BE(1, 4);
  bytes.writeBigUInt64BE(2n ** 37n, 24);
  bytes.writeUInt8(9, 32);
  bytes.writeUInt8(13, 33);
  bytes.writeBigUInt64BE(4096n, 40);
  bytes.writeBigUInt64BE(6144n, 4096); // one table, of which one cluster is there
  bytes.writeBigUInt64BE(7680n, 6144 + 8);
  const disk = await openBytes(bytes);
  let runs = 0;
  let dataBytes = 0;
  for (let at = 0; at < disk.sizeBytes && runs < 10_000; runs += 1) {
    const { kind, length } = await disk.runAt(at, disk.sizeBytes - at);
    if (kind === 'data') dataBytes += length;
    at += length;
  }
  assert.ok(runs < 1000, `${runs} runs`);
  assert.equal(dataBytes, 512);
  const findings: unknown[] = [];
  await disk.layer.check((finding) => findings.push(finding), AbortSignal.timeout(20_000));
  assert.deepEqual(findings, []);
});
