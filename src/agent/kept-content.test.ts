import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { maxKeptBytes } from '#api';
import { isFault } from '#lib';
import { packContent, unpackContent } from './kept-content.ts';

void test('contents arrive byte for byte, however many they are', async () => {
  for (const bytes of [Buffer.alloc(0), randomBytes(6092), Buffer.alloc(540_672, 0xff)])
    assert.deepEqual(await unpackContent(await packContent(bytes)), bytes);
});

void test('what is not packed, or becomes too large, is refused', async () => {
  const bomb = gzipSync(Buffer.alloc(maxKeptBytes + 1)).toString('base64');
  const cut = (await packContent(randomBytes(100))).slice(0, 40);
  for (const packed of ['', 'AAAA', cut, bomb])
    await assert.rejects(unpackContent(packed), (error) => isFault(error, 'invalid'));
});
