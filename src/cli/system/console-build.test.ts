import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Writer } from '../output/writer.ts';
import { ensureConsole } from './console-build.ts';

test('a console that cannot be built is said with the reason, and what people see instead', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-console-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const built = join(folder, 'console');
  const notes: string[] = [];
  const out = { note: (text: string) => notes.push(text) } as unknown as Writer;
  const ensure = () =>
    ensureConsole(
      { out, signal: AbortSignal.timeout(60_000) },
      { built, script: 'src/console/missing.ts' },
    );
  assert.match((await ensure()) ?? '', /^not there/);
  assert.match(notes.join('\n'), /all else works. The build said:[^]*missing\.ts/);
  assert.deepEqual(readdirSync(folder), []);
  mkdirSync(built);
  writeFileSync(join(built, 'index.html'), 'of before');
  assert.match((await ensure()) ?? '', /^of an older state/);
  assert.deepEqual(readdirSync(folder), ['console']);
});
