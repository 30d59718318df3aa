/** The interfaces of a host, as the kernel shows them in files (sysfs), which are the test's own. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { networkSpecSchema } from '#api';
import type { Link } from '../../../network/linux/links.ts';
import { planNetwork } from '../../../network/linux/plan.ts';
import { readInterfaces } from './interfaces.ts';

function makeInterface(root: string, name: string, mac: string, ...parts: string[]): void {
  const device = join(root, 'devices', name);
  for (const part of ['', ...parts]) mkdirSync(join(device, part), { recursive: true });
  writeFileSync(join(device, 'address'), `${mac}\n`);
  mkdirSync(join(root, 'net'), { recursive: true });
  symlinkSync(device, join(root, 'net', name));
}

void test('NET-33 any adapter of the host can carry a network; those of a bond are one choice', () => {
  const root = mkdtempSync(join(tmpdir(), 'gi-'));
  try {
    makeInterface(root, 'lo', '00:00:00:00:00:00');
    makeInterface(root, 'bond0', '02:00:5e:00:00:01', 'bonding');
    makeInterface(root, 'eno1', '02:00:5e:00:00:01', 'bonding_slave');
    makeInterface(root, 'eno2', '02:00:5e:00:00:01', 'bonding_slave');
    makeInterface(root, 'eno3', '02:00:5e:00:00:03');
    makeInterface(root, 'br0', '02:00:5e:00:00:04', 'bridge');
    makeInterface(root, 'gtap0', '02:00:5e:00:00:05');
    writeFileSync(join(root, 'net', 'bonding_masters'), 'bond0\n');
    const found = readInterfaces([], join(root, 'net'));
    assert.deepEqual(found.map(({ name, kind, mac }) => [name, kind, mac].join(' ')).sort(), [
      'bond0 adapter 02:00:5e:00:00:01',
      'br0 bridge 02:00:5e:00:00:04',
      'eno3 adapter 02:00:5e:00:00:03',
    ]);
    const link = (name: string, kind: string | undefined, master?: string): Link => ({
      name,
      alias: undefined,
      kind,
      master,
      isUp: true,
      hasCarrier: true,
      mac: undefined,
      addresses: [],
      ageingTime: undefined,
    });
    const links = [link('bond0', 'bond'), link('br0', 'bridge'), link('eno3', undefined)];
    const id = '20000000-0000-4000-8000-000000000001';
    for (const { name } of links) {
      const base = { id, name: 'lan', type: 'bridged', adapter: name, ipv4: null };
      const { bridge, down } = planNetwork(id, networkSpecSchema.parse(base), links);
      assert.deepEqual([bridge !== null, down], [true, []], name);
    }
    const lost = { id, name: 'lan', type: 'bridged', adapter: 'eno1', ipv4: null };
    const { down } = planNetwork(id, networkSpecSchema.parse(lost), [
      ...links,
      link('eno1', undefined, 'bond0'),
    ]);
    assert.equal(down[0]?.remedy, 'name bond0 instead');
  } finally {
    rmSync(root, { recursive: true });
  }
});

void test('addresses on the bridge by which the host shares an adapter are told of the adapter', () => {
  const root = mkdtempSync(join(tmpdir(), 'gi-'));
  try {
    makeInterface(root, 'eno1', '02:00:5e:00:00:01');
    makeInterface(root, 'eno2', '02:00:5e:00:00:02');
    makeInterface(root, 'gbr0', '02:00:5e:00:00:01', 'bridge');
    const alias = 'gantry 30000000-0000-4000-8000-000000000001 uplink eno1\n';
    writeFileSync(join(root, 'devices', 'gbr0', 'ifalias'), alias);
    const found = readInterfaces([], join(root, 'net'), {
      gbr0: [{ cidr: '192.0.2.5/24' }],
      eno2: [{ cidr: '198.51.100.5/24' }],
    });
    assert.deepEqual(
      found.map(({ name, addresses }) => [name, ...addresses]),
      [
        ['eno1', '192.0.2.5/24'],
        ['eno2', '198.51.100.5/24'],
      ],
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
