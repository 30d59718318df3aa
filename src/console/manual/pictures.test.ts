import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const maxBytes = 80_000;

test('every picture of the manual is there, shown somewhere with words in its place, and small enough to be read at once', () => {
  const shown = ['README.md', ...globSync('docs/**/*.md', { cwd: root })].flatMap((page) =>
    Array.from(
      readFileSync(join(root, page), 'utf8').matchAll(/!\[(.*?)\]\((\S+?\.png)\)/g),
      ([, words = '', path = '']) => ({ page, words, path: join(dirname(page), path) }),
    ),
  );
  const there = globSync('docs/manual/pictures/*.png', { cwd: root });
  assert.deepEqual([...new Set(shown.map(({ path }) => path))].sort(), there.sort());
  for (const { page, words, path } of shown) assert.ok(words.length > 5, `${path} in ${page}`);
  for (const path of there) {
    const { size } = statSync(join(root, path));
    assert.ok(size <= maxBytes, `${path} has ${size} bytes`);
  }
});
