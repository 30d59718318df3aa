/** Moves of vms and of their disks through the API, on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Event, Problem, Vm } from '#api';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  const disk = { kind: 'new', sizeBytes: 1024 ** 3 };
  await stage.act('POST', '/vms', { name: 'web', disk });
});
after(() => stage[Symbol.asyncDispose]());

const show = async (): Promise<Vm> => (await stage.send('GET', '/vms/web')).json as Vm;

async function told(): Promise<readonly string[]> {
  const { json } = await stage.send('GET', '/events?filter=name%20%3D%20vm.files.moved&sort=seq');
  const { items } = json as { readonly items: readonly Event[] };
  return items.map(({ attributes }) => `${attributes['oldPath']} to ${attributes['newPath']}`);
}

async function move(path: string | null): Promise<void> {
  const { state, fault } = await stage.act('POST', '/vms/web/disks/virtio0:0/relocate', { path });
  assert.equal(state, 'done', JSON.stringify(fault));
}

test('a disk moves while its vm runs, which is told once; where it is already nothing is told', async () => {
  const { path } = await show();
  await stage.act('POST', '/vms/web/actions/turn-on', {});
  for (const to of ['/srv/slow', '/srv/slow', null, null]) await move(to);
  const { state, definition } = await show();
  assert.deepEqual([state, definition.hardware.disks[0]?.file], ['running', 'web.qcow2']);
  assert.deepEqual(await told(), [`${path} to /srv/slow`, `/srv/slow to ${path}`]);
});

test('VM-87 all files of a vm stay while it runs, and move when it is paused, saved or off', async () => {
  const { path } = await show();
  const { status, json } = await stage.send('POST', '/vms/web/relocate', {
    body: { path: '/srv/all' },
  });
  assert.equal(status, 409);
  assert.match((json as Problem).detail ?? '', /is running/);
  await stage.act('POST', '/vms/web/actions/pause', {});
  await stage.act('POST', '/vms/web/relocate', { path: '/srv/all' });
  const now = await show();
  assert.deepEqual([now.state, now.path], ['paused', '/srv/all/web']);
  assert.equal((await told()).at(-1), `${path} to /srv/all/web`);
});
