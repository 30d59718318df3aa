import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendVolume } from './volume-download.ts';

const block = 64 * 1024;

async function* content(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(block, 1);
  yield Buffer.concat([Buffer.alloc(3 * block), Buffer.alloc(5, 2)]);
  yield Buffer.alloc(block + 7);
}

async function sent(zerosAre: 'all' | 'holes'): Promise<readonly string[]> {
  const told: string[] = [];
  const stream = {
    write: async (bytes: Uint8Array) => void told.push(`${bytes.length} of ${bytes.at(-1)}`),
    writeHole: async (length: bigint) => void told.push(`hole of ${length}`),
  };
  await sendVolume(stream, content(), zerosAre);
  return told;
}

void test('zeros go as holes to whoever asked for them, and as they are to others', async () => {
  assert.deepEqual(await sent('holes'), [
    `${block} of 1`,
    `hole of ${3 * block}`,
    '5 of 2',
    `hole of ${block + 7}`,
  ]);
  assert.deepEqual(await sent('all'), [
    `${block} of 1`,
    `${3 * block + 5} of 2`,
    `${block + 7} of 0`,
  ]);
});
