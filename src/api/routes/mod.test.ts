import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { routes } from './mod.ts';

void test('every route of every group is in the table, and none hides another of its name', async () => {
  const names: string[] = [];
  for (const file of globSync(`${import.meta.dirname}/*.ts`, { exclude: ['**/*.test.ts'] })) {
    if (file.endsWith('/mod.ts')) continue;
    const exported: Record<string, unknown> = await import(file);
    for (const [name, group] of Object.entries(exported))
      if (name.endsWith('Routes')) names.push(...Object.keys(group as object));
  }
  assert.deepEqual(names.sort(), Object.keys(routes).sort());
});
