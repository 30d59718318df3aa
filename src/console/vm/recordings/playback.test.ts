/** Recordings read from their bytes, and played on a stage that writes down what it is shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { Playback, type Stage } from './playback.ts';
import { readCast, readFbs, timesOf, type Piece } from './recorded.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const header = '{"version":2,"width":100,"height":30,"title":"web-1: serial1"}\n';

test('of a terminal what it said is read, a line that is cut off left out', () => {
  const lines =
    '[0.5,"o","a"]\n[0.25,"i","typed"]\n[0.25,"o","b"]\n{}\n[2,"o","\\u00fc"]\n[3,"o","cut o';
  assert.deepEqual(readCast(bytesOf(header + lines)), {
    columns: 100,
    rows: 30,
    pieces: [
      { atMs: 500, data: 'a' },
      // No time goes back.
      { atMs: 500, data: 'b' },
      { atMs: 2000, data: 'ü' },
    ],
  });
  const large = readCast(bytesOf('{"version":2,"width":1e9,"height":"x"}'));
  assert.deepEqual([large.columns, large.rows], [80, 24]);
  for (const other of ['', '{"version":1}', 'null', '[]'])
    assert.throws(
      () => readCast(bytesOf(other)),
      (error: unknown) => isFault(error, 'invalid'),
    );
});

test('of a screen what its server sent is read, a block that is cut off left out', () => {
  const whole = 'FBS 001.000\n\0\0\0\x05hello\0\0\0\0\0\x03\xe8\0\0\0\x04more\0\0\x07\xd0';
  const expected = [
    { atMs: 1000, data: bytesOf('hello') },
    { atMs: 2000, data: bytesOf('more') },
  ];
  assert.deepEqual(readFbs(bytesOf(whole)).pieces, expected);
  assert.deepEqual(readFbs(bytesOf(`${whole}\xff\xff\xff\xffrest`)).pieces, expected);
  assert.deepEqual(readFbs(bytesOf(whole.slice(0, -1))).pieces, expected.slice(0, 1));
  assert.throws(
    () => readFbs(bytesOf('RFB 003.008\n')),
    (error: unknown) => isFault(error, 'invalid'),
  );
});

test('a recording is shown up to its place, again from the beginning where one goes back, and stops at its end', async () => {
  const pieces: Piece[] = [
    { atMs: 0, data: 'a' },
    { atMs: 1000, data: 'b' },
    { atMs: 61_000, data: 'c' },
  ];
  const said: string[] = [];
  const shown = (): string => said.join('');
  const stage: Stage = {
    begin: () => void said.push('|'),
    show: (data) => void said.push(String(data)),
    [Symbol.dispose]: () => undefined,
  };
  let breaths = 0;
  let clock = 0;
  const playback = new Playback({
    pieces,
    stage,
    // Each look costs a slice.
    now: () => (clock += 100),
    breathe: async () => void (breaths += 1),
  });
  await playback.seek(500);
  assert.equal(shown(), '|a');
  await playback.seek(999);
  assert.equal(shown(), '|a');
  await playback.seek(1e9);
  assert.deepEqual([shown(), playback.placeMs, playback.durationMs], ['|abc', 61_000, 61_000]);
  await playback.seek(1000);
  assert.equal(shown(), '|abc|ab');
  assert.equal(breaths, 5, 'one for each piece');
  playback.limitPauses(2000);
  assert.deepEqual([playback.placeMs, playback.durationMs], [1000, 3000]);
  // Someone drags: the last place counts.
  await Promise.all([playback.seek(3000), playback.seek(0)]);
  assert.equal(shown().split('|').at(-1), 'a');
  assert.deepEqual(timesOf(pieces, 2000), [0, 1000, 3000]);
});
