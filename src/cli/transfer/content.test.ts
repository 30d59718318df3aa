import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openContent } from './content.ts';

test('a file of more than 4 GiB has its whole length, and its parts are where they are; one that becomes shorter is found', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  try {
    const path = join(folder, 'a.raw');
    writeFileSync(path, '');
    await truncate(path, 5 * 1024 ** 3);
    writeFileSync(path, 'the end', { flag: 'a' });
    await using content = await openContent(path);
    assert.deepEqual([content.sizeBytes, await content.packing()], [5 * 1024 ** 3 + 7, 'none']);
    const textOf = (offset: number, length: number): Promise<string> =>
      new Response(content.part(offset, length).bytes).text();
    assert.equal(await textOf(5 * 1024 ** 3 - 1, 8), '\0the end');
    await truncate(path, 10);
    await assert.rejects(textOf(100, 10), { code: 'stale' });

    const packed = join(folder, 'b');
    writeFileSync(packed, gzipSync('a'));
    await using other = await openContent(packed);
    assert.equal(await other.packing(), 'gzip');
    assert.notEqual(other.fingerprint, content.fingerprint);
    await assert.rejects(openContent(join(folder, 'none')), { code: 'not-found' });
    await assert.rejects(openContent(folder), { code: 'invalid' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
