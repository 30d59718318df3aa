/** Changes that are tried, as files, and what the next agent makes of those that it finds. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLog } from '#log';
import { hostId } from '../../../testing/network-place.ts';
import { LinuxAdapters } from './linux-adapters.ts';
import { claimTrial, writeTrial, type Trial } from './trial-files.ts';

const bootId = 'this-boot';
const trial: Trial = { bootId, adapter: 'eno1', use: 'networks', held: null, undo: [] };
let dataDir: string;
let folder: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gt-'));
  folder = join(dataDir, 'adapters');
  await mkdir(folder);
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function beginAgent(): Promise<{
  readonly uses: readonly string[];
  readonly undone: number;
}> {
  let undone = 0;
  const agent = new LinuxAdapters({
    hostId,
    ip: '/nonexistent/ip',
    dataDir,
    bootId,
    coordinator: undefined,
    exclusively: (work) => work(),
    carried: () => [],
    onChange: () => undefined,
    onUndone: () => {
      undone += 1;
    },
    log: silentLog,
  });
  await agent.begin();
  return { uses: agent.isIdle ? [] : ['networks'], undone };
}

void test('a trial is claimed once, to be kept or to be undone', async () => {
  const id = await writeTrial(folder, trial);
  assert.equal(await claimTrial(folder, id, 'kept'), true);
  assert.equal(await claimTrial(folder, id, 'undone'), false);
  assert.deepEqual(await readdir(folder), [`${id}.kept`]);
});

void test('what was confirmed the next agent keeps, also where the one before was killed over noting it', async () => {
  await claimTrial(folder, await writeTrial(folder, trial), 'kept');
  assert.deepEqual(await beginAgent(), { uses: ['networks'], undone: 0 });
  assert.deepEqual(await readdir(folder), []);
  assert.deepEqual(await beginAgent(), { uses: ['networks'], undone: 0 }, 'it is noted');
});

void test('what was not confirmed is undone, but for what a restart of the host has undone', async () => {
  await writeTrial(folder, trial);
  await claimTrial(folder, await writeTrial(folder, trial), 'undone');
  await writeTrial(folder, { ...trial, bootId: 'another-boot' });
  assert.deepEqual(await beginAgent(), { uses: [], undone: 2 });
  assert.deepEqual(await readdir(folder), []);
});

void test('a file that cannot be read keeps no agent from beginning', async () => {
  await writeFile(join(folder, '20000000-0000-4000-8000-000000000001.trial'), '{');
  assert.deepEqual(await beginAgent(), { uses: [], undone: 0 });
});
