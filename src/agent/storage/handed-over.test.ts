import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { giveBackFiles, lookAtFiles } from './handed-over.ts';

test('a disk is told by when its inode was changed and whose it is, in folders of vms alone, and no link is followed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ho-'));
  t.after(() => rm(folder, { recursive: true }));
  const [disk, link, gone] = ['a.raw', 'link', 'gone'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(disk, 'x');
  await chmod(disk, 0o640);
  await symlink(disk, link);
  const { ctimeNs, uid, gid } = await stat(disk, { bigint: true });
  const told = await lookAtFiles([disk, link, gone, '/etc/passwd'], [folder]);
  const [seen, ...others] = told.files;
  assert.equal(BigInt(seen?.changed?.replace('.', '') ?? '0'), ctimeNs);
  assert.deepEqual(
    others.map(({ changed }) => changed),
    [null, null, null],
  );
  assert.deepEqual(told.owners, [{ file: disk, uid: Number(uid), gid: Number(gid), mode: 0o640 }]);
  assert.deepEqual(
    told.reasons.map(({ code }) => code),
    ['folder'],
  );
  const [owner] = told.owners;
  assert.ok(owner !== undefined);
  await chmod(disk, 0o600);
  await giveBackFiles([owner, { ...owner, file: gone }], [folder]);
  assert.equal((await stat(disk)).mode & 0o777, 0o640);
  const outside = giveBackFiles([{ ...owner, file: '/etc/passwd' }], [folder]);
  await assert.rejects(outside, (error) => isFault(error, 'forbidden'));
});
