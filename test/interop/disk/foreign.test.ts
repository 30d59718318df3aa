import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '#disk';
import { contentOf, make, mustRun, store, withFolder, writePattern } from './tools.ts';

const sizeBytes = 37 * 1024 * 1024;
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ['vdi', 'vdi', []],
  ['vdi', 'vdi', ['-o', 'static=on']],
  ['qed', 'qed', []],
  ['qed', 'qed', ['-o', 'cluster_size=16k']],
  ['parallels', 'parallels', []],
  ['parallels', 'parallels', ['-o', 'cluster_size=64k']],
  ['qcow', 'qcow1', []],
];
for (const [theirs, ours, argv] of cases) {
  void test(`FMT-43 we read ${theirs} ${argv.join(' ')} as qemu-img writes it, and never write to it`, () =>
    withFolder(async (folder) => {
      const rawPath = join(folder, 'a.raw');
      const raw = await make({ path: rawPath, format: 'raw', sizeBytes });
      await writePattern(raw, 1);
      await raw.close();
      const path = join(folder, `a.${theirs}`);
      await mustRun('qemu-img', 'convert', '-O', theirs, ...argv, rawPath, path);
      const disk = await openDisk({ path, store, access: 'write' });
      assert.equal(disk.format, ours);
      assert.equal(disk.isWritable, false);
      assert.ok((await contentOf(disk)).equals(await readFile(rawPath)));
      await disk.layer.check((finding) => assert.fail(finding.text), undefined);
      await disk.close();
    }));
}

for (const [theirs, ours] of [
  ['qed', 'qed'],
  ['qcow', 'qcow1'],
]) {
  void test(`a ${theirs} over a parent reads as in qemu-img`, () =>
    withFolder(async (folder) => {
      const raw = await make({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes });
      await writePattern(raw, 2);
      await raw.close();
      const path = join(folder, 'child');
      const backing = ['-b', 'a.raw', '-F', 'raw'];
      await mustRun('qemu-img', 'create', '-f', theirs ?? '', ...backing, path);
      await mustRun('qemu-io', '-f', theirs ?? '', '-c', 'write -P 9 1M 300k', path);
      const out = join(folder, 'b.raw');
      await mustRun('qemu-img', 'convert', '-f', theirs ?? '', '-O', 'raw', path, out);
      const disk = await openDisk({ path, store });
      assert.equal(disk.format, ours);
      assert.ok((await contentOf(disk)).equals(await readFile(out)));
      await disk.close();
    }));
}
