import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isFault } from './fault.ts';
import { makeQrCode, type QrCode } from './qr.ts';

const run = promisify(execFile);
const reader = '/usr/bin/zbarimg';
const quiet = 4;
const scale = 4;

/** A grey picture (PGM) with its quiet zone. */
function picture(code: QrCode): Buffer {
  const size = (code.length + 2 * quiet) * scale;
  const pixels = Buffer.alloc(size * size, 255);
  for (const [row, line] of code.entries())
    for (const [column, isDark] of line.entries())
      if (isDark)
        for (let down = 0; down < scale; down += 1) {
          const at = ((row + quiet) * scale + down) * size + (column + quiet) * scale;
          pixels.fill(0, at, at + scale);
        }
  return Buffer.concat([Buffer.from(`P5 ${size} ${size} 255\n`), pixels]);
}

test(
  'what is written is read by a program of others, in every version',
  {
    skip: existsSync(reader) ? false : `${reader} is missing (apt-get install zbar-tools)`,
  },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qr-'));
    try {
      // As much as versions 1 to 10 take, and one byte more than that; and so many that each mask is the best of some.
      const lengths = [1, 14, 15, 26, 42, 62, 84, 106, 122, 152, 180, 181, 213];
      const short = Array.from({ length: 40 }, (_, index) => `https://h${index}.example/`);
      const texts = [
        ...lengths.map((length) => 'x/'.padEnd(length, 'aZ9#.').slice(0, length)),
        ...short,
      ];
      const files = texts.map((_, index) => join(folder, `${String(index).padStart(3, '0')}.pgm`));
      for (const [index, text] of texts.entries())
        await writeFile(files[index] ?? '', picture(makeQrCode(text)));
      const { stdout } = await run(reader, [
        '--raw',
        '--quiet',
        '-Sdisable',
        '-Sqrcode.enable',
        ...files,
      ]);
      assert.deepEqual(stdout.trimEnd().split('\n'), texts);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

test('a text that is too long is refused', () => {
  assert.equal(makeQrCode('x'.repeat(213)).length, 57);
  assert.throws(
    () => makeQrCode('x'.repeat(214)),
    (error) => isFault(error, 'too-large'),
  );
});
