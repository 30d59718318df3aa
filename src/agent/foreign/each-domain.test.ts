/** Domains of a driver without bulk statistics, asked one by one of a hypervisor made of bytes. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { connectLibvirt, LibvirtServer, libvirtFault } from '#libvirt';
import { Fleet } from '../../libvirt/testing/fleet.ts';
import { Look } from './look.ts';

test('without bulk statistics what runs is asked at each look, what is off once, and what is gone is left out', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ed-'));
  t.after(() => rm(folder, { recursive: true }));
  const fleet = new Fleet(['on', 'off', 'gone']);
  const [on] = fleet.domains;
  assert.ok(on);
  Object.assign(on, { state: 'running', id: 7 });
  const asked: string[] = [];
  const server = new LibvirtServer({
    open: (request) => ({
      ...fleet.open(request),
      handlers: {
        ...fleet.handlers,
        CONNECT_GET_ALL_DOMAIN_STATS: () => {
          throw libvirtFault('NO_SUPPORT', 'there are none');
        },
        DOMAIN_GET_INFO: (args, context) => {
          asked.push(args.dom.name);
          if (args.dom.name === 'gone') throw libvirtFault('NO_DOMAIN', 'it is there no more');
          return fleet.handlers.DOMAIN_GET_INFO?.(args, context) ?? assert.fail();
        },
      },
    }),
  });
  t.after(() => server[Symbol.asyncDispose]());
  await server.listenUnix({ path: join(folder, 'socket'), access: 'write' });
  await using client = await connectLibvirt(`fleet+unix:///all?socket=${join(folder, 'socket')}`);
  const look = new Look(client, systemClock);
  const { signal } = new AbortController();
  const seen = async (): Promise<unknown> =>
    (await look.all(signal))
      .map(({ handle, state, processors, memoryBytes, counters }) =>
        [handle.name, state, processors, memoryBytes, counters.cpuNs].join(' '),
      )
      .toSorted();
  const off = 'off off 2 1073741824 ';
  // This fleet says of all flags of its list that they are so.
  const states = await seen();
  assert.deepEqual(states, [
    off.replace('off off', 'off saved'),
    'on running 2 1073741824 1000000000',
  ]);
  assert.deepEqual(asked.toSorted(), ['gone', 'off', 'on']);
  await seen();
  assert.deepEqual(asked.toSorted(), ['gone', 'gone', 'off', 'on', 'on']);
  // One that ends is asked why, and then no more.
  Object.assign(on, { state: 'off', id: -1 });
  const ended = (await look.all(signal)).find(({ handle }) => handle.name === 'on');
  assert.deepEqual([ended?.offCause, ended?.counters.cpuNs], ['guest', null]);
  await seen();
  assert.equal(asked.filter((name) => name === 'on').length, 3);
});
