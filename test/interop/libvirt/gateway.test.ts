/**
 * Gantry as a libvirt server: an unmodified virsh on a coordinator with two simulated hosts, and our own client where
 * the numbers of libvirt's errors matter.
 *
 * The tests use one fleet; each leaves its vms as it likes. One file because the fleet takes longer to start than they do.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AuditEntry, Network, Page, Token, Vm } from '#api';
import { isFault } from '#lib';
import { connectLibvirt, defaultPorts, libvirtFacts, type Client } from '#libvirt';
import { parseOptions } from '../../../src/coordinator/options.ts';
import { Stage, type AgentProcess } from '../../../src/coordinator/testing/stage.ts';
import { run, virsh, whyNot, type Ran } from './tools.ts';

const skip = await whyNot('virsh');

let opened: Stage | undefined;
let second: AgentProcess | undefined;
before(async () => {
  opened = await Stage.open({ libvirt: 'on' });
  await opened.addHost('h1', 3);
  second = await opened.addHost('h2', 3);
});
after(() => opened?.[Symbol.asyncDispose]());

function stage(): Stage {
  assert.ok(opened);
  return opened;
}

function address(path = 'all', socket = 'libvirt-sock'): string {
  return `gantry+unix:///${path}?socket=${join(stage().folder, 'run', socket)}`;
}

async function say(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await virsh(address(), ...words);
  assert.equal(code, 0, err);
  return out;
}

function vms(): readonly Vm[] {
  const { inventory } = stage().coordinator;
  return [...inventory.documents('vm')].flatMap(({ id }) => inventory.vm(id) ?? []);
}

/** A vm of the host that is off now. */
async function offVm(host: string): Promise<Vm> {
  const vm = vms().find((one) => one.host === host);
  assert.ok(vm);
  if (vm.state !== 'off') await stage().act('POST', `/vms/${vm.id}/actions/turn-off`);
  return vm;
}

async function errorOf(call: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await call.catch((caught: unknown) => caught);
  assert.ok(isFault(error), 'a fault was expected');
  return libvirtFacts(error)?.name;
}

async function lookUp(
  client: Client,
  name: string,
): Promise<{ name: string; uuid: string; id: number }> {
  return (await client.call('DOMAIN_LOOKUP_BY_NAME', { name })).dom;
}

void test(
  'FED-39 virsh lists names, UUIDs and states of all vms of all hosts, and acts on any of them',
  { skip },
  async () => {
    const names = (await say('list', '--all', '--name')).trim().split('\n');
    assert.deepEqual(
      names.toSorted(),
      vms()
        .map(({ name }) => name)
        .toSorted(),
    );
    const uuids = (await say('list', '--all', '--uuid')).trim().split('\n');
    assert.deepEqual(
      uuids.toSorted(),
      vms()
        .map(({ id }) => id)
        .toSorted(),
    );
    const useVmOf = async (host: string): Promise<void> => {
      const { name, id } = await offVm(host);
      const state = async (): Promise<string> => (await say('domstate', name)).trim();
      assert.match(await say('list', '--all'), new RegExp(`- +${name} +shut off`));
      await say('start', name);
      assert.equal(await state(), 'running');
      assert.equal(stage().vm(name)?.state, 'running');
      assert.match(await say('list'), new RegExp(`\\d+ +${name} +running`));
      await say('suspend', name);
      assert.equal(await state(), 'paused');
      await say('resume', name);
      await say('managedsave', name);
      assert.equal(stage().vm(name)?.state, 'saved');
      assert.match(await say('dominfo', name), /Managed save: +yes/);
      await say('start', name);
      assert.equal(await state(), 'running');
      const xml = await say('dumpxml', id);
      assert.match(xml, new RegExp(`<name>${name}</name>\\s+<uuid>${id}</uuid>`));
      assert.match(xml, new RegExp(`>${host}</gantry:host>`));
      await say('destroy', name);
      assert.equal(await state(), 'shut off');
    };
    await Promise.all([useVmOf('h1'), useVmOf('h2')]);
    const { name } = await offVm('h1');
    await say('start', name);
    await say('shutdown', name);
    // The guest is on its way; how long it takes is its own affair.
    assert.match(await say('domstate', name), /in shutdown|shut off/);
  },
);

void test('virsh describes a vm as it is', { skip }, async () => {
  const { name, definition } = await offVm('h1');
  const info = await say('dominfo', name);
  assert.match(info, new RegExp(`CPU\\(s\\): +${definition.hardware.processor.count}\n`));
  assert.match(info, new RegExp(`Max memory: +${definition.hardware.memory.sizeBytes / 1024} KiB`));
  assert.match(info, /Persistent: +yes\nAutostart: +disable\nManaged save: +no/);
  await say('autostart', name);
  assert.match(await say('dominfo', name), /Autostart: +enable/);
  assert.equal(stage().vm(name)?.definition.settings.start.onHostStart, 'always');
  await say('autostart', '--disable', name);
  assert.match(await say('list', '--all', '--no-autostart', '--name'), new RegExp(`${name}\n`));
  for (const asked of ['guestinfo', 'domfsinfo', 'domhostname'])
    assert.match((await virsh(address(), asked, name)).err, /no guest agent of .* answers/);
  const [disk] = definition.hardware.disks;
  assert.match(await say('domblklist', name), new RegExp(`vda +\\S+${disk?.file ?? 'missing'}\n`));
  assert.match(
    await say('domblkinfo', name, 'vda'),
    new RegExp(`Capacity: +${disk?.sizeBytes ?? 0}`),
  );
  assert.match(await say('version'), /Running hypervisor: Gantry \d+\.\d+\.\d+/);
  assert.match(await say('nodeinfo'), /CPU\(s\): +\d+/);
});

void test('one call tells the figures of all vms', { skip }, async () => {
  const { name } = await offVm('h2');
  await say('start', name);
  const all = await say('domstats');
  assert.equal(all.match(/^Domain: /gm)?.length, vms().length);
  const ours = await say('domstats', name);
  for (const figure of ['state.state=1', 'cpu.time=', 'balloon.maximum=', 'vcpu.current='])
    assert.ok(ours.includes(figure), figure);
  assert.match(ours, /block\.0\.name=vda\n.*block\.0\.rd\.bytes=\d+/s);
  const some = await say('domstats', '--state', name);
  assert.ok(some.includes('state.state=1') && !some.includes('cpu.time'));
});

void test(
  'what a fleet has not is an empty answer, and not an unknown call',
  { skip },
  async () => {
    const { name, definition } = await offVm('h1');
    assert.match(await say('vcpuinfo', name), /^CPU: +N\/A$/m);
    await say('start', name);
    for (const words of ['memtune', 'blkiotune', 'numatune', 'iothreadinfo'])
      assert.doesNotMatch(await say(words, name), /\d/, words);
    assert.doesNotMatch(await say('blkdeviotune', name, 'vda'), /\d/);
    await say('blockjob', name, 'vda');
    for (const words of ['vcpupin', 'emulatorpin', 'perf']) await say(words, name);
    const vcpus = await say('vcpuinfo', name);
    assert.equal(
      vcpus.match(/^State: +running$/gm)?.length,
      definition.hardware.processor.count,
      vcpus,
    );
    assert.match(await say('nodememstats'), /total *: +[1-9]\d* KiB\nfree *: +[1-9]\d* KiB/);
    const models = stage().host('h1')?.facts?.processorModels ?? [];
    const shown = (await say('cpu-models', 'x86_64')).trim().split('\n');
    assert.deepEqual(shown, [...models].toSorted());
    for (const asked of ['nodedev-dumpxml', 'iface-dumpxml', 'nwfilter-dumpxml'])
      assert.match(
        (await virsh(address(), asked, 'none')).err,
        /not found: there are none here|Could not find/,
      );
    await using client = await connectLibvirt(address());
    const uuid = '00000000-0000-4000-8000-000000000000';
    assert.equal(await errorOf(client.call('SECRET_LOOKUP_BY_UUID', { uuid })), 'NO_SECRET');
    assert.equal(
      await errorOf(client.call('NODE_DEVICE_LOOKUP_BY_NAME', { name })),
      'NO_NODE_DEVICE',
    );
    await say('destroy', name);
  },
);

void test('snapshots, networks and screens are shown', { skip }, async () => {
  const { name } = await offVm('h1');
  assert.equal((await say('snapshot-list', name)).trim(), '');
  for (const snapshot of ['first', 'second'])
    await stage().act('POST', `/vms/${name}/snapshots`, { name: snapshot });
  assert.match(await say('snapshot-list', name), /first +\S+ \S+ \S+ +shutoff\n second/);
  assert.equal((await say('snapshot-parent', name, 'second')).trim(), 'first');
  assert.match(await say('snapshot-current', name), /<name>second<\/name>/);
  assert.match((await virsh(address(), 'snapshot-info', name, 'third')).err, /no snapshot third/);
  const body = { name: 'lan', ipv4: { subnet: '10.80.0.0/24' } };
  const made = await stage().send('POST', '/networks', { body });
  assert.equal(made.status, 200, made.text);
  assert.match(await say('net-list'), /lan +active +yes +yes/);
  const xml = await say('net-dumpxml', 'lan');
  assert.match(xml, /<forward mode='nat'\/>/);
  assert.match(xml, /<ip address='10\.80\.0\.1' netmask='255\.255\.255\.0'>/);
  assert.equal((await say('net-dhcp-leases', 'lan')).trim(), '');
  assert.match((await virsh(address(), 'net-info', 'wan')).err, /no network wan/);
  for (const kind of ['pool', 'nodedev', 'secret', 'iface', 'nwfilter'])
    assert.equal((await say(`${kind}-list`)).trim(), '', kind);
  await say('start', name);
  const file = join(stage().folder, 'screen.png');
  await say('screenshot', name, file);
  assert.equal((await readFile(file)).subarray(1, 4).toString(), 'PNG');
});

void test('networks that come, change and go are told, so that no client has to look', async () => {
  await using client = await connectLibvirt(address('host/h1'));
  const told = await client.subscribe('NETWORK_EVENT_LIFECYCLE');
  const made = await stage().send('POST', '/networks', { body: { name: 'brief' } });
  const { id } = made.json as Network;
  await stage().send('PATCH', `/networks/${id}`, { body: { description: 'soon gone' } });
  await stage().send('DELETE', `/networks/${id}`);
  const seen: number[] = [];
  for await (const { net, event } of told) {
    assert.deepEqual(net, { name: 'brief', uuid: id });
    seen.push(event);
    if (event === 1) break;
  }
  assert.deepEqual(seen, [0, 2, 0, 3, 1], 'defined, started, defined anew, stopped, undefined');
});

void test('FED-43 what is asked for one vm is done on its host, and refused with the numbers of libvirt', async () => {
  await using client = await connectLibvirt(address());
  const { name } = await offVm('h1');
  const dom = await lookUp(client, name);
  assert.equal(dom.id, -1);
  assert.equal(await errorOf(client.call('DOMAIN_SUSPEND', { dom })), 'OPERATION_INVALID');
  assert.equal(await errorOf(client.call('DOMAIN_DESTROY', { dom })), 'OPERATION_INVALID');
  assert.equal(await errorOf(lookUp(client, 'nothing')), 'NO_DOMAIN');
  assert.equal(await errorOf(lookUp(client, dom.uuid)), 'NO_DOMAIN', 'an id is no name');
  const unknown = { ...dom, uuid: '00000000-0000-4000-8000-000000000000' };
  assert.equal(await errorOf(client.call('DOMAIN_CREATE', { dom: unknown })), 'NO_DOMAIN');
  await client.call('DOMAIN_CREATE', { dom });
  assert.equal(stage().vm(name)?.state, 'running');
  const running = await lookUp(client, name);
  assert.ok(running.id > 0);
  const byId = await client.call('DOMAIN_LOOKUP_BY_ID', { id: running.id });
  assert.deepEqual(byId.dom, running);
  assert.equal(await errorOf(client.call('DOMAIN_CREATE', { dom })), 'OPERATION_INVALID');
  const nowhere = connectLibvirt(address('host/nowhere'));
  await assert.rejects(nowhere, (error) => isFault(error, 'not-found'));
  await assert.rejects(connectLibvirt(address('pool/p1')), (error) =>
    isFault(error, 'unsupported'),
  );
});

void test('the read-only socket shows and does not act', { skip }, async () => {
  const { name } = await offVm('h1');
  const uri = address('all', 'libvirt-sock-ro');
  assert.match((await virsh(uri, 'list', '--all')).out, new RegExp(name));
  const { code, err } = await virsh(uri, 'start', name);
  assert.equal(code, 1);
  assert.match(err, /read only access prevents/);
  assert.equal(stage().vm(name)?.state, 'off');
});

void test('a path narrows what is seen to a host or a folder', { skip }, async () => {
  const made = await stage().send('POST', '/folders', { body: { name: 'lab' } });
  assert.equal(made.status, 200, made.text);
  const { name } = await offVm('h1');
  await stage().send('POST', `/vms/${name}/move`, { body: { folder: '/lab' } });
  const seen = async (path: string): Promise<readonly string[]> => {
    const { code, out, err } = await virsh(address(path), 'list', '--all', '--name');
    assert.equal(code, 0, err);
    return out.trim().split('\n');
  };
  const ofSecond = vms().filter(({ host }) => host === 'h2');
  assert.deepEqual((await seen('host/h2')).toSorted(), ofSecond.map((vm) => vm.name).toSorted());
  assert.equal((await virsh(address('host/h2'), 'dominfo', name)).code, 1);
  assert.deepEqual(await seen('folder/lab'), [name]);
  assert.equal((await seen('system')).length, vms().length);
});

void test(
  'scvmm names the vms of System Center servers alone, of which there are none',
  { skip },
  async () => {
    const uri = address().replace('gantry+', 'scvmm+');
    assert.equal((await virsh(uri, 'list', '--all', '--name')).out.trim(), '');
    const { name } = await offVm('h1');
    assert.match((await virsh(uri, 'start', name)).err, /failed to get domain/);
    await using client = await connectLibvirt(uri);
    assert.equal((await client.call('CONNECT_GET_TYPE', {})).type, 'SCVMM');
    assert.equal(
      (await client.call('CONNECT_LIST_ALL_STORAGE_POOLS', { need_results: 1, flags: 0 })).ret,
      0,
    );
    const xml = `<domain type='hyperv'><name>x</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
    const made = client.call('DOMAIN_DEFINE_XML', { xml });
    assert.equal(await errorOf(made), 'OPERATION_UNSUPPORTED');
  },
);

void test('a cluster that is named is refused in a sentence of its own', { skip }, async () => {
  const { code, err } = await virsh(address('cluster/c1'), 'list');
  assert.deepEqual([code, /there is no cluster c1.*connect to gantry:/.test(err)], [1, true], err);
});

void test(
  'FED-45 events of all hosts reach a client over its one connection',
  { skip },
  async () => {
    const [one, two] = [await offVm('h1'), await offVm('h2')];
    const third = vms().find(({ host, id }) => host === 'h1' && id !== one.id);
    assert.ok(third);
    const args = ['-q', '-c', address(), 'event', '--all', '--loop'];
    const listener = spawn('virsh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const heard: string[] = [];
    const lines = (): string[] => heard.filter((line) => !line.includes(third.name));
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    try {
      listener.stdout.on('data', (chunk: Buffer) => {
        heard.push(...chunk.toString().trim().split('\n'));
        if (lines().length >= 4) resolve();
      });
      // Nothing tells when virsh has subscribed, but that it hears.
      while (heard.length === 0)
        await say('reset', third.name).catch(() => say('start', third.name));
      for (const { name } of [one, two]) await say('start', name);
      for (const { name } of [one, two]) await say('destroy', name);
      await enough;
      const told = lines().map((line) =>
        /domain '?([^':]+)'?:? (\w+)/.exec(line)?.slice(1).join(' '),
      );
      assert.deepEqual(told, [
        `${one.name} Started`,
        `${two.name} Started`,
        `${one.name} Stopped`,
        `${two.name} Stopped`,
      ]);
    } finally {
      listener.kill();
      await once(listener, 'exit');
    }
  },
);

/** virsh over TLS, with the secret of a token of the user. */
async function sayAs(user: string, secret: string, path: string, ...words: string[]): Promise<Ran> {
  const { folder, libvirtPort, authority } = stage();
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
    const { libvirtPlainPort, libvirtPort } = stage();
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
      assert.deepEqual(out.trim().split('\n').toSorted(), namesOf(vms()));
    }
    const secret = await stage().addUser('eve', [{ role: 'administrator' }]);
    assert.ok(libvirtPort);
    assert.deepEqual(await seenAs('eve', secret, 'system'), namesOf(vms()));
  },
);

void test(
  'FED-36 an address of its own names the coordinator, and everything, one host or a folder of it',
  { skip },
  async () => {
    const secret = await stage().addUser('boss', [{ role: 'administrator' }]);
    await stage().send('POST', '/folders', { body: { name: 'desk' } });
    const { name } = await offVm('h2');
    await stage().send('POST', `/vms/${name}/move`, { body: { folder: '/desk' } });
    assert.deepEqual(await seenAs('boss', secret, 'all'), namesOf(vms()));
    const ofSecond = vms().filter(({ host }) => host === 'h2');
    assert.deepEqual(await seenAs('boss', secret, 'host/h2'), namesOf(ofSecond));
    assert.deepEqual(await seenAs('boss', secret, 'folder/desk'), [name]);
  },
);

void test(
  'FED-42 a user sees and does what this user may in Gantry, and it is written down',
  { skip },
  async () => {
    const [one, two] = [await offVm('h1'), await offVm('h2')];
    const secret = await stage().addUser('ann', [
      { role: 'vm-operator', objectKind: 'host', object: 'h1' },
    ]);
    const ofFirst = vms().filter(({ host }) => host === 'h1');
    assert.deepEqual(await seenAs('ann', secret, 'all'), namesOf(ofFirst));
    assert.equal((await sayAs('ann', secret, 'host/h2', 'list')).code, 1);
    assert.equal((await sayAs('ann', secret, 'all', 'start', one.name)).code, 0);
    assert.equal(stage().vm(one.name)?.state, 'running');
    const refused = await sayAs('ann', secret, 'all', 'autostart', one.name);
    assert.match(refused.err, /ann lacks the right vm\.settings/);
    const hidden = await sayAs('ann', secret, 'all', 'start', two.name);
    assert.match(hidden.err, /failed to get domain/);
    assert.equal(stage().vm(two.name)?.state, 'off');
    const { json } = await stage().send('GET', '/audit?limit=100');
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
    const secret = await stage().addUser('bob');
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
    const { folder, url, authority, libvirtPort } = stage();
    const secret = await stage().addUser('cat', [{ role: 'administrator' }]);
    const body = { name: 'shown', user: 'cat', verbs: ['vm.view'] };
    const made = await stage().send('POST', '/tokens', { body });
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
    const { name } = await offVm('h1');
    const listed = await ask('list', '--all', '--name');
    assert.equal(listed.code, 0, listed.err);
    assert.deepEqual(listed.out.trim().split('\n').toSorted(), namesOf(vms()));
    assert.match((await ask('start', name)).err, /lacks the right vm\.power/);
    const { json } = await stage().send('GET', '/audit?limit=50');
    const refused = (json as Page<AuditEntry>).items.find(
      ({ user, route }) => user === 'cat' && route === 'vm.act',
    );
    assert.deepEqual([refused?.means, refused?.code], ['token', 'forbidden']);
    await stage().send('DELETE', `/tokens/${token.id}`);
    const late = await ask('list');
    assert.deepEqual(
      [late.code, /the token is unknown, revoked or expired/.test(late.err)],
      [1, true],
      late.err,
    );
    assert.deepEqual(await seenAs('cat', secret, 'all'), namesOf(vms()), 'other tokens go on');
  },
);

void test('a host that is away delays no list and loses no vm', { skip }, async () => {
  const before = (await say('list', '--all', '--name')).trim().split('\n').toSorted();
  assert.ok(second);
  await second.end();
  await stage().until(() => stage().host('h2')?.status !== 'ready', 'the host is away');
  const away = vms().find(({ host }) => host === 'h2');
  assert.ok(away);
  assert.deepEqual((await say('list', '--all', '--name')).trim().split('\n').toSorted(), before);
  assert.match(await say('domstate', away.name), /no state/);
  const { code, err } = await virsh(address(), 'start', away.name);
  assert.equal(code, 1);
  assert.match(err, /the host of .* does not answer/);
});

void test('what is done stands in the audit trail, and only its owner opens the socket', async () => {
  const { mode } = await stat(join(stage().folder, 'run', 'libvirt-sock'));
  assert.equal(mode & 0o777, 0o600);
  const vm = await offVm('h1');
  await using client = await connectLibvirt(address());
  await client.call('DOMAIN_CREATE', { dom: await lookUp(client, vm.name) });
  const { json } = await stage().send('GET', '/audit?limit=50');
  const entries = (json as Page<AuditEntry>).items;
  const entry = entries.find(({ route, object }) => route === 'vm.act' && object === `vm ${vm.id}`);
  assert.equal(entry?.means, 'local');
  assert.equal(entry?.status, 202);
});

void test('bytes that are no protocol end their connection, and nothing else', async () => {
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\u001c', '\u00ff'.repeat(64)]) {
    const socket = connect(join(stage().folder, 'run', 'libvirt-sock'));
    socket.on('error', () => undefined);
    socket.end(Buffer.from(bytes, 'latin1'));
    socket.resume();
    await once(socket, 'close');
  }
  await using client = await connectLibvirt(address());
  assert.equal((await client.call('CONNECT_GET_TYPE', {})).type, 'Gantry');
});
