/** Folders that clients take for pools: whose they are, which names they have, and which descriptions of pools are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { libvirtFacts } from '#libvirt';
import { readPool } from './define/pool-wish.ts';
import { FolderPools, type FolderPool } from './folder-pools.ts';

const ann = { userId: 'ann', actor: { kind: 'user', name: 'ann' } } as const;
const bob = { userId: 'bob', actor: { kind: 'user', name: 'bob' } } as const;

function pool(name: string, path = `/vms/${name}`): FolderPool {
  return { hostId: 'h1', name, path };
}

function refusalOf(doing: () => unknown): string | undefined {
  try {
    doing();
  } catch (error) {
    assert.ok(isFault(error));
    return libvirtFacts(error)?.name;
  }
  return undefined;
}

void test('a folder is a pool for who has defined it, under its last name, until it is taken out', () => {
  const pools = new FolderPools();
  pools.define(ann, pool('web'));
  pools.define(ann, pool('site', '/vms/web/'));
  pools.define(bob, pool('site', '/vms/other'));
  assert.deepEqual(pools.of(ann), [pool('site', '/vms/web/')]);
  assert.equal(
    refusalOf(() => pools.define(ann, pool('site', '/vms/x'))),
    'OPERATION_FAILED',
  );
  pools.define(ann, { ...pool('site', '/vms/x'), hostId: 'h2' });
  pools.undefine(ann, { hostId: 'h1', path: '/vms/web' });
  assert.deepEqual(
    pools.of(ann).map(({ hostId }) => hostId),
    ['h2'],
  );
  assert.equal(pools.of(bob).length, 1);
});

void test('of one user the oldest folders make way', () => {
  const pools = new FolderPools();
  for (let count = 0; count < 300; count += 1) pools.define(ann, pool(`p${count}`));
  assert.equal(pools.of(ann).length, 256);
  assert.equal(pools.of(ann)[0]?.name, 'p44');
});

void test('a pool is read as a folder and a name, and refused where it is anything else', () => {
  const written = (type: string, name: string, path: string): string =>
    `<pool type='${type}'><name>${name}</name><target><path>${path}</path></target></pool>`;
  assert.deepEqual(readPool(written('dir', 'web', '/vms/./web/')), {
    name: 'web',
    path: '/vms/web',
  });
  const refused = (...words: readonly [string, string, string]): string | undefined =>
    refusalOf(() => readPool(written(...words)));
  assert.equal(refused('logical', 'web', '/vms'), 'CONFIG_UNSUPPORTED');
  assert.equal(refused('dir', '', '/vms'), 'XML_ERROR');
  assert.equal(refused('dir', 'web@h1', '/vms'), 'XML_ERROR');
  assert.equal(refused('dir', 'x'.repeat(201), '/vms'), 'XML_ERROR');
  assert.equal(refused('dir', 'web', 'vms'), 'XML_ERROR');
  assert.equal(
    refusalOf(() => readPool('<domain/>')),
    'XML_ERROR',
  );
});
