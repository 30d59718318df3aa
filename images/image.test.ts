import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFault } from '#lib';
import { buildImage, type BuiltImage } from './image.ts';
import { imageKinds } from './recipes.ts';
import { testCache } from './testing/machine.ts';

const kind = 'starter-floppy';

interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly complaint: string;
}

/** The program as a user calls it. */
async function runProgram(...args: readonly string[]): Promise<Outcome> {
  const program = join(import.meta.dirname, 'build.ts');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output, complaint };
}

describe('images', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gim-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('an image is built once; a damaged one is noticed and built again', async () => {
    const cacheDir = join(folder, 'once');
    const steps: string[] = [];
    const progress = (step: string): void => void steps.push(step);
    const first = await buildImage({ kind, cacheDir, progress });
    assert.ok(steps.length > 0);
    assert.equal((await stat(first.path)).size, first.sizeBytes);
    steps.length = 0;
    assert.deepEqual(await buildImage({ kind, cacheDir, progress, verification: 'hash' }), first);
    assert.deepEqual(steps, []);
    await truncate(first.path, 100);
    assert.deepEqual(await buildImage({ kind, cacheDir, progress }), first);
    assert.ok(steps.length > 0);
    const bytes = await readFile(first.path);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await writeFile(first.path, bytes);
    assert.deepEqual(await buildImage({ kind, cacheDir, verification: 'hash' }), first);
    assert.notDeepEqual(await readFile(first.path), bytes);
  });

  test('two programs at once make the same image, each saying where it is', async () => {
    const argv = [kind, '--cache', join(folder, 'twice')];
    const outcomes = await Promise.all([runProgram(...argv), runProgram(...argv)]);
    const images = outcomes.map(({ status, output, complaint }) => {
      assert.equal(status, 0, complaint);
      return JSON.parse(output.trim().split('\n').at(-1) ?? '') as BuiltImage;
    });
    assert.deepEqual(images[0], images[1]);
    assert.equal((await stat(images[0]?.path ?? '')).size, images[0]?.sizeBytes);
  });

  test('the program copies the image where it is told, and says how it is used', async () => {
    const copy = join(folder, 'copy.img');
    const argv = [kind, '--cache', join(folder, 'twice'), '--out', copy];
    const { status, output } = await runProgram(...argv);
    assert.equal(status, 0);
    assert.equal((JSON.parse(output) as BuiltImage).path, copy);
    assert.equal((await stat(copy)).size, 1_474_560);
    for (const wrong of [[], ['no-such-kind', '--cache', folder], [kind]]) {
      const outcome = await runProgram(...wrong);
      assert.equal(outcome.status, 2);
      for (const name of imageKinds) assert.ok(outcome.complaint.includes(name), name);
    }
  });

  test('a build that is cancelled ends with that reason and leaves no entry', async () => {
    const cacheDir = join(folder, 'cancelled');
    const controller = new AbortController();
    const building = buildImage({
      kind: 'additions',
      cacheDir,
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    await assert.rejects(building, (error) => isFault(error, 'cancelled'));
    const image = await buildImage({ kind: 'additions', cacheDir });
    assert.ok(image.sizeBytes > 0);
  });

  test('a builder whose caller is killed clears up and ends', async () => {
    const cacheDir = join(folder, 'orphan');
    const program = `
      import { buildImage } from ${JSON.stringify(join(import.meta.dirname, 'image.ts'))};
      await buildImage({ kind: 'additions', cacheDir: process.argv[1], progress: () => {
        process.stdout.write('building');
        process.kill(process.pid, 'SIGSTOP');
      }});`;
    const argv = ['--input-type=module', '-e', program, cacheDir];
    const caller = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(caller.stdout, 'data');
    caller.kill('SIGKILL');
    await once(caller, 'exit');
    // Either it was done by then or it has given up: no work of it is left.
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const names = await readdir(cacheDir);
      if (!names.some((name) => name.startsWith('work-'))) return;
      await sleep(50);
    }
    assert.fail('the builder goes on');
  });

  test('the starter is the same to the byte wherever it is built, and given at once the second time', async () => {
    const known = await buildImage({ kind: 'starter', cacheDir: testCache });
    const cacheDir = join(folder, 'again');
    await cp(join(testCache, 'packages'), join(cacheDir, 'packages'), { recursive: true });
    const again = await buildImage({ kind: 'starter', cacheDir });
    assert.equal(again.key, known.key);
    assert.equal(again.sha256, known.sha256);
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const start = performance.now();
      await buildImage({ kind: 'starter', cacheDir });
      times.push(performance.now() - start);
    }
    const median = times.toSorted((a, b) => a - b)[2] ?? Infinity;
    assert.ok(median < 100, `${median} ms`);
  });
});
