import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { referencePages } from '../tools/reference.ts';

void test('EVT-12 the reference pages of the manual are those that the tables give, events among them', () => {
  for (const [name, text] of Object.entries(referencePages())) {
    const written = readFileSync(
      new URL(`../docs/manual/reference/${name}`, import.meta.url),
      'utf8',
    );
    assert.equal(written, text, `${name} is not current: npm run gen`);
  }
});
