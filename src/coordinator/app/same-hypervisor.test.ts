/** Hypervisors made of bytes, each behind sockets of its own, connected by a real coordinator and its process. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LibvirtServer } from '#libvirt';
import { Fleet } from '../../libvirt/testing/fleet.ts';
import { Stage } from '../testing/stage.ts';

const machine = '0a1b2c3d-0000-4000-8000-00000000abcd';

function serve(uri: string, uuids: readonly string[]): LibvirtServer {
  const fleet = new Fleet(uuids.map((_, at) => `vm-${at}`));
  const domains = uuids.map((uuid, at) => ({ name: `vm-${at}`, uuid, id: -1 }));
  const capabilities = `<capabilities><host><uuid>${machine}</uuid></host></capabilities>`;
  const handlers = {
    ...fleet.handlers,
    CONNECT_GET_CAPABILITIES: () => ({ capabilities }),
    CONNECT_GET_URI: () => ({ uri }),
    CONNECT_LIST_ALL_DOMAINS: () => ({ domains, ret: domains.length }),
    CONNECT_GET_ALL_DOMAIN_STATS: () => ({
      retStats: domains.map((dom) => ({ dom, params: [] })),
    }),
  };
  return new LibvirtServer({ open: (request) => ({ ...fleet.open(request), handlers }) });
}

test('FED-18 a hypervisor reached by two ways is recognised, its vms are listed once, and the way in use is said', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sh-'));
  await using stage = await Stage.open();
  const uuid = (last: number): string => `00000000-0000-4000-8000-00000000000${last}`;
  await using one = serve('qemu:///system', [uuid(1), uuid(2)]);
  await using session = serve('qemu:///session', [uuid(3)]);
  await using copy = serve('qemu:///system', [uuid(4)]);
  const address = (name: string): string => `fleet+unix:///all?socket=${join(folder, name)}`;
  const add = (name: string) =>
    stage.send('POST', '/hosts', { body: { address: address(name), name } });
  try {
    for (const [name, server] of Object.entries({ one, session, copy }))
      await server.listenUnix({ path: join(folder, name), access: 'write' });
    await symlink(join(folder, 'one'), join(folder, 'way'));
    const connected = async (name: string): Promise<void> => {
      const { status, text } = await add(name);
      assert.equal(status, 200, text);
      await stage.until(() => stage.host(name)?.status === 'ready', `${name} is connected`);
    };
    await connected('one');
    const { status, json } = await add('way');
    assert.equal(status, 409);
    const { code, detail, hint } = json as Record<'code' | 'detail' | 'hint', string>;
    assert.equal(code, 'exists');
    assert.match(detail, /connected already, as host one/);
    assert.ok(hint.includes(address('one')));
    const { json: list } = await stage.send('GET', '/vms');
    assert.equal((list as { total: number }).total, 2);
    // Another hypervisor of the machine, and one of a machine that was copied with its UUID, are others.
    await connected('session');
    await connected('copy');
    const connect = (name: string, to: string) =>
      stage.send('PUT', `/hosts/${name}/connection`, { body: { address: address(to) } });
    assert.equal((await connect('session', 'way')).status, 409);
    assert.equal((await connect('one', 'way')).status, 200);
  } finally {
    await rm(folder, { recursive: true });
  }
});
