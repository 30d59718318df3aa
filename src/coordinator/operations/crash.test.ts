import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { idOf } from '../inventory/testing/documents.ts';

const operations = 30;
const kills = 6;
const names = ['one', 'two', 'three'];

interface Told {
  readonly all: readonly {
    readonly name: string;
    readonly state: string;
    readonly steps: readonly string[];
    readonly memory: Readonly<Record<string, unknown>>;
    readonly finished: boolean;
  }[];
  readonly locks: number;
}

async function start(folder: string): Promise<ChildProcess> {
  const child = fork(new URL('testing/crash.ts', import.meta.url), [folder]);
  await once(child, 'message');
  return child;
}

test('no operation is forgotten, half done or left half undone, however often the coordinator is killed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (let kill = 0; kill < kills; kill += 1) {
    const child = await start(folder);
    child.send({ submit: operations });
    // At a different moment of the steps every time.
    await new Promise((resolve) => setTimeout(resolve, 40 + kill * 17));
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  const child = await start(folder);
  child.send({ submit: operations });
  const answer = once(child, 'message');
  child.send({ wait: true });
  const [told] = (await answer) as [Told];
  if (child.exitCode === null) await once(child, 'exit');

  assert.equal(told.all.length, operations);
  assert.equal(told.locks, 0);
  for (const { name, state, steps, memory } of told.all) {
    const fails = Number(name.slice(3)) % 3 === 0;
    assert.equal(state, fails ? 'failed' : 'done', name);
    for (const [index, step] of names.entries()) {
      const there = existsSync(join(folder, 'marks', idOf(name), step));
      assert.equal(there, !fails, `${name}: the mark of step ${step}`);
      assert.equal(steps[index], fails ? 'undone' : 'done');
      assert.equal(memory[step], true);
    }
  }
  const begun = readFileSync(join(folder, 'begun'), 'utf8').trimEnd().split('\n');
  const repeated = begun.length - new Set(begun).size;
  assert.ok(repeated > 0, 'no step was interrupted: the test kills at the wrong moments');
});
