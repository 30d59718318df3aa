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
import { commitDisk, commitLayers, rebaseDisk } from './chain.ts';
import { parentFor } from './create.ts';

const sizeBytes = 1024 * 1024;
const blockBytes: Readonly<Record<string, number>> = { qcow2: 4096, vhd: 16384, vhdx: 1024 * 1024 };

type Files = Map<string, DiskFile>;

async function contentOf(disk: Disk): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}

interface Wanted {
  readonly name: string;
  readonly format: string;
  readonly variant?: string | undefined;
  readonly on?: Wanted;
}

/** base <- other (a copy of base with changes) and base <- child, each with content of its own. */
function makeFiles(format: string): Promise<Map<string, Buffer>> {
  const on = { name: '/base', format };
  return makeEach([on, { name: '/other', format, on }, { name: '/child', format, on }]);
}

async function makeEach(wanted: readonly Wanted[]): Promise<Map<string, Buffer>> {
  const random = seededRandom(9);
  const files: Files = new Map();
  const store = memoryStore(files);
  for (const { name, format, variant, on } of wanted) {
    const file = new MemoryFile(name);
    files.set(name, file);
    const base = on && (await openDisk({ path: on.name, store, format: on.format }));
    const parent = base === undefined ? undefined : await parentFor(name, base);
    await formatNamed(format).create?.(file, {
      sizeBytes,
      variant,
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

for (const [format, below, variant] of [
  ['qcow2', 'qcow2'],
  ['qcow2', 'raw'],
  ['vhd', 'vhd'],
  ['vhd', 'vhd', 'fixed'],
  ['vhdx', 'vhdx'],
  ['vmdk', 'vmdk'],
] as const)
  void test(`DISK-45 DISK-35 a commit of ${format} into a ${[variant, below].filter(Boolean).join(' ')} that is cut off can be begun again, with the same end`, async () => {
    const base = { name: '/base', format: below, variant };
    const images = await makeEach([base, { name: '/child', format, on: base }]);
    const random = seededRandom(4);
    const anyParent = { path: '/base', format: below, identity: 'any' } as const;
    const whole = memoryStore(new Map([...images].map(([n, b]) => [n, new MemoryFile(n, b)])));
    const wanted = await contentOf(await openDisk({ path: '/child', store: whole, format }));
    for (let steps = 0, ended = false; !ended; steps += 3) {
      const target = new PowerCutFile('/base', images.get('/base'));
      const files: Files = new Map([['/base', target]]);
      files.set('/child', new MemoryFile('/child', images.get('/child')));
      const store = memoryStore(files);
      const commit = async (): Promise<void> => {
        const child = await openDisk({ path: '/child', store, format, parent: anyParent });
        const parent = await openDisk({ path: '/base', store, format: below, access: 'write' });
        await commitDisk(child, parent);
        await parent.close();
      };
      target.cutAfter(steps);
      ended = (await until(commit)) === 'ended';
      files.set('/base', await target.afterCut((choices) => random.pick(choices)));
      const after = await openDisk({ path: '/child', store, format, parent: anyParent });
      assert.ok(wanted.equals(await contentOf(after)), `after ${steps} steps`);
      await commit();
      const parent = await openDisk({ path: '/base', store, format: below });
      assert.ok(wanted.equals(await contentOf(parent)), `begun again after ${steps} steps`);
    }
  });

for (const format of ['qcow2', 'vhd', 'vhdx'])
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

for (const format of ['vhd', 'vhdx', 'vmdk']) {
  void test(`layers in qcow2 that are written into a differencing ${format}, and cut off, are begun again with the same end`, async () => {
    const child = { name: '/child', format, on: { name: '/base', format } };
    const one = { name: '/one', format: 'qcow2', on: child };
    const two = { name: '/two', format: 'qcow2', on: one };
    const images = await makeEach([child.on, child, one, two]);
    const random = seededRandom(4);
    const others = (): Files =>
      new Map(
        [...images]
          .filter(([name]) => name !== '/child')
          .map(([name, bytes]) => [name, new MemoryFile(name, bytes)]),
      );
    const whole = others().set('/child', new MemoryFile('/child', images.get('/child')));
    const top = { path: '/two', format: 'qcow2' };
    const wanted = await contentOf(await openDisk({ ...top, store: memoryStore(whole) }));
    for (let steps = 0, ended = false; !ended; steps += 3) {
      const target = new PowerCutFile('/child', images.get('/child'));
      const files = others().set('/child', target);
      const store = memoryStore(files);
      const commit = async (): Promise<void> => {
        const into = await openDisk({ path: '/child', store, format, access: 'write' });
        const layers = await Promise.all(
          [one, two].map(({ name }) =>
            openDisk({ path: name, store, format: 'qcow2', parent: 'none' }),
          ),
        );
        await commitLayers(layers, into);
        await into.close();
      };
      target.cutAfter(steps);
      ended = (await until(commit)) === 'ended';
      files.set('/child', await target.afterCut((choices) => random.pick(choices)));
      const after = await openDisk({ ...top, store });
      assert.ok(wanted.equals(await contentOf(after)), `after ${steps} steps`);
      await commit();
      const into = await openDisk({ path: '/child', store, format });
      assert.ok(wanted.equals(await contentOf(into)), `begun again after ${steps} steps`);
    }
  });
}
