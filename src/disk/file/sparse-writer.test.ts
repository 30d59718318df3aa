import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { miB } from '#lib';
import { openNodeFile } from './node-file.ts';
import { SparseWriter } from './sparse-writer.ts';

test('zeros of what comes in order take no space, and what lies behind the place where it goes on is cut off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sw-'));
  try {
    const path = join(folder, 'a.raw');
    const file = await openNodeFile(path, 'create');
    const first = await SparseWriter.open(file, 0);
    const content = Buffer.alloc(8 * miB);
    content.fill(7, miB, miB + 10);
    content.fill(9, 5 * miB - 3, 5 * miB + 3);
    for (let at = 0; at < content.length; at += 100_003)
      await first.write(content.subarray(at, at + 100_003));
    assert.equal(first.position, content.length);
    await first.flush();
    assert.ok(readFileSync(path).equals(content));
    assert.ok(statSync(path).blocks * 512 < miB, 'it has holes');

    const second = await SparseWriter.open(file, 5 * miB);
    await second.write(Buffer.alloc(miB));
    await second.flush();
    const expected = Buffer.concat([content.subarray(0, 5 * miB), Buffer.alloc(miB)]);
    assert.ok(readFileSync(path).equals(expected));
    await file.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
