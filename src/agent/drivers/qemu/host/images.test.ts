import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { HostImages } from './images.ts';

async function withImages(work: (images: HostImages) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gi-'));
  try {
    await work(new HostImages({ folder, folders: () => [folder], qemuImg: () => 'qemu-img' }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('an image is built once, and every account may read it', () =>
  withImages(async (images) => {
    const steps: string[] = [];
    const { signal } = new AbortController();
    const build = () => images.build('starter-floppy', (step) => steps.push(step), signal);
    const built = await build();
    assert.ok(steps.length > 0);
    assert.deepEqual([built.format, built.imageKind, built.fileBytes], ['raw', 'floppy', 1474560]);
    assert.equal((await stat(built.path)).mode & 0o777, 0o644);
    steps.length = 0;
    assert.deepEqual(await build(), built);
    assert.deepEqual(steps, []);
  }));

test('a build that is cancelled ends with that reason', () =>
  withImages(async (images) => {
    const controller = new AbortController();
    const building = images.build('starter', () => controller.abort(), controller.signal);
    await assert.rejects(building, (error) => isFault(error, 'cancelled'));
  }));
