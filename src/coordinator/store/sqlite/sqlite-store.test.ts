import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { isFault, systemClock, type Fault } from '#lib';
import { silentLog } from '#log';
import { testStore } from '../conformance.ts';
import { migrations, sqliteDialect } from '../migrations.ts';
import type { Store } from '../store.ts';
import { RemoteStore } from '../testing/remote.ts';
import { renamed } from '../testing/samples.ts';
import { openSqliteStore } from './sqlite-store.ts';

function makeFolder(): { readonly folder: string; readonly clean: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  return { folder, clean: () => rmSync(folder, { recursive: true }) };
}

function place(t: TestContext): string {
  const { folder, clean } = makeFolder();
  t.after(clean);
  return join(folder, 'store.db');
}

const openAt = (file: string): Promise<Store> =>
  openSqliteStore({ file, clock: systemClock, log: silentLog });

async function refusal(work: Promise<unknown>, code: Fault['code']): Promise<Fault> {
  let caught: unknown;
  await work.catch((error: unknown) => (caught = error));
  assert.ok(isFault(caught, code), `expected ${code}, got ${String(caught)}`);
  return caught;
}

testStore('SQLite', {
  place: () => {
    const { folder, clean } = makeFolder();
    const file = join(folder, 'new', 'store.db');
    return { open: (clock) => openSqliteStore({ file, clock, log: silentLog }), clean };
  },
});

test('a second opener is refused and the first goes on', async (t) => {
  const file = place(t);
  await using first = await openAt(file);
  const fault = await refusal(openAt(file), 'refused');
  assert.match(fault.message, /open in another coordinator/);
  assert.ok(fault.message.includes(file));
  await first.commit({ writes: [{ kind: 'vm', id: 'a', data: {} }] });
  const script = new URL('../testing/serve-sqlite.ts', import.meta.url);
  const elsewhere = new RemoteStore(script, file);
  await refusal(elsewhere.call(0, 'head'), 'refused');
  await elsewhere.kill();
});

test('nobody else can read the files', async (t) => {
  const file = place(t);
  await using store = await openAt(file);
  await store.commit({ writes: [{ kind: 'vm', id: 'a', data: {} }] });
  for (const path of [file, `${file}-wal`]) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a database of a newer version is refused and left as it is', async (t) => {
  const file = place(t);
  await (await openAt(file))[Symbol.asyncDispose]();
  const database = new DatabaseSync(file);
  database.exec(`UPDATE meta SET value = '99' WHERE name = 'format'`);
  database.close();
  const fault = await refusal(openAt(file), 'unsupported');
  assert.equal(fault.facts['format'], 99);
  assert.match(fault.hint ?? '', /backup/);
});

test('a database of an older version gets the newest form and keeps what is in it', async (t) => {
  const file = place(t);
  const older = new DatabaseSync(file);
  older.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)');
  for (const statement of migrations[0]?.(sqliteDialect) ?? []) older.exec(statement);
  older.exec(`
    INSERT INTO meta VALUES ('format', '1');
    INSERT INTO changes VALUES (1, '[]', '[]', 1, 0), (2, '["${'x'.repeat(5000)}"]', '[]', 1, 0);
    UPDATE counters SET value = 2 WHERE name = 'head';
    PRAGMA application_id = 0x47414e54;`);
  older.close();
  await using store = await openAt(file);
  assert.equal(await store.head(), 2);
  assert.equal((await store.prune({ changesLength: 5009 })).changes, 1);
  assert.equal((await store.prune({ changesLength: 5000 })).changes, 1);
});

test('a file that is no store is refused', async (t) => {
  const file = place(t);
  writeFileSync(file, 'this is a letter, not a database, and it is long enough'.repeat(100));
  const fault = await refusal(openAt(file), 'corrupt');
  assert.ok(fault.message.includes(file));
  const other = new DatabaseSync(`${file}2`);
  other.exec('CREATE TABLE other (n INTEGER)');
  other.close();
  assert.match((await refusal(openAt(`${file}2`), 'corrupt')).message, /not a store of Gantry/);
});

test('damage is found at opening and told with file and remedy', async (t) => {
  const file = place(t);
  {
    await using store = await openAt(file);
    const data = { text: 'x'.repeat(3000) };
    const writes = Array.from(
      { length: 500 },
      (_, n) => ({ kind: 'vm', id: `${n}`, data }) as const,
    );
    await store.commit({ writes });
  }
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  for (let at = 40 * 4096; at < size; at += 16 * 4096)
    await handle.write(Buffer.alloc(4096, 0xa5), 0, 4096, at);
  await handle.close();
  const fault = await refusal(openAt(file), 'corrupt');
  assert.ok(fault.message.includes(file));
  assert.match(fault.message, / is damaged: [^*\n]{5,}$/);
  assert.match(fault.hint ?? '', /backup/);
  truncateSync(file, 10 * 4096);
  await refusal(openAt(file), 'corrupt');
});

function mountSmall(t: TestContext): string | undefined {
  const { folder, clean } = makeFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'store-test', folder]);
  t.after(() => {
    if (mounted.status === 0) execFileSync('umount', [folder]);
    clean();
  });
  return mounted.status === 0 ? folder : undefined;
}

test('a full disk refuses with exhausted, leaves nothing half done, and is over when there is room', async (t) => {
  const folder = mountSmall(t);
  if (folder === undefined) {
    t.skip('mounting a small file system takes root');
    return;
  }
  const file = join(folder, 'store.db');
  await using store = await openAt(file);
  const data = { text: 'x'.repeat(100_000) };
  const fill = async (n: number): Promise<unknown> => {
    await store.commit({
      writes: [
        { kind: 'vm', id: `a-${n}`, data },
        { kind: 'vm', id: `b-${n}`, data },
      ],
      events: [renamed('a')],
    });
    return n < 100 ? fill(n + 1) : undefined;
  };
  const fault = await refusal(fill(1), 'exhausted');
  const done = await store.head();
  assert.ok(done > 2);
  assert.ok(fault.message.includes(file));
  assert.equal(await store.countEvents({}), done);
  assert.equal(await store.read('vm', `a-${done + 1}`), undefined);
  assert.ok((await store.read('vm', `b-${done}`)) !== undefined);
  execFileSync('mount', ['-o', 'remount,size=30m', folder]);
  const after = await store.commit({ writes: [{ kind: 'vm', id: 'after', data }] });
  assert.equal(after.seq, done + 1);
});

test('EVT-01 every acknowledged commit survives signal 9, whole', async (t) => {
  const file = place(t);
  const script = new URL('../testing/serve-sqlite.ts', import.meta.url);
  const acknowledged = new Set<number>();
  let next = 0;
  for (let round = 0; round < 3; round += 1) {
    const remote = new RemoteStore(script, file);
    const write = async (): Promise<void> => {
      for (;;) {
        const n = next;
        next += 1;
        await remote.call(0, 'commit', {
          writes: [
            { kind: 'vm', id: `a-${n}`, data: { n } },
            { kind: 'host', id: `b-${n}`, data: { n } },
          ],
          events: [renamed(`vm-${n}`)],
        });
        acknowledged.add(n);
        if (acknowledged.size % 200 === 199) await remote.kill();
      }
    };
    await Promise.allSettled(Array.from({ length: 16 }, write));
    await remote.kill();
  }
  assert.ok(acknowledged.size > 500, `${acknowledged.size} acknowledged`);
  await using store = await openAt(file);
  let there = 0;
  for (let n = 0; n < next; n += 1) {
    const a = await store.read('vm', `a-${n}`);
    const b = await store.read('host', `b-${n}`);
    const events = await store.countEvents({ about: `vm-${n}` });
    assert.equal(a === undefined, b === undefined, `commit ${n} is half there`);
    assert.equal(events, a === undefined ? 0 : 1, `commit ${n} lost or kept its event alone`);
    if (acknowledged.has(n)) assert.ok(a !== undefined, `commit ${n} was acknowledged and is lost`);
    if (a !== undefined) there += 1;
  }
  assert.equal(await store.head(), there);
});
