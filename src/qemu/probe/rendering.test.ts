import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TemporaryFolder } from '../testing/real-qemu.ts';
import { findRendering } from './rendering.ts';

const both = new Set(['virtio-vga-gl', 'virtio-gpu-gl-device']);

void test('HW-22 drawing on the host is offered where QEMU and the host have all of it, else with what is missing', async () => {
  await using folder = await TemporaryFolder.make();
  const program = (displays: string): string => {
    const path = folder.file(`qemu-${displays}`);
    writeFileSync(path, `#!/bin/sh\necho Available display backend types:\necho ${displays}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const qemu = program('egl-headless');
  const folderPath = folder.file('dri');
  const missing = async (
    path: string,
    devices: ReadonlySet<string>,
    where = folderPath,
  ): Promise<string> => {
    const rendering = await findRendering(path, { devices }, { folderPath: where });
    return rendering.kind === 'none' ? rendering.reason : '';
  };
  assert.match(await missing(qemu, both), /no graphics processor/);
  mkdirSync(folderPath);
  for (const name of ['renderD129', 'renderD128', 'card0', 'renderD128.lock'])
    writeFileSync(`${folderPath}/${name}`, '');
  assert.deepEqual(await findRendering(qemu, { devices: both }, { folderPath }), {
    kind: 'host',
    nodePath: `${folderPath}/renderD128`,
  });
  assert.match(await missing(qemu, new Set(['virtio-vga-gl'])), /no virtio-gpu-gl-device/);
  assert.match(await missing(program('curses'), both), /no display egl-headless/);
});
