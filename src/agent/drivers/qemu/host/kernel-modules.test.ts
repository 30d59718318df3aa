import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasModule } from './kernel-modules.ts';

test('a module is there when it is loaded, built in, or can be loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gm-'));
  const [loaded, installed] = [join(folder, 'sys'), join(folder, 'lib')];
  try {
    await mkdir(join(loaded, 'bridge'), { recursive: true });
    await mkdir(installed);
    await writeFile(join(installed, 'modules.builtin'), 'kernel/drivers/net/tun.ko\n');
    const dep = 'kernel/drivers/vhost/vhost-net.ko.xz: kernel/drivers/vhost/vhost.ko.xz\n';
    await writeFile(join(installed, 'modules.dep'), dep);
    const found = (name: string): Promise<boolean> => hasModule(name, { loaded, installed });
    for (const name of ['bridge', 'tun', 'vhost_net']) assert.ok(await found(name), name);
    for (const name of ['kvm', 'net', 'un']) assert.equal(await found(name), false, name);
    assert.equal(await hasModule('tun', { loaded, installed: join(folder, 'none') }), false);
  } finally {
    await rm(folder, { recursive: true });
  }
});
