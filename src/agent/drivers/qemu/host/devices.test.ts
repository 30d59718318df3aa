import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findDevices } from './devices.ts';

test('HOST-05 a missing storage or network adapter is warned of, a missing optical drive or display is information only', async () => {
  const sysfs = await mkdtemp(join(tmpdir(), 'gd-'));
  const look = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (await findDevices(sysfs)).map(({ check, result, evidence }) => [
        check,
        `${result}: ${evidence}`,
      ]),
    );
  const add = async (path: string, modes?: string): Promise<void> => {
    await mkdir(join(sysfs, path), { recursive: true });
    if (modes !== undefined) await writeFile(join(sysfs, path, 'modes'), modes);
  };
  try {
    for (const path of ['block/loop0', 'class/net/lo', 'class/block/loop0', 'class/drm/card0'])
      await add(path);
    await add('class/drm/card0-HDMI-A-1', '');
    assert.deepEqual(await look(), {
      'storage adapter': 'warning: there is no storage adapter',
      'network adapter': 'warning: there is no network adapter',
      'optical drive': 'information: there is no optical drive',
      display: 'information: there is no display',
    });
    await add('class/drm/card0-VGA-1', '640x480\n320x200\n');
    assert.equal(
      (await look())['display'],
      'information: card0-VGA-1 640 × 480: less than 800 × 600',
    );
    for (const path of ['block/nvme0n1', 'block/sr0', 'class/net/eth0', 'class/block/sr0'])
      await add(path);
    await add('class/drm/card0-DP-1', '1920x1080\n800x600\n');
    assert.deepEqual(await look(), {
      'storage adapter': 'ok: nvme0n1',
      'network adapter': 'ok: eth0',
      'optical drive': 'ok: sr0',
      display: 'ok: card0-DP-1 1920 × 1080, card0-VGA-1 640 × 480',
    });
  } finally {
    await rm(sysfs, { recursive: true });
  }
});
