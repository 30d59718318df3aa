import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findInstallation } from '../installation.ts';
import { inTurn } from './turn.ts';

void test('who comes second waits for the first, is told so, and may give up', async (context) => {
  const data = mkdtempSync(join(tmpdir(), 'gt-'));
  context.after(() => rmSync(data, { recursive: true }));
  const installation = findInstallation({ data }, { environment: {}, uid: 0, home: '/root' });
  const notes: string[] = [];
  let onNote = Promise.withResolvers<void>();
  const out = {
    note: (text: string) => {
      notes.push(text);
      onNote.resolve();
    },
  };
  const never = new AbortController().signal;
  const over = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const done: string[] = [];
  const first = inTurn(installation, out, never, async () => {
    begun.resolve();
    await over.promise;
    done.push('first');
  });
  await begun.promise;
  assert.deepEqual(notes, []);
  const impatient = new AbortController();
  const work = async (): Promise<void> => void done.push('second');
  const given = inTurn(installation, out, impatient.signal, work);
  await onNote.promise;
  impatient.abort(new Error('given up'));
  await assert.rejects(given, /given up/);
  onNote = Promise.withResolvers<void>();
  const second = inTurn(installation, out, never, work);
  await onNote.promise;
  over.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(done, ['first', 'second']);
  assert.match(notes[0] ?? '', /another gantry up is at work/);
});
