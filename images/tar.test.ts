import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { runTool } from './run.ts';
import { readTar } from './tar.ts';

const longName = `${'directory-with-a-long-name/'.repeat(5)}file`;

async function makeTar(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'gtar-'));
  try {
    await mkdir(join(folder, longName, '..'), { recursive: true });
    await writeFile(join(folder, longName), 'deep');
    await writeFile(join(folder, 'run'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('run', join(folder, 'link'));
    return await runTool(['tar', '--format=gnu', '-c', '-C', folder, '.']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The bytes in pieces whose borders fall anywhere. */
async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('chosen files come out of a GNU tar, whatever the pieces it arrives in', async () => {
  const archive = await makeTar();
  for (const size of [1, 511, 700, 65_536]) {
    const files = await readTar(inPieces(archive, size), (path) => path !== 'run');
    assert.deepEqual([...files.keys()].toSorted(), [longName, 'link'].toSorted());
    const deep = files.get(longName);
    assert.equal(deep?.kind === 'file' ? deep.data.toString() : undefined, 'deep');
    assert.deepEqual(files.get('link'), { kind: 'link', target: 'run' });
  }
  const all = await readTar(inPieces(archive, 4096), () => true);
  const run = all.get('run');
  assert.equal(run?.kind === 'file' ? run.mode : undefined, 0o755);
});

test('an archive that is cut off is a fault, not a hang', async () => {
  const archive = await makeTar();
  const at = archive.indexOf('#!/bin/sh');
  await assert.rejects(
    readTar(inPieces(archive.subarray(0, at + 4), 100), () => true),
    (error) => isFault(error, 'corrupt'),
  );
});

test('any bytes give files or a fault that says corrupt', async () => {
  const bytes = fc.uint8Array({ maxLength: 3000 });
  await fc.assert(
    fc.asyncProperty(bytes, async (data) => {
      try {
        await readTar(inPieces(Buffer.from(data), 512), () => true);
      } catch (error) {
        assert.ok(isFault(error, 'corrupt'), String(error));
      }
    }),
  );
});
