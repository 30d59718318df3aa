import assert from 'node:assert/strict';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { contentAt, makeScattered, store, withFolder } from '../testing/folder.ts';
import { compareDisks } from './compare.ts';
import { convertResumably, dropUnfinished, unfinishedPaths } from './resume.ts';

const mib = 1024 * 1024;
const sizeBytes = 40 * mib;
const targets = [
  { format: 'raw' },
  { format: 'vhd' },
  { format: 'vhdx' },
  { format: 'vmdk' },
  { format: 'qcow2' },
  { format: 'qcow2', compression: 'zstd' },
] as const;
type Target = (typeof targets)[number];

interface Attempt {
  readonly folder: string;
  readonly target: Target;
  readonly compress?: boolean;
  readonly verify?: 'compare';
  /** Progress calls until it is cancelled; never when absent. */
  readonly calls?: number;
}

/** Converts a.raw; how much was there already, or undefined when it was cancelled. */
async function attempt({
  folder,
  target,
  calls = Infinity,
  ...rest
}: Attempt): Promise<number | undefined> {
  const controller = new AbortController();
  let [left, nowMs] = [calls, 0];
  await using source = await openDisk({ path: join(folder, 'a.raw'), store, format: 'raw' });
  try {
    const { resumedBytes } = await convertResumably(source, {
      ...rest,
      target: { ...target, path: join(folder, 'b') },
      store,
      stepBytes: 4 * mib,
      signal: controller.signal,
      // a clock that makes every call of the meter tell progress
      clock: { now: () => (nowMs += 1000), sleep: () => Promise.resolve() },
      onProgress() {
        left -= 1;
        if (left === 0) controller.abort();
      },
    });
    return resumedBytes;
  } catch (error) {
    assert.ok(controller.signal.aborted, String(error));
    return undefined;
  }
}

async function assertCopied(folder: string, target: Target): Promise<void> {
  assert.deepEqual((await readdir(folder)).toSorted(), ['a.raw', 'b']);
  await using first = await openDisk({ path: join(folder, 'a.raw'), store, format: 'raw' });
  await using second = await openDisk({ path: join(folder, 'b'), store, format: target.format });
  assert.equal((await compareDisks(first, second)).firstDifference, undefined);
}

for (const target of targets) {
  const compress = 'compression' in target;
  void test(`DISK-45 a copy to ${target.format}${compress ? ' with zstd' : ''} that is cut off again and again goes on to its end`, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.raw');
      await makeScattered({ path, format: 'raw', sizeBytes }, 5);
      const before = await readFile(path);
      const seen: number[] = [];
      let last: number | undefined;
      for (let round = 0; last === undefined && round < 20; round += 1) {
        last = await attempt({ folder, target, compress, calls: compress ? 20 : 14 });
        const { journal } = unfinishedPaths(join(folder, 'b'));
        if (last === undefined) {
          const { doneBytes } = JSON.parse(await readFile(journal, 'utf8')) as {
            doneBytes: number;
          };
          seen.push(doneBytes);
        }
      }
      assert.ok(last !== undefined && last > 0 && seen.length > 1, `${last} after ${seen.join()}`);
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
      await assertCopied(folder, target);
      assert.ok((await readFile(path)).equals(before));
    }));
}

void test('a copy is begun anew when the source, the target or the journal is not what it was', () =>
  withFolder(async (folder) => {
    const target = { format: 'qcow2' } as const;
    const path = join(folder, 'a.raw');
    const { part, journal } = unfinishedPaths(join(folder, 'b'));
    const changes: readonly (() => Promise<void>)[] = [
      async () => {
        const { atimeMs, mtimeMs } = await stat(path);
        await utimes(path, atimeMs / 1000, mtimeMs / 1000 + 5);
      },
      async () => {
        const bytes = await readFile(part);
        bytes.fill(0x5a, 300_000, 370_000); // in what the journal says is copied
        await writeFile(part, bytes);
      },
      async () => {
        const bytes = await readFile(part);
        await writeFile(part, bytes.subarray(0, 100_000));
      },
      () => writeFile(journal, '{"gantry":"disk-copy","pid":1'),
    ];
    for (const [index, change] of changes.entries()) {
      await makeScattered({ path, format: 'raw', sizeBytes, existing: 'replace' }, 60 + index);
      assert.equal(await attempt({ folder, target, calls: 24 }), undefined);
      await change();
      assert.equal(await attempt({ folder, target }), 0, `change ${index}`);
      assert.ok((await contentAt(join(folder, 'b'))).equals(await readFile(path)));
      await rm(join(folder, 'b'));
    }
  }));

void test('what was copied before is found to be damaged at the end where all is compared, and copied anew', () =>
  withFolder(async (folder) => {
    const target = { format: 'raw' } as const;
    const { part } = unfinishedPaths(join(folder, 'b'));
    await makeScattered({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes }, 7);
    assert.equal(await attempt({ folder, target, calls: 24 }), undefined);
    const bytes = await readFile(part);
    bytes.fill(0x5a, 300_000, 370_000); // in what the journal says is copied
    await writeFile(part, bytes);
    assert.equal(await attempt({ folder, target, verify: 'compare' }), 0);
    await assertCopied(folder, target);
  }));

void test('a copy that another process is at is not gone on with, and a target that is there is not touched', () =>
  withFolder(async (folder) => {
    const target = { format: 'vhd' } as const;
    await makeScattered({ path: join(folder, 'a.raw'), format: 'raw', sizeBytes }, 5);
    await attempt({ folder, target, calls: 14 });
    const { journal } = unfinishedPaths(join(folder, 'b'));
    const { work } = JSON.parse(await readFile(journal, 'utf8')) as { work: string };
    const [started = ''] = (await readFile('/proc/1/stat', 'utf8')).split(' ').slice(21);
    await writeFile(
      journal,
      JSON.stringify({ gantry: 'disk-copy', pid: 1, started, work, doneBytes: 0 }),
    );
    await using source = await openDisk({ path: join(folder, 'a.raw'), store, format: 'raw' });
    const options = { target: { ...target, path: join(folder, 'b') }, store };
    await assert.rejects(convertResumably(source, options), { code: 'refused' });
    await dropUnfinished(join(folder, 'b'));
    assert.ok((await readdir(folder)).includes('.b.unfinished.part'), 'it is not taken from it');
    // A process with that number, but one that started at another time.
    const old = { gantry: 'disk-copy', pid: 1, started: '7', work, doneBytes: 0 };
    await writeFile(journal, JSON.stringify(old));
    await convertResumably(source, options);
    await writeFile(join(folder, 'b'), 'mine');
    await assert.rejects(convertResumably(source, options), { code: 'exists' });
    const stream = { ...options.target, format: 'vmdk', variant: 'streamOptimized' };
    await assert.rejects(convertResumably(source, { store, target: stream }), {
      code: 'unsupported',
    });
  }));
