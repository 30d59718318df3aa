/** Who is let in by the libvirt server, from where and by what proof, and what they see and may then. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AuditEntry, Page, Token, Vm } from '#api';
import { defaultPorts } from '#libvirt';
import { parseOptions } from '../../../src/coordinator/options.ts';
import { GatewayRoom } from './gateway-room.ts';
import { run, virsh, whyNot, type Ran } from './tools.ts';

const skip = await whyNot('virsh');

let room: GatewayRoom;
before(async () => {
  room = await GatewayRoom.open();
});
after(() => room[Symbol.asyncDispose]());

/** virsh over TLS, with the secret of a token of the user. */
async function sayAs(user: string, secret: string, path: string, ...words: string[]): Promise<Ran> {
  const { folder, libvirtPort, authority } = room.stage;
  await writeFile(join(folder, 'cacert.pem'), authority);
  const file = join(folder, `${user}.conf`);
  const credentials = `[credentials-me]\nauthname=${user}\nusername=${user}\npassword=${secret}\n`;
  await writeFile(file, `${credentials}[auth-libvirt-default]\ncredentials=me\n`, { mode: 0o600 });
  const parameters = `pkipath=${folder}&authfile=${file}`;
  const port = libvirtPort ?? 0;
  return virsh(`gantry+tls://localhost:${port}/${path}?${parameters}`, ...words);
}

/** What the user's list holds. */
async function seenAs(user: string, secret: string, path: string): Promise<readonly string[]> {
  const { code, out, err } = await sayAs(user, secret, path, 'list', '--all', '--name');
  assert.equal(code, 0, err);
  assert.equal(err, '');
  return out.trim().split('\n').toSorted();
}

function namesOf(some: readonly Vm[]): readonly string[] {
  return some.map(({ name }) => name).toSorted();
}

void test(
  'FED-35 switched on, it answers an unmodified client over TCP of this machine as over TLS of any, on the ports of libvirt',
  { skip },
  async () => {
    assert.deepEqual([defaultPorts.tcp, defaultPorts.tls], [16_509, 16_514]);
    const { libvirtPlainPort, libvirtPort } = room.stage;
    const asked = [
      '--libvirt-listen',
      '0.0.0.0',
      '--data',
      '/d',
      '--config',
      '/c',
      '--runtime',
      '/r',
    ];
    const options = parseOptions(asked);
    assert.ok(options !== 'help');
    assert.deepEqual(options.libvirt, { host: '0.0.0.0', port: 16_514 });
    for (const driver of ['gantry', 'qemu']) {
      const plain = `${driver}+tcp://127.0.0.1:${libvirtPlainPort ?? 0}/system`;
      const { code, out, err } = await virsh(plain, 'list', '--all', '--name');
      assert.equal(code, 0, err);
      assert.deepEqual(out.trim().split('\n').toSorted(), namesOf(room.vms()));
    }
    const secret = await room.stage.addUser('eve', [{ role: 'administrator' }]);
    assert.ok(libvirtPort);
    assert.deepEqual(await seenAs('eve', secret, 'system'), namesOf(room.vms()));
  },
);

void test(
  'FED-36 an address of its own names the coordinator, and everything, one host or a folder of it',
  { skip },
  async () => {
    const secret = await room.stage.addUser('boss', [{ role: 'administrator' }]);
    await room.stage.send('POST', '/folders', { body: { name: 'desk' } });
    const { name } = await room.offVm('h2');
    await room.stage.send('POST', `/vms/${name}/move`, { body: { folder: '/desk' } });
    assert.deepEqual(await seenAs('boss', secret, 'all'), namesOf(room.vms()));
    const ofSecond = room.vms().filter(({ host }) => host === 'h2');
    assert.deepEqual(await seenAs('boss', secret, 'host/h2'), namesOf(ofSecond));
    assert.deepEqual(await seenAs('boss', secret, 'folder/desk'), [name]);
  },
);

void test(
  'FED-42 a user sees and does what this user may in Gantry, and it is written down',
  { skip },
  async () => {
    const [one, two] = [await room.offVm('h1'), await room.offVm('h2')];
    const secret = await room.stage.addUser('ann', [
      { role: 'vm-operator', objectKind: 'host', object: 'h1' },
    ]);
    const ofFirst = room.vms().filter(({ host }) => host === 'h1');
    // Whoever sees everything is told before, and what is kept of that is nobody else's.
    const chief = await room.stage.addUser('chief', [{ role: 'administrator' }]);
    assert.deepEqual(await seenAs('chief', chief, 'all'), namesOf(room.vms()));
    assert.deepEqual(await seenAs('ann', secret, 'all'), namesOf(ofFirst));
    const denial = { subject: 'chief', role: 'administrator', deny: true };
    const body = { ...denial, objectKind: 'vm', object: two.name };
    assert.equal((await room.stage.send('POST', '/grants', { body })).status, 200);
    const others = room.vms().filter(({ id }) => id !== two.id);
    assert.deepEqual(await seenAs('chief', chief, 'all'), namesOf(others));
    assert.equal((await sayAs('ann', secret, 'host/h2', 'list')).code, 1);
    assert.equal((await sayAs('ann', secret, 'all', 'start', one.name)).code, 0);
    assert.equal(room.stage.vm(one.name)?.state, 'running');
    const refused = await sayAs('ann', secret, 'all', 'autostart', one.name);
    assert.match(refused.err, /ann lacks the right vm\.settings/);
    const hidden = await sayAs('ann', secret, 'all', 'start', two.name);
    assert.match(hidden.err, /failed to get domain/);
    assert.equal(room.stage.vm(two.name)?.state, 'off');
    const { json } = await room.stage.send('GET', '/audit?limit=100');
    const entries = (json as Page<AuditEntry>).items.filter(({ user }) => user === 'ann');
    const started = entries.find(({ route }) => route === 'vm.act');
    assert.equal(started?.object, `vm ${one.id}`);
    assert.equal(started?.origin, '127.0.0.1');
    assert.ok(entries.some(({ route, code }) => route === 'vm.update' && code === 'forbidden'));
  },
);

void test(
  'over TLS nobody comes in without the secret of a token of this user',
  { skip },
  async () => {
    const secret = await room.stage.addUser('bob');
    for (const [user, tried] of [
      ['bob', 'wrong'],
      ['ann', secret],
    ] as const) {
      const { code, err } = await sayAs(user, tried, 'all', 'list');
      assert.equal(code, 1);
      assert.match(err, /error: authentication failed\n$/);
    }
    assert.equal((await sayAs('bob', secret, 'all', 'list', '--all', '--name')).out.trim(), '');
  },
);

void test(
  'a certificate for a token lets in without a password, with what the token may, and not when the token is gone',
  { skip },
  async () => {
    const { folder, url, authority, libvirtPort } = room.stage;
    const secret = await room.stage.addUser('cat', [{ role: 'administrator' }]);
    const body = { name: 'shown', user: 'cat', verbs: ['vm.view'] };
    const made = await room.stage.send('POST', '/tokens', { body });
    const { token } = made.json as { token: Token };
    const pki = join(folder, 'pki');
    await writeFile(join(folder, 'authority.pem'), authority);
    const local = (await readFile(join(folder, 'data/access/local-token'), 'utf8')).trim();
    const gantry = (...words: readonly string[]): Promise<Ran> =>
      run(fileURLToPath(new URL('../../../gantry', import.meta.url)), [...words, '--server', url], {
        GANTRY_TOKEN: local,
        GANTRY_AUTHORITY: join(folder, 'authority.pem'),
        GANTRY_DATA: join(folder, 'none'),
      });
    const issued = await gantry('token', 'certificate', token.id, '--into', pki);
    assert.equal(issued.code, 0, issued.err);
    assert.equal((await stat(join(pki, 'clientkey.pem'))).mode & 0o777, 0o600);
    const again = await gantry('token', 'certificate', token.id, '--into', pki);
    assert.match(again.err, /cannot write the certificate into .*exist/s);
    const ask = (...words: readonly string[]): Promise<Ran> =>
      virsh(`qemu+tls://localhost:${libvirtPort ?? 0}/system?pkipath=${pki}`, ...words);
    const { name } = await room.offVm('h1');
    const listed = await ask('list', '--all', '--name');
    assert.equal(listed.code, 0, listed.err);
    assert.deepEqual(listed.out.trim().split('\n').toSorted(), namesOf(room.vms()));
    assert.match((await ask('start', name)).err, /lacks the right vm\.power/);
    const { json } = await room.stage.send('GET', '/audit?limit=50');
    const refused = (json as Page<AuditEntry>).items.find(
      ({ user, route }) => user === 'cat' && route === 'vm.act',
    );
    assert.deepEqual([refused?.means, refused?.code], ['token', 'forbidden']);
    await room.stage.send('DELETE', `/tokens/${token.id}`);
    const late = await ask('list');
    assert.deepEqual(
      [late.code, /the token is unknown, revoked or expired/.test(late.err)],
      [1, true],
      late.err,
    );
    assert.deepEqual(await seenAs('cat', secret, 'all'), namesOf(room.vms()), 'other tokens go on');
  },
);

void test(
  'the password of an account of a guest is set through its agent, and is in no event and no audit entry',
  { skip },
  async () => {
    const { name, id } = await room.offVm('h1');
    const off = await virsh(room.address(), 'set-user-password', name, 'root', 'sesame-open');
    assert.match(off.err, /domain is not running/);
    await room.say('start', name);
    const answers = (): boolean => room.stage.vm(name)?.status.additions.state === 'running';
    await room.stage.until(answers, 'the agent of its guest answers');
    await room.say('set-user-password', name, 'root', 'sesame-open');
    await room.say('set-user-password', name, 'root', 'sesame-open', '--encrypted');
    const { err } = await virsh(room.address(), 'set-user-password', name, 'nobody', 'sesame-open');
    assert.match(err, /the guest has no account nobody/);
    const readOnly = room.address('all', 'libvirt-sock-ro');
    const refused = await virsh(readOnly, 'set-user-password', name, 'root', 'sesame-open');
    assert.match(refused.err, /read.only/i);
    const audit = (await room.stage.send('GET', '/audit?limit=50')).text;
    assert.match(audit, /vm\.password\.set/);
    const events = (await room.stage.send('GET', `/events?about=${id}&limit=50`)).text;
    for (const text of [audit, events, err]) assert.doesNotMatch(text, /sesame/);
    for (const body of [
      { user: 'root', password: '' },
      { user: 'ro:ot', password: 'x' },
      { user: 'root', password: 'a\nb' },
    ])
      assert.equal((await room.stage.send('PUT', `/vms/${id}/password`, { body })).status, 400);
  },
);
