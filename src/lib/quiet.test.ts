import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { QuietWatch } from './quiet.ts';

test('garbage is collected once when a start or work is over, and not while nothing happens', () => {
  const watch = new QuietWatch();
  const looks = [900, 30, 5, 5, 120, 180, 20, 5, 110, 5].map((usedMs) => watch.look(usedMs));
  assert.deepEqual(
    looks,
    [false, true, false, false, false, false, true, false, false, false],
    'a little work is not worth it',
  );
  watch.expect();
  assert.deepEqual(
    [110, 20, 5].map((usedMs) => watch.look(usedMs)),
    [false, true, false],
    'unless more was left behind than was worked',
  );
});

test('a collection gives back what a program no longer needs, and does nothing where none may be asked for', () => {
  const script = `
    import { collectGarbage } from ${JSON.stringify(new URL('quiet.ts', import.meta.url).href)};
    let held = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const before = process.memoryUsage().heapUsed;
    held = undefined;
    collectGarbage();
    process.stdout.write(String(before - process.memoryUsage().heapUsed));`;
  const freed = (...options: string[]): number => {
    const args = [...options, '--input-type=module', '--eval', script];
    return Number(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
  };
  assert.ok(freed('--expose-gc') > 4_000_000);
  assert.ok(freed() < 1_000_000);
});
