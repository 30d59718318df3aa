/** Commit and rebase with the power failing on the way: what is seen through the child never changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import type { Disk } from '../disk.ts';
import type { DiskFile } from '../file/disk-file.ts';
import { MemoryFile } from '../file/memory-file.ts';
import { PowerCutFile } from '../file/power-cut-file.ts';
import { formatNamed } from '../formats.ts';
import { openDisk } from '../open.ts';
import { memoryStore } from '../store.ts';
import { seededRandom } from '../testing/random.ts';
import { commitDisk, rebaseDisk } from './chain.ts';
import { parentFor } from './create.ts';

const sizeBytes = 1024 * 1024;
const blockBytes: Readonly<Record<string, number>> = { qcow2: 4096, vhd: 16384, vhdx: 1024 * 1024 };

type Files = Map<string, DiskFile>;

async function contentOf(disk: Disk): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}

/** base <- other (a copy of base with changes) and base <- child, each with content of its own. */
async function makeFiles(format: string): Promise<Map<string, Buffer>> {
  const random = seededRandom(9);
  const files: Files = new Map();
  const store = memoryStore(files);
  for (const name of ['/base', '/other', '/child']) {
    const file = new MemoryFile(name);
    files.set(name, file);
    const base = name === '/base' ? undefined : await openDisk({ path: '/base', store, format });
    const parent = base === undefined ? undefined : await parentFor(name, base);
    await formatNamed(format).create?.(file, {
      sizeBytes,
      blockBytes: blockBytes[format],
      nowMs: 0,
      newIdentity: () => random.bytes(16),
      parent,
    });
    const disk = await openDisk({ path: name, store, access: 'write', format });
    for (let piece = 0; piece < 12; piece += 1) {
      const length = (1 + random.pick(60)) * 512;
      const offset = random.pick((sizeBytes - length) / 512) * 512;
      if (piece % 4 === 3) await disk.zero(offset, length);
      else await disk.write(random.bytes(length), offset);
    }
    await disk.close();
  }
  const images = new Map<string, Buffer>();
  for (const [name, file] of files) images.set(name, await (file as MemoryFile).content());
  return images;
}

async function until(work: () => Promise<void>): Promise<'ended' | 'cut'> {
  try {
    await work();
    return 'ended';
  } catch (error) {
    assert.ok(isFault(error, 'unavailable'), String(error));
    return 'cut';
  }
}

for (const format of ['qcow2', 'vhd', 'vhdx']) {
  void test(`DISK-45 DISK-35 a commit of ${format} that is cut off can be begun again, with the same end`, async () => {
    const images = await makeFiles(format);
    const random = seededRandom(4);
    const anyParent = { path: '/base', format, identity: 'any' } as const;
    const whole = memoryStore(new Map([...images].map(([n, b]) => [n, new MemoryFile(n, b)])));
    const wanted = await contentOf(await openDisk({ path: '/child', store: whole, format }));
    for (let steps = 0, ended = false; !ended; steps += 3) {
      const base = new PowerCutFile('/base', images.get('/base'));
      const files: Files = new Map([['/base', base]]);
      files.set('/child', new MemoryFile('/child', images.get('/child')));
      const store = memoryStore(files);
      const commit = async (): Promise<void> => {
        const child = await openDisk({ path: '/child', store, format, parent: anyParent });
        const parent = await openDisk({ path: '/base', store, format, access: 'write' });
        await commitDisk(child, parent);
        await parent.close();
      };
      base.cutAfter(steps);
      ended = (await until(commit)) === 'ended';
      files.set('/base', await base.afterCut((choices) => random.pick(choices)));
      const after = await openDisk({ path: '/child', store, format, parent: anyParent });
      assert.ok(wanted.equals(await contentOf(after)), `after ${steps} steps`);
      await commit();
      const parent = await openDisk({ path: '/base', store, format });
      assert.ok(wanted.equals(await contentOf(parent)), `begun again after ${steps} steps`);
    }
  });

  void test(`DISK-45 a rebase of ${format} that is cut off leaves the content as it was`, async () => {
    const images = await makeFiles(format);
    const random = seededRandom(6);
    const whole = memoryStore(new Map([...images].map(([n, b]) => [n, new MemoryFile(n, b)])));
    const wanted = await contentOf(await openDisk({ path: '/child', store: whole, format }));
    for (let steps = 0, ended = false; !ended; steps += 3) {
      const child = new PowerCutFile('/child', images.get('/child'));
      const files: Files = new Map([['/child', child]]);
      for (const name of ['/base', '/other'])
        files.set(name, new MemoryFile(name, images.get(name)));
      const store = memoryStore(files);
      const opened = await openDisk({ path: '/child', store, format, access: 'write' });
      const other = await openDisk({ path: '/other', store, format });
      child.cutAfter(steps);
      ended =
        (await until(async () => {
          await rebaseDisk(opened, other);
          await opened.close();
        })) === 'ended';
      files.set('/child', await child.afterCut((choices) => random.pick(choices)));
      const after = await openDisk({ path: '/child', store, format });
      assert.ok(wanted.equals(await contentOf(after)), `after ${steps} steps`);
      if (ended) assert.equal(after.parent?.name, '/other');
    }
  });
}
