import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { seededRandom } from '../testing/random.ts';
import { contentAt, makeScattered, store, withFolder } from '../testing/folder.ts';
import { compareDisks } from './compare.ts';
import { mergeLayers } from './chain.ts';
import { compactDisk } from './compact.ts';
import { convertDisk } from './convert.ts';
import { makeDisk } from './create.ts';
import { flattenDisk } from './flatten.ts';
import { joinDisk } from './join.ts';
import { dropUnfinished, unfinishedPaths } from './journal.ts';
import { readPieceList } from './pieces.ts';
import { repairInto } from './repair.ts';
import type { ResumeChoice } from './resume.ts';
import { splitDisk } from './split.ts';
import type { VerbOptions } from './progress.ts';

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
    const { resumedBytes } = await convertDisk(source, {
      ...rest,
      resume: 'demanded',
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
    const entry = { gantry: 'disk-copy', pid: 1, work, doneBytes: 0, checksums: [] };
    const [started = ''] = (await readFile('/proc/1/stat', 'utf8')).split(' ').slice(21);
    await writeFile(journal, JSON.stringify({ ...entry, started }));
    await using source = await openDisk({ path: join(folder, 'a.raw'), store, format: 'raw' });
    const resume = 'demanded';
    const options = { target: { ...target, path: join(folder, 'b') }, store, resume } as const;
    await assert.rejects(convertDisk(source, options), { code: 'refused' });
    await dropUnfinished(join(folder, 'b'));
    assert.ok((await readdir(folder)).includes('.b.unfinished.part'), 'it is not taken from it');
    // A process with that number, but one that started at another time.
    const old = { ...entry, started: '7' };
    await writeFile(journal, JSON.stringify(old));
    await convertDisk(source, options);
    await writeFile(join(folder, 'b'), 'mine');
    await assert.rejects(convertDisk(source, options), { code: 'exists' });
    const stream = { ...options.target, format: 'vmdk', variant: 'streamOptimized' };
    await assert.rejects(convertDisk(source, { store, target: stream, resume: 'demanded' }), {
      code: 'unsupported',
    });
  }));

/** How a verb is asked for, once more each time. */
type Options = Required<Pick<ResumeChoice, 'resume' | 'stepBytes'>> & VerbOptions;

interface Verb {
  readonly title: string;
  /** What it makes, beside which the journal lies. */
  readonly target: string;
  run(folder: string, options: Options): Promise<unknown>;
  /** Paths in the folder whose content is to be equal in the end. */
  readonly equal: readonly [string, string];
}

/** base, over it middle, over that top. */
const openTop = (folder: string, format: string): ReturnType<typeof openDisk> =>
  openDisk({ path: join(folder, 'top'), store, format });

const onChains = (format: string): readonly Verb[] => [
  {
    title: `flattening a ${format}`,
    target: 'flat',
    equal: ['top', 'flat'],
    run: async (folder, options) => {
      await using top = await openTop(folder, format);
      await flattenDisk(top, { ...options, store, target: { path: join(folder, 'flat') } });
    },
  },
  {
    title: `flattening a ${format} in its place`,
    target: 'top',
    equal: ['top', 'same'],
    run: async (folder, options) => {
      await using top = await openTop(folder, format);
      const target = { path: join(folder, 'top'), existing: 'replace' } as const;
      await flattenDisk(top, { ...options, store, target });
    },
  },
  {
    title: `merging two layers of ${format}`,
    target: 'merged',
    equal: ['top', 'merged'],
    run: async (folder, options) => {
      await using top = await openTop(folder, format);
      const target = { path: join(folder, 'merged'), format };
      await mergeLayers(top, { ...options, store, layers: 2, target });
    },
  },
  {
    title: `repairing a ${format}`,
    target: 'mended',
    equal: ['base', 'mended'],
    run: async (folder, options) => {
      await using base = await openDisk({ path: join(folder, 'base'), store, format });
      await repairInto(base, {
        ...options,
        store,
        target: { path: join(folder, 'mended'), format },
      });
    },
  },
  {
    title: `compacting a ${format}`,
    target: 'alone',
    equal: ['alone', 'base'],
    run: (folder, options) =>
      compactDisk({ ...options, path: join(folder, 'alone'), store, format }),
  },
];

const onFiles: readonly Verb[] = [
  {
    title: 'splitting a file',
    target: 'base.pieces.json',
    equal: ['base', 'base'],
    run: async (folder, options) => {
      await using base = await openDisk({ path: join(folder, 'base'), store, format: 'qcow2' });
      await splitDisk(base, { ...options, pieceBytes: mib, folder });
    },
  },
  {
    title: 'joining pieces',
    target: 'joined',
    equal: ['base', 'joined'],
    run: (folder, options) =>
      joinDisk(join(folder, 'base.pieces.json'), join(folder, 'joined'), options),
  },
];

/** What the journal beside a target says; 0 where there is none. */
function journalled(folder: string, target: string): number {
  const { journal } = unfinishedPaths(join(folder, target));
  if (!existsSync(journal)) return 0;
  return (JSON.parse(readFileSync(journal, 'utf8')) as { doneBytes: number }).doneBytes;
}

/** Cuts a verb off whenever it has written its journal once, so that it ends only because it goes on; what the journals said. */
async function insist(folder: string, verb: Verb): Promise<readonly number[]> {
  const { target } = verb;
  const seen: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const controller = new AbortController();
    let [first, nowMs]: [number | undefined, number] = [undefined, 0];
    try {
      await verb.run(folder, {
        resume: 'demanded',
        stepBytes: 4 * mib,
        signal: controller.signal,
        clock: { now: () => (nowMs += 1000), sleep: () => Promise.resolve() },
        onProgress() {
          const doneBytes = journalled(folder, target);
          first ??= doneBytes;
          if (doneBytes !== first) controller.abort();
        },
      });
      return seen;
    } catch (error) {
      assert.ok(controller.signal.aborted, String(error));
      seen.push(journalled(folder, target));
    }
  }
  return assert.fail('it never comes to its end');
}

async function assertContinued(folder: string, verb: Verb): Promise<void> {
  const { target, equal, title } = verb;
  const seen = await insist(folder, verb);
  assert.ok(seen.filter((doneBytes) => doneBytes > 0).length > 1, `${title}: ${seen.join()}`);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
    title,
  );
  const [one, other] = equal.map((name) => contentAt(join(folder, name)));
  assert.ok((await one)?.equals((await other) ?? Buffer.alloc(0)), title);
  const { part, journal } = unfinishedPaths(join(folder, target));
  for (const path of [part, journal]) await assert.rejects(stat(path), { code: 'ENOENT' });
}

for (const format of ['qcow2', 'vhd', 'vhdx', 'vmdk'])
  void test(`DISK-45 flattening, merging, repairing and compacting a ${format} go on where they were cut off`, () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      const sizes = { format, sizeBytes: 20 * mib };
      await makeScattered({ ...sizes, path: at('base') }, 1);
      await makeScattered({ ...sizes, path: at('alone') }, 1);
      await makeScattered({ ...sizes, path: at('middle'), over: at('base') }, 2);
      await makeScattered({ ...sizes, path: at('top'), over: at('middle') }, 3);
      await makeScattered({ ...sizes, path: at('same'), over: at('middle') }, 3);
      // the one that takes the child's place last
      const [flatten, inPlace, ...others] = onChains(format);
      for (const verb of [flatten, ...others, inPlace])
        if (verb) await assertContinued(folder, verb);
    }));

void test('DISK-45 a file that is split or joined goes on where it was cut off', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'base');
    await makeDisk({ path, format: 'qcow2', sizeBytes: 20 * mib }, store, (disk) =>
      disk.write(seededRandom(9).bytes(14 * mib), mib),
    );
    for (const verb of onFiles) await assertContinued(folder, verb);
    assert.ok((await readFile(join(folder, 'joined'))).equals(await readFile(path)));
    const { pieces } = await readPieceList(join(folder, 'base.pieces.json'));
    assert.deepEqual(
      (await readdir(folder)).toSorted(),
      [...pieces.map(({ name }) => name), 'base', 'base.pieces.json', 'joined'].toSorted(),
    );
  }));

void test('a piece or a joined part that has changed meanwhile is made anew', () =>
  withFolder(async (folder) => {
    const at = (name: string): string => join(folder, name);
    const bytes = seededRandom(4).bytes(12 * mib);
    await writeFile(at('base.raw'), bytes);
    /** Cuts the work off when so much was told, and damages what it leaves. */
    const cut = async (
      work: (options: Options) => Promise<unknown>,
      calls: number,
    ): Promise<void> => {
      const controller = new AbortController();
      let [left, nowMs] = [calls, 0];
      const options: Options = {
        resume: 'demanded',
        stepBytes: 4 * mib,
        signal: controller.signal,
        clock: { now: () => (nowMs += 1000), sleep: () => Promise.resolve() },
        onProgress: () => void ((left -= 1) === 0 && controller.abort()),
      };
      await assert.rejects(work(options), () => controller.signal.aborted);
    };
    const splitting = async (options: Options): Promise<void> => {
      await using disk = await openDisk({ path: at('base.raw'), store, format: 'raw' });
      await splitDisk(disk, { ...options, pieceBytes: mib, folder });
    };
    const resume = 'demanded';
    await cut(splitting, 9);
    const { part } = unfinishedPaths(at('base.raw.003'));
    await writeFile(part, Buffer.alloc(mib, 7));
    await splitting({ resume, stepBytes: mib });
    const joining = (options: Options): Promise<unknown> =>
      joinDisk(at('base.raw.pieces.json'), at('joined'), options);
    await cut(joining, 10);
    const half = unfinishedPaths(at('joined')).part;
    const damaged = await readFile(half);
    damaged.fill(7, 3 * mib, 3 * mib + 512);
    await writeFile(half, damaged);
    await joining({ resume, stepBytes: mib });
    assert.ok((await readFile(at('joined'))).equals(bytes));
  }));
