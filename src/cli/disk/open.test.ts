import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatInName } from './open.ts';

void test('a raw disk whose name speaks of another format is told from one that is called what it is', () => {
  const found = (name: string, format = 'raw'): string | undefined =>
    formatInName({ name: `/disks/${name}`, format })?.name;
  assert.equal(found('web.vhd'), 'vhd');
  assert.equal(found('WEB.VMDK'), 'vmdk');
  assert.equal(found('web.vhd', 'vhd'), undefined);
  assert.equal(found('web.vhd', 'qcow2'), undefined, 'what it is decides, where it is something');
  for (const name of ['web.raw', 'web.img', 'vhd', 'web', 'web-flat.vmdk', 'web-f002.vmdk'])
    assert.equal(found(name), undefined, name);
});
