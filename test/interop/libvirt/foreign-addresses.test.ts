/** Addresses of hypervisors of others: tried, refused, kept with their passwords. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Host } from '#api';
import { ForeignFleet } from './foreign-fleet.ts';
import { whyNot } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');

let fleet: ForeignFleet;
before(async () => {
  if (skip !== false) return;
  fleet = await ForeignFleet.open('left');
});
after(() => fleet?.[Symbol.asyncDispose]());

void test(
  'FED-33 an address is tried before it is taken, and the failing part is named',
  { skip },
  async () => {
    const component = async (body: object): Promise<unknown> => {
      const { status, json, text } = await fleet.stage.send('POST', '/hosts', { body });
      assert.ok(status >= 400, text);
      return (json as { facts?: Record<string, unknown> }).facts?.['component'];
    };
    assert.equal(await component({ address: 'phyp://h1/' }), 'driver');
    assert.equal(await component({ address: 'qemu+carrier://h1/system' }), 'transport');
    assert.equal(await component({ address: 'qemu+tls://h1:99999/system' }), 'port');
    assert.equal(await component({ address: 'qemu+ssh://h1/system?command=/bin/sh' }), 'command');
    assert.equal(await component({ address: 'qemu+ssh://h1/system?no_verify=1' }), 'certificate');
    assert.equal(await component({ address: 'test+unix:///nowhere?socket=/nowhere' }), 'path');
    assert.equal((await fleet.list<Host>('/hosts')).items.length, 1);
  },
);

void test(
  'FED-32 an address that checks nothing is refused unless who may change the installation allows it, and shown as such',
  { skip },
  async () => {
    const role = await fleet.stage.send('POST', '/roles', {
      body: { name: 'joins', meaning: 'connects hosts', verbs: ['host.join', 'host.view'] },
    });
    assert.equal(role.status, 200, role.text);
    const token = await fleet.stage.addUser('joiner', [{ role: 'joins' }]);
    const unchecked = { address: `${fleet.address('left')}&no_verify=1`, name: 'unchecked' };
    const allowed = { ...unchecked, allowUnverified: true };
    const without = await fleet.stage.send('POST', '/hosts', { body: unchecked });
    assert.equal(without.status, 403);
    assert.equal((await fleet.stage.send('POST', '/hosts', { body: allowed, token })).status, 403);
    const { status, json, text } = await fleet.stage.send('POST', '/hosts', { body: allowed });
    assert.equal(status, 200, text);
    assert.equal((json as Host).connection?.verification, 'none-allowed');
    assert.ok((await fleet.stage.send('DELETE', '/hosts/unchecked')).status < 300);
  },
);

void test('a password is sealed, and never shown', { skip }, async () => {
  const password = 'correct horse battery staple';
  const body = { address: fleet.address('left'), name: 'secret', user: 'ann', password };
  const { status, text } = await fleet.stage.send('POST', '/hosts', { body });
  assert.equal(status, 200, text);
  assert.ok(!text.includes(password));
  const stored = [...fleet.stage.coordinator.inventory.documents('host')].map((host) =>
    JSON.stringify(host.data),
  );
  assert.ok(stored.some((host) => host.includes('"user":"ann"')));
  assert.ok(!stored.join('').includes(password));
  const changed = await fleet.stage.send('PUT', '/hosts/secret/connection', {
    body: { address: fleet.address('left'), user: 'eve' },
  });
  assert.equal((changed.json as Host).connection?.user, 'eve');
});
