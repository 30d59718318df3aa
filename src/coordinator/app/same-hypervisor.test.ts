/** Hypervisors made of bytes, connected by a real coordinator and its process. */
import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Problem } from '#api';
import { Hypervisors } from '../testing/hypervisors.ts';
import { Stage } from '../testing/stage.ts';

const machine = '0a1b2c3d-0000-4000-8000-00000000abcd';
const capabilities = `<capabilities><host><uuid>${machine}</uuid></host></capabilities>`;

test('FED-18 a hypervisor reached by two ways is recognised, its vms are listed once, and the way in use is said', async () => {
  await using hypervisors = await Hypervisors.open();
  await using stage = await Stage.open();
  const serve = (name: string, uri: string, vms: readonly string[]) =>
    hypervisors.serve(name, vms, ({ domains }) => {
      // Fleets number their vms alike: these are told apart by their names.
      const uuidOf = (vm: string): string => `00000000-0000-4000-8000-00000000000${vm}`;
      const handles = domains.map((vm) => ({ name: vm.name, uuid: uuidOf(vm.name), id: -1 }));
      return {
        CONNECT_GET_CAPABILITIES: () => ({ capabilities }),
        CONNECT_GET_URI: () => ({ uri }),
        CONNECT_LIST_ALL_DOMAINS: () => ({ domains: handles, ret: handles.length }),
        CONNECT_GET_ALL_DOMAIN_STATS: () => ({
          retStats: handles.map((dom) => ({ dom, params: [] })),
        }),
      };
    });
  await serve('one', 'qemu:///system', ['1', '2']);
  await serve('session', 'qemu:///session', ['3']);
  await serve('copy', 'qemu:///system', ['4']);
  await symlink(join(hypervisors.folder, 'one'), join(hypervisors.folder, 'way'));
  await hypervisors.connect(stage, 'one');
  const body = { address: hypervisors.address('way'), name: 'way' };
  const { status, json } = await stage.send('POST', '/hosts', { body });
  assert.equal(status, 409);
  const { code, detail, hint } = json as Record<'code' | 'detail' | 'hint', string>;
  assert.equal(code, 'exists');
  assert.match(detail, /connected already, as host one/);
  assert.ok(hint.includes(hypervisors.address('one')));
  // Who may connect hosts and may not see that one is told no more than that there is one.
  const made = await stage.send('POST', '/roles', {
    body: { name: 'connects', verbs: ['host.join'] },
  });
  assert.equal(made.status, 200, made.text);
  const token = await stage.addUser('newcomer', [{ role: 'connects' }]);
  const unseen = (await stage.send('POST', '/hosts', { body, token })).json as Problem;
  assert.deepEqual(
    [unseen.detail, unseen.facts],
    ['this hypervisor is connected already', undefined],
  );
  const { json: list } = await stage.send('GET', '/vms');
  assert.equal((list as { total: number }).total, 2);
  // Another hypervisor of the machine, and one of a machine that was copied with its UUID, are others.
  await hypervisors.connect(stage, 'session');
  await hypervisors.connect(stage, 'copy');
  const connect = (name: string, to: string) =>
    stage.send('PUT', `/hosts/${name}/connection`, { body: { address: hypervisors.address(to) } });
  assert.equal((await connect('session', 'way')).status, 409);
  assert.equal((await connect('one', 'way')).status, 200);
});
