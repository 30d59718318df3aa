import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseInterpreter } from './interpreter.ts';

test('API-35 the first line decides, then the extension, then the shell; programs and what is no file are left to the kernel', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gi-'));
  try {
    const words = async (name: string, text: string): Promise<readonly string[]> => {
      const file = join(folder, name);
      await writeFile(file, text);
      return await chooseInterpreter(file);
    };
    assert.deepEqual(await words('tell.py', '#!/bin/sh\necho'), []);
    assert.deepEqual(await words('tell.PY', 'print(1)'), ['python3']);
    assert.deepEqual(await words('tell.pl', 'print 1'), ['perl']);
    assert.deepEqual(await words('tell.mjs', 'console.log(1)'), ['node']);
    assert.deepEqual(await words('tell.sh', 'echo'), ['sh']);
    assert.deepEqual(await words('tell', 'echo'), ['sh']);
    assert.deepEqual(await words('tell.d', ''), ['sh']);
    assert.deepEqual(await chooseInterpreter(process.execPath), []);
    const pipe = join(folder, 'pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    for (const none of [pipe, folder, join(folder, 'none')])
      assert.deepEqual(await chooseInterpreter(none), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
