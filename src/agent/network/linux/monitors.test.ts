import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withoutNetworks } from '../../testing/own-network.ts';
import { Monitors } from './monitors.ts';

void test(
  'what changed before the monitors heard is told once they do',
  { skip: withoutNetworks },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mon-'));
    const heard = Promise.withResolvers<void>();
    // On a busy machine a program takes its time to begin.
    const slow = async (name: string): Promise<string> => {
      const path = join(folder, name);
      await writeFile(path, `#!/bin/sh\nsleep 0.3\nexec ${name} "$@"\n`, { mode: 0o755 });
      return path;
    };
    const calls = [
      [await slow('ip'), 'monitor', 'link'],
      [await slow('nft'), 'monitor'],
    ] as const;
    const startedMs = performance.now();
    const monitors = new Monitors(calls, () => heard.resolve());
    try {
      await heard.promise;
      assert.ok(performance.now() - startedMs > 250, 'not before they hear');
    } finally {
      monitors[Symbol.dispose]();
      await rm(folder, { recursive: true });
    }
  },
);
