/** The disk commands as a user runs them: processes of their own, plain files, no coordinator; QEMU's tools judge. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Progress } from '#disk';
import { newSize } from './change.ts';
import { progressText, verbOptions } from './progress.ts';
import {
  ended,
  gantry,
  main,
  makeRaw,
  must,
  start,
  tool,
  withFolder,
  type Ran,
} from './testing/disk-commands.ts';

const mib = 1024 * 1024;
const notThere = { code: 3 };

void test('DISK-05 a disk is created and inspected on its own, and its chain, children and findings are told', () =>
  withFolder(async (folder) => {
    await must(folder, 'create', 'base.vhdx', '64M');
    await must(folder, 'create', 'child.vhdx', '--parent', 'base.vhdx');
    const report = JSON.parse(await must(folder, 'inspect', 'child.vhdx', '-o', 'json')) as {
      readonly layers: readonly {
        readonly format: string;
        readonly variant: string;
        readonly sizeBytes: number;
      }[];
      readonly findings: readonly { readonly corruptions: number }[];
    };
    assert.deepEqual(
      report.layers.map(({ format, variant, sizeBytes }) => [format, variant, sizeBytes]),
      [
        ['vhdx', 'differencing', 64 * mib],
        ['vhdx', 'dynamic', 64 * mib],
      ],
    );
    assert.deepEqual(
      report.findings.map(({ corruptions }) => corruptions),
      [0, 0],
    );
    const text = await must(folder, 'inspect', 'base.vhdx');
    assert.match(text, /children +\S+\/child\.vhdx/);
    assert.match(text, /in use +no/);
    await rename(join(folder, 'base.vhdx'), join(folder, 'moved.vhdx'));
    assert.match(await must(folder, 'inspect', 'child.vhdx'), /parent missing .*base\.vhdx/);
    assert.equal((await gantry(folder, 'map', 'child.vhdx')).code, notThere.code);
    await must(folder, 'reconnect', 'child.vhdx', 'moved.vhdx');
    await must(folder, 'map', 'child.vhdx');
    await must(folder, 'create', 'other.vhdx', '64M');
    const wrong = await gantry(folder, 'reconnect', 'child.vhdx', 'other.vhdx');
    assert.equal(wrong.code, 9, wrong.err);
  }));

void test('a file that is a disk by its name alone is said to be taken as raw, and is no parent until somebody says what it is', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'base.vhd'), mib);
    const { err } = await gantry(folder, 'inspect', 'base.vhd');
    assert.match(err, /base\.vhd has nothing of a vhd but the name: it is taken as raw/);
    const asked = ['create', 'child.qcow2', '--parent', 'base.vhd'];
    const refused = await gantry(folder, ...asked);
    assert.match(refused.err, /base\.vhd has nothing of a vhd but the name\n.*--parent-format raw/);
    assert.deepEqual(await readdir(folder), ['base.vhd']);
    await must(folder, ...asked, '--parent-format', 'raw');
    assert.equal((await gantry(folder, 'inspect', 'child.qcow2')).err, '');
  }));

void test('DISK-24 DISK-27 a parent becomes read-only, and is neither resized nor compacted while it has children', () =>
  withFolder(async (folder) => {
    await must(folder, 'create', 'base.qcow2', '8M');
    await must(folder, 'create', 'a.qcow2', '--parent', 'base.qcow2');
    assert.equal((await stat(join(folder, 'base.qcow2'))).mode & 0o222, 0);
    const before = await readFile(join(folder, 'base.qcow2'));
    for (const words of [
      ['resize', 'base.qcow2', '16M'],
      ['compact', 'base.qcow2'],
    ]) {
      const refused = await gantry(folder, ...words);
      assert.equal(refused.code, 6, refused.err);
      assert.match(refused.err, /a\.qcow2 reads from it/);
    }
    await must(folder, 'create', 'b.qcow2', '--parent', 'base.qcow2');
    const second = await gantry(folder, 'commit', 'a.qcow2', '--yes');
    assert.equal(second.code, 6, second.err);
    assert.match(second.err, /b\.qcow2/);
    assert.doesNotMatch(second.err, /- \S*a\.qcow2/);
    assert.ok((await readFile(join(folder, 'base.qcow2'))).equals(before));
  }));

void test('DISK-20 a size is not taken for a disk with a parent, and nothing is made of it', () =>
  withFolder(async (folder) => {
    await must(folder, 'create', 'base.vhd', '8M');
    const both = await gantry(folder, 'create', 'a.vhd', '4M', '--parent', 'base.vhd');
    assert.equal(both.code, 2);
    assert.deepEqual(await readdir(folder), ['base.vhd']);
    await must(folder, 'create', 'a.vhd', '--parent', 'base.vhd');
    assert.match(await must(folder, 'inspect', 'a.vhd'), /size +8 MiB/);
  }));

/** Says at the end how often the program waited for the volume. */
const syncWitness = `data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  let count = 0;
  const { fdatasync } = fs;
  fs.fdatasync = (...given) => {
    count += 1;
    fdatasync(...given);
  };
  syncBuiltinESMExports();
  process.on('exit', () => console.error('waited', count));
`)}`;

void test('a conversion waits until the volume has the new disk, unless it is told not to', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 3 * mib, 9 * mib);
    const waits = async (...words: readonly string[]): Promise<number> => {
      const child = spawn(process.execPath, ['--import', syncWitness, main, 'disk', ...words], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { code, err } = await ended(child);
      assert.equal(code, 0, err);
      return Number(/^waited (\d+)$/m.exec(err)?.[1]);
    };
    assert.ok((await waits('convert', 'a.raw', 'b.vhd')) > 0);
    assert.equal(await waits('convert', 'a.raw', 'c.vhd', '--no-sync'), 0);
    await tool(folder, 'qemu-img', 'compare', 'b.vhd', 'c.vhd');
  }));

void test('a conversion through every writable format is the same to qemu-img, and exit codes tell equal from different', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 3 * mib, 9 * mib);
    const targets = [
      ['b.vhd', 'vpc', '--type', 'fixed'],
      ['c.vhdx', 'vhdx', '--verify'],
      ['d.vmdk', 'vmdk', '--type', 'streamOptimized'],
      ['e.qcow2', 'qcow2', '--compress', 'zstd'],
    ] as const;
    let from = 'a.raw';
    for (const [name, format, ...options] of targets) {
      await must(folder, 'convert', from, name, ...options);
      await tool(folder, 'qemu-img', 'compare', '-f', 'raw', '-F', format, 'a.raw', name);
      await must(folder, 'compare', 'a.raw', name);
      from = name;
    }
    const bytes = await readFile(join(folder, 'a.raw'));
    const sum = createHash('sha256').update(bytes).digest('hex');
    assert.equal(await must(folder, 'checksum', 'e.qcow2'), `${sum}  e.qcow2\n`);
    bytes.fill(0, mib, mib + 1024);
    await writeFile(join(folder, 'f.raw'), bytes);
    assert.equal((await gantry(folder, 'compare', 'f.raw', 'e.qcow2')).code, 20);
    const { code, out } = await gantry(folder, 'diff', 'f.raw', 'e.qcow2', '-o', 'json');
    assert.equal(code, 20);
    const difference = { offset: mib, length: 1024, first: 'zero', second: 'data' };
    assert.deepEqual(JSON.parse(out), [difference]);
    const taken = await gantry(folder, 'convert', 'a.raw', 'b.vhd');
    assert.equal(taken.code, 8);
    const unknown = await gantry(folder, 'convert', 'a.raw', 'x.foo');
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /hint: add the format/);
  }));

void test('commit, rebase, merge and flatten keep what is seen through a chain', () =>
  withFolder(async (folder) => {
    await must(folder, 'create', '0.qcow2', '4M');
    for (const layer of [1, 2, 3]) {
      await must(folder, 'create', `${layer}.qcow2`, '--parent', `${layer - 1}.qcow2`);
      const write = `write -P ${layer} ${layer * 512}k 700k`;
      await tool(folder, 'qemu-io', '-f', 'qcow2', '-c', write, `${layer}.qcow2`);
    }
    await tool(folder, 'qemu-img', 'convert', '-O', 'raw', '3.qcow2', 'wanted.raw');
    await must(folder, 'merge', '3.qcow2', '23.qcow2');
    await must(folder, 'compare', '23.qcow2', 'wanted.raw');
    await must(folder, 'flatten', '3.qcow2', 'flat.qcow2');
    await tool(folder, 'qemu-img', 'compare', 'flat.qcow2', 'wanted.raw');
    assert.doesNotMatch(await tool(folder, 'qemu-img', 'info', 'flat.qcow2'), /backing file/);
    await must(folder, 'convert', '1.qcow2', 'new-base.qcow2');
    await must(folder, 'rebase', '23.qcow2', 'new-base.qcow2');
    await tool(folder, 'qemu-img', 'compare', '23.qcow2', 'wanted.raw');
    await rm(join(folder, '3.qcow2'));
    await must(folder, 'commit', '23.qcow2', '--yes');
    await tool(folder, 'qemu-img', 'compare', 'new-base.qcow2', 'wanted.raw');
    assert.ok(!(await readdir(folder)).includes('23.qcow2'));
    const alone = await gantry(folder, 'flatten', 'new-base.qcow2');
    assert.equal(alone.code, 2);
  }));

void test('split, join, resize, compact and check do what they say, and --dry-run only says it', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 6 * mib);
    await must(folder, 'convert', 'a.raw', 'a.vhd');
    const sizes = async (): Promise<string> =>
      JSON.stringify(
        await Promise.all(
          (await readdir(folder)).map(async (name) => [
            name,
            (await stat(join(folder, name))).size,
          ]),
        ),
      );
    const before = await sizes();
    for (const words of [
      ['split', 'a.vhd', '--piece', '2M'],
      ['resize', 'a.vhd', '+2M'],
      ['compact', 'a.vhd'],
      ['convert', 'a.vhd', 'b.vhd'],
      ['create', 'c.vhd', '5M'],
    ]) {
      assert.match(await must(folder, ...words, '--dry-run'), /would/);
    }
    assert.equal(await sizes(), before);
    await mkdir(join(folder, 'p'));
    await must(folder, 'split', 'a.vhd', '--piece', '2M', '--folder', 'p');
    await must(folder, 'join', 'p/a.vhd.pieces.json', 'b.vhd');
    assert.ok(
      (await readFile(join(folder, 'b.vhd'))).equals(await readFile(join(folder, 'a.vhd'))),
    );
    await must(folder, 'resize', 'b.vhd', '+2M');
    const shrink = await gantry(folder, 'resize', 'b.vhd', '4M');
    assert.equal(shrink.code, 6, shrink.err);
    await must(folder, 'resize', 'b.vhd', '6M');
    await must(folder, 'compare', 'a.raw', 'b.vhd');
    await must(folder, 'convert', 'a.raw', 'c.qcow2');
    await tool(folder, 'qemu-io', '-f', 'qcow2', '-c', 'write -P 0 0 5M', 'c.qcow2');
    assert.match(await must(folder, 'compact', 'c.qcow2'), /5 MiB won/);
    await must(folder, 'check', 'c.qcow2');
    const bytes = await readFile(join(folder, 'c.qcow2'));
    bytes.fill(0xff, 65536 * 2, 65536 * 2 + 64); // counts of clusters
    await writeFile(join(folder, 'c.qcow2'), bytes);
    assert.equal((await gantry(folder, 'check', 'c.qcow2')).code, 20);
    const wanted = await must(folder, 'checksum', 'c.qcow2');
    await must(folder, 'repair', 'c.qcow2', 'mended.qcow2');
    await tool(folder, 'qemu-img', 'check', 'mended.qcow2');
    assert.equal(
      (await must(folder, 'checksum', 'mended.qcow2')).slice(0, 64),
      wanted.slice(0, 64),
    );
  }));

void test('DISK-42 DISK-43 a differencing disk is not compacted but told what to do, a fixed one becomes dynamic as one task', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), mib, 16 * mib);
    await must(folder, 'convert', 'a.raw', 'a.vhd', '--type', 'fixed');
    const fixed = await gantry(folder, 'compact', 'a.vhd');
    assert.equal(fixed.code, 6);
    assert.match(fixed.err, /hint: make it a dynamic disk/);
    await must(folder, 'compact', 'a.vhd', '--make-dynamic');
    assert.match(await must(folder, 'inspect', 'a.vhd'), /format +.*dynamic/);
    assert.ok((await stat(join(folder, 'a.vhd'))).size < 4 * mib);
    await must(folder, 'compare', 'a.raw', 'a.vhd');
    await must(folder, 'create', 'b.vhd', '--parent', 'a.vhd');
    const child = await gantry(folder, 'compact', 'b.vhd');
    assert.equal(child.code, 6);
    assert.match(child.err, /hint: merge it into its parent, then compact the parent/);
  }));

void test('free blocks of a file system are given back when asked for, after it was said how much that wins', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 32 * mib);
    await tool(folder, 'mke2fs', '-q', '-F', '-t', 'ext4', '-E', 'nodiscard', 'a.raw');
    await must(folder, 'convert', 'a.raw', 'a.qcow2');
    const { size } = await stat(join(folder, 'a.qcow2'));
    const words = ['compact', 'a.qcow2', '--free-blocks'];
    const { out, err } = await gantry(folder, ...words, '--dry-run', '-o', 'json');
    assert.match(err, /the disk: ext4 of 32 MiB, \d+(\.\d)? MiB free/);
    const { gainBytes } = JSON.parse(out) as { readonly gainBytes: number };
    assert.equal((await stat(join(folder, 'a.qcow2'))).size, size);
    await must(folder, ...words);
    const won = size - (await stat(join(folder, 'a.qcow2'))).size;
    assert.ok(won > 16 * mib && Math.abs(won - gainBytes) < mib, `${won} of ${gainBytes}`);
    await must(folder, 'convert', 'a.qcow2', 'b.raw');
    await tool(folder, 'e2fsck', '-f', '-n', 'b.raw');
  }));

void test('a vmdk, which has no way to be changed in its place, is resized, rebased and reconnected all the same', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), mib, 4 * mib);
    await must(folder, 'convert', 'a.raw', 'base.vmdk');
    await must(folder, 'create', 'empty.vmdk', '4M');
    await must(folder, 'create', 'child.vmdk', '--parent', 'base.vmdk');
    await must(folder, 'rebase', 'child.vmdk', 'empty.vmdk');
    await rename(join(folder, 'empty.vmdk'), join(folder, 'moved.vmdk'));
    assert.equal((await gantry(folder, 'reconnect', 'child.vmdk', 'base.vmdk')).code, 9);
    await must(folder, 'reconnect', 'child.vmdk', 'moved.vmdk');
    await must(folder, 'resize', 'child.vmdk', '+4M');
    await must(folder, 'compare', 'child.vmdk', 'a.raw');
    assert.match(await tool(folder, 'qemu-img', 'info', 'child.vmdk'), /virtual size: 8 MiB/);
    await tool(folder, 'qemu-img', 'compare', 'child.vmdk', 'a.raw');
  }));

/** Runs until a file that is being made appears, then sends the signal. */
async function interrupted(
  folder: string,
  signal: NodeJS.Signals,
  words: readonly string[],
): Promise<Ran> {
  const watcher = watch(folder);
  const child = start(folder, words);
  const end = ended(child);
  const over = new AbortController(); // whoever waits for a file does not wait for one that never comes
  void end.then(() => over.abort());
  for (let seen = ''; !seen.endsWith('.part');) {
    const [, name] = (await once(watcher, 'change', { signal: over.signal })) as [string, string];
    seen = name;
  }
  watcher.close();
  child.kill(signal);
  return end;
}

void test('ctrl-C ends a conversion with its own exit code, no half target and the source untouched', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 48 * mib);
    const before = await stat(join(folder, 'a.raw'));
    const words = ['convert', 'a.raw', 'b.qcow2', '--compress', 'zlib'];
    const { code, err } = await interrupted(folder, 'SIGINT', words);
    assert.equal(code, 14, err);
    assert.deepEqual(await readdir(folder), ['a.raw']);
    assert.equal((await stat(join(folder, 'a.raw'))).mtimeMs, before.mtimeMs);
  }));

void test('DISK-45 a conversion or compaction that is killed leaves the disk as it was and nothing under the new name', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 48 * mib);
    await must(folder, 'convert', 'a.raw', 'a.qcow2');
    const before = await readFile(join(folder, 'a.qcow2'));
    for (const words of [
      ['convert', 'a.qcow2', 'b.qcow2', '--compress', 'zlib'],
      ['compact', 'a.qcow2'],
    ]) {
      await interrupted(folder, 'SIGKILL', words);
      assert.ok((await readFile(join(folder, 'a.qcow2'))).equals(before));
      assert.ok(!(await readdir(folder)).includes('b.qcow2'));
    }
    await must(folder, 'convert', 'a.qcow2', 'b.qcow2');
    await must(folder, 'compare', 'a.raw', 'b.qcow2');
  }));

void test('a conversion that is to be resumed goes on after kill -9, and its result is the whole', () =>
  withFolder(async (folder) => {
    await makeRaw(join(folder, 'a.raw'), 300 * mib);
    const words = ['convert', 'a.raw', 'b.qcow2', '--resume', '--compress', 'zlib'];
    const child = start(folder, words);
    const end = ended(child);
    const over = new AbortController();
    void end.then(() => over.abort());
    const watcher = watch(folder);
    const journal = join(folder, '.b.qcow2.unfinished.json');
    for (let doneBytes = 0; doneBytes === 0;) {
      await once(watcher, 'change', { signal: over.signal });
      const text = await readFile(journal, 'utf8').catch(() => '{"doneBytes":0}');
      ({ doneBytes } = JSON.parse(text) as { doneBytes: number });
    }
    watcher.close();
    child.kill('SIGKILL');
    await end;
    assert.ok(!(await readdir(folder)).includes('b.qcow2'));
    const { code, err } = await gantry(folder, ...words);
    assert.equal(code, 0, err);
    assert.match(err, /went on after 256 MiB/);
    assert.deepEqual((await readdir(folder)).toSorted(), ['a.raw', 'b.qcow2']);
    await tool(folder, 'qemu-img', 'compare', 'a.raw', 'b.qcow2');
    await tool(folder, 'qemu-img', 'check', 'b.qcow2');
  }));

void test('a disk that a running program holds is not changed', () =>
  withFolder(async (folder) => {
    await must(folder, 'create', 'a.qcow2', '8M');
    const disk = 'qcow2,node-name=d,file.driver=file,file.filename=a.qcow2';
    const argv = ['--blockdev', disk, '--chardev', 'stdio,id=m', '--monitor', 'chardev=m'];
    const nbd = [
      '--nbd-server',
      'addr.type=unix,addr.path=s',
      '--export',
      'nbd,id=e,node-name=d,writable=on',
    ];
    const daemon = spawn(
      'qemu-storage-daemon',
      [...nbd.slice(0, 2), ...argv.slice(0, 2), ...nbd.slice(2), ...argv.slice(2)],
      {
        cwd: folder,
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    try {
      await once(daemon.stdout, 'data');
      for (const words of [
        ['resize', 'a.qcow2', '16M'],
        ['compact', 'a.qcow2'],
      ]) {
        const { code, err } = await gantry(folder, ...words);
        assert.equal(code, 6, err);
        assert.match(err, /is using it/);
      }
      assert.match((await gantry(folder, 'map', 'a.qcow2')).err, /in use by another program/);
    } finally {
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
  }));

void test('progress is a bar with rate and time left on a terminal, and now and then a line off it', () => {
  const progress: Progress = {
    doneBytes: 512 * mib,
    totalBytes: 2048 * mib,
    bytesPerSecond: 256 * mib,
    remainingMs: 6000,
  };
  assert.equal(progressText(progress), '512 MiB of 2 GiB, 256 MiB/s, 6s left');
  for (const interactive of [true, false]) {
    const said: string[] = [];
    let nowMs = 0;
    const none = (): void => undefined;
    const out = {
      line: none,
      yaml: none,
      hint: none,
      bytes: none,
      page: none,
      colour: false,
      width: 80,
      interactive,
      note: (text: string) => void said.push(text),
      status: (text: string) => void said.push(text),
      typed: (text: string) => text,
    };
    const { onProgress } = verbOptions(
      { out, signal: new AbortController().signal },
      'convert a',
      () => nowMs,
    );
    for (nowMs of [200, 400, 11_000, 11_200]) onProgress(progress);
    onProgress({ ...progress, doneBytes: progress.totalBytes });
    const text = 'convert a: 512 MiB of 2 GiB, 256 MiB/s, 6s left';
    const shown = interactive
      ? Array.from({ length: 4 }, () => `[█████░░░░░░░░░░░░░░░]  25 % ${text}`)
      : [text];
    assert.deepEqual(said, [...shown, '']);
  }
});

void test('a size may be given as it is to be or as a difference', () => {
  assert.equal(newSize('4M', mib), 4 * mib);
  assert.equal(newSize('+4M', mib), 5 * mib);
  assert.equal(newSize('-1M', 3 * mib), 2 * mib);
});
