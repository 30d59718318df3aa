import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listMedia } from './media-catalogue.ts';

test('CD and floppy images are told by name and size, two levels deep; links and other files are none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gm-'));
  try {
    const put = async (name: string, sizeBytes: number): Promise<string> => {
      const path = join(folder, name);
      await writeFile(path, '');
      await truncate(path, sizeBytes);
      return path;
    };
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    const disc = await put('a/Tools.ISO', 4096);
    const floppy = await put('boot.img', 1440 * 1024);
    await put('disk.img', 8 * 1024 * 1024);
    await put('empty.iso', 0);
    await put('notes.txt', 1440 * 1024);
    await put('.hidden.iso', 4096);
    await put('a/b/deep.iso', 4096);
    await symlink('/etc/passwd', join(folder, 'secret.iso'));
    const { signal } = new AbortController();
    assert.deepEqual(await listMedia([folder, join(folder, 'gone')], signal), {
      files: [
        { path: disc, drive: 'cd', sizeBytes: 4096 },
        { path: floppy, drive: 'floppy', sizeBytes: 1440 * 1024 },
      ],
      complete: true,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
