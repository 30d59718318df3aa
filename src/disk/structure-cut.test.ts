/** Changes of structure (size, parent) cut off after every single step: the disk opens, as it was or as it was to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { Disk } from './disk.ts';
import { MemoryFile } from './file/memory-file.ts';
import { PowerCutFile } from './file/power-cut-file.ts';
import { formatNamed } from './formats.ts';
import type { Finding, NewParent } from './layer.ts';
import { seededRandom } from './testing/random.ts';

const mib = 1024 * 1024;
const sizeBytes = 2 * mib;

interface Case {
  readonly title: string;
  readonly format: string;
  readonly variant?: string;
  readonly blockBytes?: number;
  readonly parent?: NewParent;
  /** Sizes to go to: within the tables there are, and beyond them. */
  readonly sizes: readonly number[];
  /** Only every so many steps are tried, where each takes long. */
  readonly stride?: number;
}

const parent = { path: '/p/old', relativePath: 'old', modifiedMs: 0 };
const guid = '01234567-89ab-4def-8123-456789abcdef';
const vhdParent = { ...parent, format: 'vhd', identity: '00112233445566778899aabbccddeeff' };
const cases: readonly Case[] = [
  { title: 'raw', format: 'raw', sizes: [3 * mib] },
  { title: 'fixed vhd', format: 'vhd', variant: 'fixed', sizes: [3 * mib, mib] },
  { title: 'dynamic vhd', format: 'vhd', blockBytes: 16384, sizes: [2 * mib + 512, 9 * mib, mib] },
  {
    title: 'differencing vhd',
    format: 'vhd',
    blockBytes: 16384,
    parent: vhdParent,
    sizes: [9 * mib],
  },
  {
    title: 'dynamic vhdx',
    format: 'vhdx',
    blockBytes: mib,
    sizes: [3 * mib, mib],
  },
  {
    title: 'dynamic vhdx whose table moves',
    format: 'vhdx',
    blockBytes: mib,
    sizes: [130 * 1024 * mib],
    stride: 4,
  },
  {
    title: 'fixed vhdx',
    format: 'vhdx',
    blockBytes: mib,
    variant: 'fixed',
    sizes: [4 * mib],
    stride: 2,
  },
  {
    title: 'differencing vhdx',
    format: 'vhdx',
    blockBytes: mib,
    parent: { ...parent, format: 'vhdx', identity: guid },
    sizes: [3 * mib],
  },
  { title: 'qcow2', format: 'qcow2', blockBytes: 4096, sizes: [3 * mib, 4096 * mib, mib] },
  {
    title: 'qcow2 over a parent',
    format: 'qcow2',
    blockBytes: 4096,
    parent: { ...parent, format: 'raw', identity: undefined },
    sizes: [3 * mib],
  },
];

async function openOn(one: Case, file: PowerCutFile): Promise<Disk> {
  const openNeighbour = (): Promise<never> => Promise.reject(new Error('none'));
  return new Disk(await formatNamed(one.format).open({ file, openNeighbour }), undefined);
}

async function makeContent(
  one: Case,
): Promise<{ readonly image: Buffer; readonly wanted: Buffer }> {
  const random = seededRandom(3);
  const file = new MemoryFile('disk');
  await formatNamed(one.format).create?.(file, {
    ...one,
    sizeBytes,
    nowMs: 0,
    newIdentity: () => random.bytes(16),
  });
  const disk = await openOn(one, new PowerCutFile('disk', await file.content()));
  for (let at = 0; at < mib; at += 128 * 1024) await disk.write(random.bytes(65536), at);
  await disk.close();
  const wanted = Buffer.alloc(mib);
  await disk.read(wanted, 0).catch(() => undefined);
  const image = await (disk.layer.file as PowerCutFile).content();
  return { image, wanted };
}

/** Cuts the change off after 0, 1, 2, … steps, until it ends by itself, and looks at what is left each time. */
async function cutEverywhere(
  one: Case,
  change: (disk: Disk) => Promise<void>,
  look: (disk: Disk) => Promise<void>,
): Promise<void> {
  const { image, wanted } = await makeContent(one);
  const random = seededRandom(11);
  for (let steps = 0; ; steps += one.stride ?? 1) {
    assert.ok(steps < 400, 'the change ends');
    const file = new PowerCutFile('disk', image);
    const disk = await openOn(one, file);
    file.cutAfter(steps);
    let ended = true;
    try {
      await change(disk);
      await disk.close();
    } catch (error) {
      assert.ok(isFault(error, 'unavailable'), String(error));
      ended = false;
    }
    for (let picks = 0; picks < 3; picks += 1) {
      const after = await openOn(one, await file.afterCut((choices) => random.pick(choices)));
      const content = Buffer.alloc(wanted.length);
      await after.read(content, 0);
      assert.ok(content.equals(wanted), `${one.title}: content after ${steps} steps`);
      const found: Finding[] = [];
      await after.layer.check((finding) => found.push(finding), undefined);
      const wrong = found.filter(({ kind }) => kind === 'corruption');
      assert.deepEqual(wrong, [], `${one.title}: after ${steps} steps`);
      await look(after);
    }
    if (ended) return;
  }
}

for (const one of cases) {
  void test(`DISK-45 a ${one.title} is whole whenever its resizing is cut off`, async () => {
    for (const to of one.sizes) {
      await cutEverywhere(
        one,
        (disk) => disk.resize(to),
        (disk) => {
          assert.ok([sizeBytes, to].includes(disk.sizeBytes), `${disk.sizeBytes} bytes`);
          return Promise.resolve();
        },
      );
    }
  });
  const { parent: old } = one;
  if (old === undefined) continue;
  void test(`a ${one.title} has its old or its new parent whenever the change is cut off`, async () => {
    const relativePath = 'sub/folder/new';
    await cutEverywhere(
      one,
      async (disk) => {
        await disk.layer.writer?.setParent?.({ ...old, path: '/p/sub/folder/new', relativePath });
      },
      (disk) => {
        const name = disk.layer.parentReference?.names[0]?.replaceAll('\\', '/').replace('./', '');
        assert.ok(name === 'old' || name === relativePath, String(name));
        return Promise.resolve();
      },
    );
  });
}
