import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkStoreAgainstModel } from '../testing/property.ts';
import { RemoteStore } from '../testing/remote.ts';

const script = new URL('../testing/serve-sqlite.ts', import.meta.url);

test('any series of commands, reopenings and kills leaves the SQLite engine and the model telling the same', async () => {
  await checkStoreAgainstModel({
    runs: Number(process.env['STORE_PROPERTY_RUNS'] ?? 25),
    openingEndsLeases: true,
    start: () => {
      const folder = mkdtempSync(join(tmpdir(), 'store-'));
      const restart = (): RemoteStore => new RemoteStore(script, join(folder, 'store.db'));
      return { remote: restart(), restart, clean: () => rmSync(folder, { recursive: true }) };
    },
  });
});
