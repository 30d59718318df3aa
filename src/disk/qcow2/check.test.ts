import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../layer.ts';
import { openDisk } from '../open.ts';
import { makeScattered, store, withFolder } from '../testing/folder.ts';
import { checkDisk } from '../verbs/check.ts';

const clusterBytes = 512;

async function findings(path: string): Promise<readonly Finding[]> {
  await using disk = await openDisk({ path, store });
  return (await checkDisk(disk)).findings;
}

test('a check tells a lost cluster, one counted too little, and a refcount block outside the file', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'd.qcow2');
    const sizeBytes = 4 * 1024 * 1024;
    // many refcount blocks: one counts 256 clusters
    await makeScattered({ path, format: 'qcow2', sizeBytes, blockBytes: clusterBytes }, 1);
    assert.deepEqual(await findings(path), []);
    const file = await open(path, 'r+');
    try {
      const eight = Buffer.alloc(8);
      await file.read(eight, 0, 8, 48);
      const table = Number(eight.readBigUInt64BE());
      await file.read(eight, 0, 8, table + 8);
      const block = Number(eight.readBigUInt64BE());
      await file.write(Uint8Array.of(0, 2, 0, 0), 0, 4, block + 2 * 20);
      assert.deepEqual(
        (await findings(path)).map(({ kind, structure, text }) => ({ kind, structure, text })),
        [
          {
            kind: 'leak',
            structure: 'cluster 276',
            text: '1 references, 2 counted in the file',
          },
          {
            kind: 'corruption',
            structure: 'cluster 277',
            text: '1 references, 0 counted in the file',
          },
        ],
      );
      await file.write(Uint8Array.of(0x7f), 0, 1, table + 8);
      const [outside] = await findings(path);
      assert.equal(outside?.structure, 'refcount table');
      assert.match(outside.text, /refcount block 1 is not within the file/);
    } finally {
      await file.close();
    }
  }));
