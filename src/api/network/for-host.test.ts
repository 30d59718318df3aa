/** The networks that a host is usually wanted to have, out of its adapters and of what there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planForHost } from './for-host.ts';

const adapter = (
  name: string,
  more: { use?: 'any' | 'host' | 'shared'; addresses?: string[] } = {},
) => ({
  name,
  use: more.use ?? ('any' as const),
  addresses: more.addresses ?? [],
});
const network = (name: string, more: object = {}) => ({
  name,
  type: 'bridged' as const,
  adapter: null,
  vlan: null,
  ...more,
});

test('a host gets an internal network and a bridged one at each adapter; what has the addresses of the host is to be shared', () => {
  const adapters = [
    adapter('eno1', { addresses: ['192.0.2.5/24'] }),
    adapter('eno2'),
    adapter('eno3', { use: 'shared', addresses: ['198.51.100.5/24'] }),
    adapter('eno4', { use: 'host', addresses: ['10.9.9.9/24'] }),
  ];
  assert.deepEqual(planForHost(adapters, []), {
    create: [
      { name: 'internal', type: 'internal', adapter: null },
      { name: 'eno1', type: 'bridged', adapter: 'eno1' },
      { name: 'eno2', type: 'bridged', adapter: 'eno2' },
      { name: 'eno3', type: 'bridged', adapter: 'eno3' },
    ],
    toShare: ['eno1'],
  });
});

test('what is there already stays, under whichever name; a name that is taken is not taken again', () => {
  const there = [
    network('backstage', { type: 'internal' }),
    network('lan', { adapter: 'eno1' }),
    network('guests', { adapter: 'eno2', vlan: 120 }),
    network('eno3', { type: 'nat' }),
  ];
  const { create } = planForHost(
    ['eno1', 'eno2', 'eno3'].map((name) => adapter(name)),
    there,
  );
  assert.deepEqual(
    create.map(({ name }) => name),
    ['eno2', 'eno3-external'],
  );
});
