import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Fault } from '#lib';
import { MemoryFile } from '../file/memory-file.ts';
import { seededRandom } from '../testing/random.ts';
import { PackedReader } from './packed-reader.ts';

const random = seededRandom(3);
const content = random.bytes(3 * 1024 * 1024 + 700);

class CountingFile extends MemoryFile {
  reads = 0;
  failNext = false;
  override read(into: Uint8Array, offset: number): Promise<number> {
    this.reads += 1;
    if (!this.failNext) return super.read(into, offset);
    this.failNext = false;
    return Promise.reject(new Fault('internal', 'the disk is in a bad mood'));
  }
}

void test('packed clusters read in order, by several at once, come out of few reads of the file and are right', async () => {
  const file = new CountingFile('f', content);
  const reader = new PackedReader(file, 'known');
  let asked = 0;
  const readAll = async (start: number, end: number): Promise<void> => {
    for (let at = start; at < end;) {
      // lengths are up to the end of a sector, the next cluster begins within it
      const used = 10_000 + (at % 7919);
      const length = Math.ceil((at + used) / 512) * 512 - at;
      await reader.use(at, length, async (bytes) => {
        // others read on meanwhile, and leave windows behind
        if (at % 3 === 0) await setImmediate();
        assert.ok(bytes.equals(content.subarray(at, at + length)), `at ${at}`);
      });
      asked += 1;
      at += used;
    }
  };
  const third = Math.floor(content.length / 3);
  await Promise.all([0, 1, 2].map((part) => readAll(part * third, (part + 1) * third)));
  assert.ok(file.reads * 5 < asked, `${file.reads} reads for ${asked} clusters`);
});

void test('clusters read here and there are read as they are, without anything around them', async () => {
  const file = new CountingFile('f', content);
  const reader = new PackedReader(file, 'known');
  for (let round = 0; round < 200; round += 1) {
    const at = random.pick(content.length - 20_000);
    await expectContent(reader, at, 15_000);
  }
  assert.ok(file.reads >= 195, `${file.reads}`);
});

void test('pieces of which the length is only guessed come out of few reads when they are read in order', async () => {
  const file = new CountingFile('f', content);
  const reader = new PackedReader(file, 'guessed');
  let asked = 0;
  for (let at = 0; at + 65_548 <= content.length; at += 512 * (1 + random.pick(60)), asked += 1)
    await expectContent(reader, at, 65_548);
  assert.ok(file.reads * 5 < asked, `${file.reads} reads for ${asked} pieces`);
});

void test('a failed read is not kept', async () => {
  const file = new CountingFile('f', content);
  const reader = new PackedReader(file, 'known');
  await expectContent(reader, 0, 1024);
  file.failNext = true;
  await assert.rejects(expectContent(reader, 1024, 1024), { code: 'internal' });
  await expectContent(reader, 1024, 1024);
  await expectContent(reader, 2048, 1024);
});

function expectContent(reader: PackedReader, at: number, length: number): Promise<void> {
  return reader.use(at, length, (bytes) => {
    assert.ok(bytes.equals(content.subarray(at, at + length)), `at ${at}`);
    return Promise.resolve();
  });
}
