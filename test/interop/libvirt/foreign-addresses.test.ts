/** Addresses of hypervisors of others: tried, refused, kept with their passwords. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Host, Warning, Warnings } from '#api';
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
  'SEC-67 FED-32 an address that checks nothing is taken only from who has the right to allow that, and the host is warned of',
  { skip },
  async () => {
    const addRole = async (name: string, ...more: readonly string[]): Promise<string> => {
      const verbs = ['host.join', 'host.view', ...more];
      const body = { name, meaning: 'connects hosts', verbs };
      const role = await fleet.stage.send('POST', '/roles', { body });
      assert.equal(role.status, 200, role.text);
      return fleet.stage.addUser(`${name}-user`, [{ role: name }]);
    };
    const token = await addRole('joins', 'installation.settings');
    const trusting = await addRole('trusts', 'host.unverified');
    const warned = async (): Promise<readonly Warning[]> =>
      ((await fleet.stage.send('GET', '/warnings')).json as Warnings).items.filter(
        ({ check }) => check === 'verification',
      );
    const unchecked = { address: `${fleet.address('left')}&no_verify=1`, name: 'unchecked' };
    const allowed = { ...unchecked, allowUnverified: true };
    const without = await fleet.stage.send('POST', '/hosts', { body: unchecked });
    assert.equal(without.status, 403);
    const refused = await fleet.stage.send('POST', '/hosts', { body: allowed, token });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /host\.unverified/);
    assert.deepEqual(await warned(), []);
    const asked = { body: allowed, token: trusting };
    const { status, json, text } = await fleet.stage.send('POST', '/hosts', asked);
    assert.equal(status, 200, text);
    const { id, name, connection } = json as Host;
    assert.equal(connection?.verification, 'none-allowed');
    const [warning] = await warned();
    assert.deepEqual(
      [warning?.result, warning?.thing, warning?.hostId],
      ['warning', { kind: 'host', id, name }, id],
    );
    assert.match(warning?.evidence ?? '', /host unchecked .* not checked/);
    // An allowance that the address makes no use of leaves nothing unchecked.
    const checked = { address: fleet.address('left'), allowUnverified: true };
    const path = '/hosts/unchecked/connection';
    const changed = await fleet.stage.send('PUT', path, { body: checked, token: trusting });
    assert.equal((changed.json as Host).connection?.verification, 'full');
    assert.deepEqual(await warned(), []);
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
