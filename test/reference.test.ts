import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildOpenApi, vmStateFacts } from '#api';
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

void test('VM-26 the manual gives each state its number, one that no other has, and running is 5', () => {
  const manual = new URL('../docs/manual/reference/states.md', import.meta.url);
  const rows = [...readFileSync(manual, 'utf8').matchAll(/^\| (\d+) \| ([a-z-]+) \|/gm)];
  const told = new Map(rows.map(([, number, state]) => [state, Number(number)]));
  assert.deepEqual(
    Object.fromEntries(told),
    Object.fromEntries(Object.entries(vmStateFacts).map(([state, { number }]) => [state, number])),
  );
  assert.equal(new Set(told.values()).size, rows.length);
  assert.equal(told.get('running'), 5);
});

void test('what API and command line say of themselves has no reference that only we could follow', () => {
  const pages = { ...referencePages(), 'openapi.json': JSON.stringify(buildOpenApi('1.2.3')) };
  for (const [name, text] of Object.entries(pages))
    assert.deepEqual(text.match(/\b(?:[A-Z]{2,5})-\d\d\b(?!-)[^|"]{0,20}/g) ?? [], [], name);
});
