import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { topFolderId } from '#api';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { prunedFault } from '../store/feed.ts';
import { followStore, type FollowedStore } from './follow.ts';
import type { InventoryChange } from './inventory.ts';
import { createInventory } from './memory-inventory.ts';
import { folderData, hostData, idOf, vmData } from './testing/documents.ts';

async function openStore(t: TestContext): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-'));
  const store = await openSqliteStore({
    file: join(folder, 'store.db'),
    clock: systemClock,
    log: silentLog,
  });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  return store;
}

const vm = (name: string) => ({ kind: 'vm', id: idOf(name), data: vmData(name) }) as const;

test('has everything that was there, and shows a commit when it is answered', async (t) => {
  const store = await openStore(t);
  await store.commit({
    writes: [
      { kind: 'host', id: idOf('h1'), data: hostData('h1') },
      { kind: 'folder', id: topFolderId, data: folderData('/', null) },
      vm('web'),
      vm('db'),
    ],
  });
  const inventory = createInventory({ clock: systemClock });
  await using follower = await followStore(store, inventory, silentLog);
  assert.equal(inventory.count('vm'), 2);
  assert.equal(inventory.head, 1);
  assert.equal(inventory.vm(idOf('web'))?.host, 'h1');
  const change = await follower.commit({ writes: [vm('new')] });
  assert.equal(inventory.head, change.seq);
  assert.equal(inventory.find('vm', 'new')?.id, idOf('new'));
  const many = Array.from({ length: 200 }, async (_, n) => {
    await follower.commit({ writes: [vm(`vm-${n}`)] });
    assert.equal(inventory.find('vm', `vm-${n}`)?.id, idOf(`vm-${n}`));
  });
  await Promise.all(many);
  assert.equal(inventory.count('vm'), 203);
});

test('tells its listeners of every change in the order of commits', async (t) => {
  const store = await openStore(t);
  const inventory = createInventory({ clock: systemClock });
  await using follower = await followStore(store, inventory, silentLog);
  const told: InventoryChange[] = [];
  inventory.onChange((change) => told.push(change));
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => follower.commit({ writes: [vm(`${n}`)] })),
  );
  assert.deepEqual(
    told.map((change) => change.seq),
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
});

test('reads everything again when the changes it missed are no longer kept', async (t) => {
  const store = await openStore(t);
  await store.commit({ writes: [vm('stays'), vm('goes'), vm('changes')] });
  const inventory = createInventory({ clock: systemClock });
  // A store whose first watch is cut off, and by then its changes are gone.
  const cut = Promise.withResolvers<void>();
  let watches = 0;
  const followed: FollowedStore = {
    head: () => store.head(),
    range: (...page) => store.range(...page),
    commit: (commit) => store.commit(commit),
    watch: async function* (after, signal) {
      watches += 1;
      if (watches > 1) return yield* store.watch(after, signal);
      await cut.promise;
      throw prunedFault(after);
    },
  };
  await using follower = await followStore(followed, inventory, silentLog);
  const told: InventoryChange[] = [];
  inventory.onChange((change) => told.push(change));
  const committed = follower.commit({
    writes: [{ kind: 'vm', id: idOf('goes'), delete: true }, vm('changes'), vm('comes')],
  });
  cut.resolve();
  await committed;
  assert.equal(inventory.vm(idOf('goes')), undefined);
  assert.equal(inventory.vm(idOf('changes'))?.version, 2);
  assert.ok(inventory.vm(idOf('comes')) !== undefined);
  assert.deepEqual(
    told[0]?.things.map(({ id, how }) => `${id} ${how}`).toSorted(),
    [
      `${idOf('changes')} changed`,
      `${idOf('comes')} changed`,
      `${idOf('goes')} deleted`,
    ].toSorted(),
  );
  await follower.commit({ writes: [vm('later')] });
  assert.ok(inventory.vm(idOf('later')) !== undefined);
});
