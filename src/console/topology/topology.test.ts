import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Adapter, Network, Vm } from '#api';
import { layOut, lineOf } from './layout.ts';
import { drawPicture, widthOf } from './picture.ts';

const networkOf = (
  id: string,
  hosts: readonly string[],
  [adapter, vlan = null]: readonly [string | null, (number | null)?] = [null],
): Network =>
  ({
    id,
    name: id,
    adapter,
    vlan,
    hosts: hosts.map((host) => ({ host, hostName: host, state: 'ready', bridge: null })),
  }) as unknown as Network;
const vmOf = (id: string, networks: readonly string[]): Vm =>
  ({
    id,
    name: id,
    definition: {
      hardware: {
        adapters: networks.map((network, slot) => ({
          slot,
          attachment: network === '' ? { kind: 'none' } : { kind: 'network', network },
        })),
      },
    },
    status: { networkUse: { receivedBytesPerSecond: 1000, sentBytesPerSecond: 500 } },
  }) as unknown as Vm;
const slots = (adapters: readonly { readonly adapter: Adapter }[]): readonly number[] =>
  adapters.map(({ adapter }) => adapter.slot);

test('a vm on two networks is drawn once, with a line for each adapter that is plugged in', () => {
  const [lab, dmz] = [networkOf('lab', ['h1']), networkOf('dmz', ['h1', 'h2'])];
  const router = vmOf('router', ['lab', 'dmz', '']);
  const picture = drawPicture(
    [lab, dmz],
    new Map([
      ['lab', [router]],
      ['dmz', [router]],
    ]),
  );
  assert.deepEqual(
    picture.vms.map(({ id }) => id),
    ['router'],
  );
  assert.deepEqual(slots(picture.plugs), [0, 1]);
  assert.equal(picture.carries.length, 3);
  assert.deepEqual(
    picture.hosts.map(({ name }) => name),
    ['h1', 'h2'],
  );
});

test('a host tells the adapters by which it carries networks, with their VLANs', () => {
  const networks = [
    networkOf('lan', ['h1', 'h2'], ['eno1']),
    networkOf('dmz', ['h1'], ['eno1', 120]),
    networkOf('lab', ['h1']),
  ];
  assert.deepEqual(drawPicture(networks, new Map()).hosts, [
    { id: 'h1', name: 'h1', uplinks: ['eno1', 'eno1.120'] },
    { id: 'h2', name: 'h2', uplinks: ['eno1'] },
  ]);
});

test('what is counted of all adapters together is the flow of one only where it is the only one', () => {
  const lab = networkOf('lab', []);
  const flowOf = (...on: readonly string[]): unknown =>
    drawPicture([lab], new Map([['lab', [vmOf('a', on)]]])).plugs[0]?.flow;
  assert.deepEqual(flowOf('lab'), { received: 1000, sent: 500 });
  assert.deepEqual(flowOf('lab', ''), { received: 1000, sent: 500 });
  assert.equal(flowOf('lab', 'lab'), undefined);
});

test('a line to a network that is not opened is not drawn', () => {
  const picture = drawPicture(
    [networkOf('lab', []), networkOf('dmz', [])],
    new Map([['lab', [vmOf('router', ['dmz', 'lab'])]]]),
  );
  assert.deepEqual(slots(picture.plugs), [1]);
});

test('a line is wider the more flows', () => {
  const widths = [0, 999, 1000, 100_000, 1_000_000, 10_000_000, 1e12].map((received) =>
    widthOf({ received, sent: 0 }),
  );
  assert.deepEqual(widths, [0, 0, 1, 2, 3, 4, 4]);
  assert.equal(widthOf(undefined), 0);
});

test('no two things of a column overlap, and all are inside', () => {
  const names = fc.subarray(['n1', 'n2', 'n3', 'n4'], { minLength: 1 });
  const hosts = fc.subarray(['h1', 'h2', 'h3', 'h4', 'h5']);
  fc.assert(
    fc.property(
      names,
      fc.array(hosts, { minLength: 4, maxLength: 4 }),
      fc.array(names),
      (on, carried, vms) => {
        const networks = on.map((id, index) => networkOf(id, carried[index] ?? []));
        const all = vms.map((nets, index) => vmOf(`vm${index}`, nets));
        const vmsOn = new Map(
          on.map((id) => [
            id,
            all.filter(({ definition }) =>
              definition.hardware.adapters.some(
                ({ attachment }) => attachment.kind === 'network' && attachment.network === id,
              ),
            ),
          ]),
        );
        const picture = drawPicture(networks, vmsOn);
        const { spots, width, height } = layOut(picture, 'columns');
        assert.equal(spots.size, picture.hosts.length + networks.length + picture.vms.length);
        const columns = Map.groupBy(spots.values(), ({ x }) => x);
        for (const column of columns.values()) {
          let free = 0;
          for (const spot of column.sort((a, b) => a.y - b.y)) {
            assert.ok(spot.y >= free);
            free = spot.y + spot.height;
            assert.ok(free <= height && spot.x + (spot.width ?? Infinity) <= (width ?? 0));
          }
        }
      },
    ),
  );
});

test('stacked, each vm is below its network, nothing overlaps, and lines lead through free room', () => {
  const [lan, dmz] = [networkOf('lan', ['h1', 'h2']), networkOf('dmz', ['h1'])];
  const router = vmOf('router', ['lan', 'dmz']);
  const vmsOn = new Map([
    ['lan', [vmOf('web', ['lan']), router]],
    ['dmz', [router, vmOf('db', ['dmz'])]],
  ]);
  const layout = layOut(drawPicture([lan, dmz], vmsOn), 'stacked');
  const order = [...layout.spots].sort(([, a], [, b]) => a.y - b.y);
  assert.deepEqual(
    order.map(([id, { x }]) => [id, x]),
    [
      ['h1', 0],
      ['h2', 0],
      ['lan', 20],
      ['web', 40],
      ['router', 40],
      ['dmz', 20],
      ['db', 40],
    ],
  );
  let free = 0;
  for (const [, { y, height, width }] of order) {
    assert.ok(y >= free);
    assert.equal(width, null, 'as wide as the window');
    free = y + height;
  }
  assert.equal(layout.height, free);
  // Down from below the network, up from above it, at the left of all that stands further in.
  assert.match(lineOf(layout, 'lan', 'web'), /^M30 \d+V\d+H40$/);
  assert.match(lineOf(layout, 'dmz', 'router'), new RegExp(`^M30 ${layout.spots.get('dmz')?.y}V`));
});
