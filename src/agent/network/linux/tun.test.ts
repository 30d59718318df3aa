import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { admitToTun, tapGroup, tunGroup } from './tun.ts';

const range = { first: 1_900_000_000, count: 65_536 };
const skip = process.getuid?.() === 0 ? false : 'giving a file to a group takes root';

void test(
  'a device that everybody may open takes no group, one of root’s gets a group of nobody’s',
  { skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tun-'));
    try {
      const path = join(folder, 'tun');
      assert.equal(await tunGroup(range, path), undefined, 'there is no device');
      await writeFile(path, '');
      const look = async (): Promise<readonly [number, number]> => {
        const { mode, gid } = await stat(path);
        return [mode & 0o777, gid];
      };
      for (const [mode, gid, group, then] of [
        [0o666, 0, undefined, [0o666, 0]],
        [0o660, 77, 77, [0o660, 77]],
        [0o600, 0, tapGroup(range), [0o660, tapGroup(range)]],
        [0o660, 0, tapGroup(range), [0o660, tapGroup(range)]],
      ] as const) {
        await chown(path, 0, gid);
        await chmod(path, mode);
        assert.equal(await tunGroup(range, path), group);
        assert.deepEqual(await look(), [mode, gid], 'asking changes nothing');
        await admitToTun(range, path);
        assert.deepEqual(await look(), then);
        assert.equal(await tunGroup(range, path), group);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
