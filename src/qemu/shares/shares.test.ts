/** Shared folders of a real QEMU, held before its first instruction: what it takes and what it refuses. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { test } from 'node:test';
import { isFault } from '#lib';
import { shareAddress } from '../command-line/addresses.ts';
import { buildCommandLine } from '../command-line/build.ts';
import { shareArguments, shareLinkPath } from '../command-line/shares.ts';
import type { MachineSpec, SharedFolder } from '../command-line/spec.ts';
import * as qmp from '../qmp/commands.ts';
import { startQemu, TemporaryFolder, withoutQemu } from '../testing/real-qemu.ts';
import { attachShare, mountedShares } from './shares.ts';

const golden = new URL('../../../test/golden/qemu/', import.meta.url);

async function readSpec(name: string): Promise<MachineSpec> {
  return JSON.parse(await readFile(new URL(`${name}.json`, golden), 'utf8')) as MachineSpec;
}

const data: SharedFolder = { slot: 1, name: 'data', access: 'writable' };

test('GA-28 the export of a read-only folder is read-only, and both hide what could harm the host', async () => {
  const spec = await readSpec('shares');
  const exports = shareArguments(spec).flatMap(([option, value]) =>
    option === '-fsdev' && value !== undefined ? [value] : [],
  );
  assert.equal(exports.length, 8);
  for (const one of exports) {
    assert.equal(/-read-only,/.test(one), /readonly=on/.test(one), one);
    assert.match(one, /security_model=mapped-xattr/);
  }
});

test('folders with the same name or slot, or a name that no guest takes, are refused together', async () => {
  const spec = await readSpec('shares');
  const folders = [data, { ...data }, { ...data, slot: 4, name: 'a b' }];
  const wrong = { ...spec, shares: { linksPath: '/run/shares', folders } };
  assert.throws(
    () => buildCommandLine(wrong),
    (error) => {
      assert.ok(isFault(error, 'invalid'));
      assert.deepEqual(error.facts['settings'], [
        'shares.folders[1].slot',
        'shares.folders[1].name',
        'shares.folders[2].slot',
        'shares.folders[2].name',
      ]);
      return true;
    },
  );
});

test('a shared folder sits at an address of its own, whatever else is there', () => {
  for (const chipset of ['pc', 'q35'] as const) {
    const places = [0, 1, 2, 3].map((slot) => JSON.stringify(shareAddress(chipset, slot)));
    assert.equal(new Set(places).size, 4);
  }
});

for (const chipset of ['pc', 'q35'] as const) {
  test(
    `GA-28 ${chipset}: a folder is plugged in when its link is there, and nothing is left where it is not`,
    { skip: withoutQemu },
    async () => {
      await using folder = await TemporaryFolder.make();
      const linksPath = folder.file('links');
      await mkdir(linksPath);
      const spec: MachineSpec = {
        ...(await readSpec(chipset === 'pc' ? 'classic-bare' : 'shares')),
        acceleration: 'tcg',
        start: 'hold',
        monitorSocketPath: folder.file('monitor'),
        shares: { linksPath, folders: [] },
      };
      await using qemu = await startQemu(buildCommandLine(spec), spec.monitorSocketPath);
      await assert.rejects(attachShare(qemu.qmp, spec, data));
      const ids = async (): Promise<string[]> =>
        (await qmp.qomList(qemu.qmp, '/machine/peripheral')).map(({ name }) => name);
      assert.ok(!(await ids()).includes('board-share1'));
      await symlink(folder.path, shareLinkPath({ linksPath }, data));
      await attachShare(qemu.qmp, spec, data);
      assert.ok((await ids()).includes('board-share1'));
      assert.deepEqual([...(await mountedShares(qemu.qmp))], []);
      // What it has opened it keeps: the link is only looked at when it is plugged in.
      await rm(shareLinkPath({ linksPath }, data));
    },
  );
}
