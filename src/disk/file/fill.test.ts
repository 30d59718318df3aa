import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, isFault, miB } from '#lib';
import { withoutSync } from './disk-file.ts';
import { fillFile } from './fill.ts';
import { openNodeFile } from './node-file.ts';

test('DISK-07 where the host cannot reserve space zeros are written, with progress, until somebody cancels', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gf-'));
  try {
    const path = join(folder, 'a');
    const file = await openNodeFile(path, 'create');
    const plain = withoutSync(file);
    delete plain.reserve;
    const sizes: number[] = [];
    await fillFile(plain, 0, 2 * miB + 5, { onFill: (bytes) => sizes.push(bytes) });
    assert.deepEqual(sizes, [miB, miB, 5]);
    assert.equal((await stat(path)).size, 2 * miB + 5);
    assert.ok((await readFile(path)).every((byte) => byte === 0));
    const controller = new AbortController();
    const cut = fillFile(plain, 0, 64 * miB, {
      signal: controller.signal,
      onFill: () => controller.abort(new Fault('cancelled', 'enough')),
    });
    await assert.rejects(cut, (error) => isFault(error, 'cancelled'));
    await file.close();
    assert.equal((await stat(path)).size, 2 * miB + 5, 'no more than the piece under way');
  } finally {
    await rm(folder, { recursive: true });
  }
});
