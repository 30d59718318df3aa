/** Our client judged by a real libvirtd, whose test driver keeps its domains in memory. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isFault } from '#lib';
import {
  connectLibvirt,
  libvirtFacts,
  paramNumber,
  paramsByName,
  type Client,
  type ConnectOptions,
  type DomainHandle,
} from '#libvirt';
import { makeAuthority } from '../../../src/libvirt/testing/certificates.ts';
import { startLibvirtd, untilOpen, type Libvirtd } from './daemon.ts';
import { findFreePort, virsh, whyNot } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh', 'openssl');

let daemon: Libvirtd | undefined;
before(async () => {
  if (skip === false) daemon = await startLibvirtd();
});
after(() => daemon?.[Symbol.asyncDispose]());

function address(): string {
  return `test+unix:///default?socket=${daemon?.socket ?? ''}`;
}

function open(options: ConnectOptions = {}): Promise<Client> {
  return connectLibvirt(address(), options);
}

async function errorName(call: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await call.catch((error: unknown) => error);
  assert.ok(isFault(error), 'a fault was expected');
  return libvirtFacts(error)?.name;
}

async function lookUp(client: Client, name = 'test'): Promise<DomainHandle> {
  return (await client.call('DOMAIN_LOOKUP_BY_NAME', { name })).dom;
}

void test('the host and its domains are described as virsh describes them', { skip }, async () => {
  await using client = await open();
  const { type } = await client.call('CONNECT_GET_TYPE', {});
  assert.equal(type.toLowerCase(), 'test');
  const info = await client.call('NODE_GET_INFO', {});
  const shown = await virsh(address(), 'nodeinfo');
  assert.match(shown.out, new RegExp(`CPU model: +${info.model}\\n`));
  assert.match(shown.out, new RegExp(`Memory size: +${info.memory} KiB`));
  const { domains } = await client.call('CONNECT_LIST_ALL_DOMAINS', {
    need_results: 1,
    flags: 0,
  });
  const listed = await virsh(address(), 'list', '--all', '--uuid');
  assert.deepEqual(
    domains.map(({ uuid }) => uuid),
    listed.out.trim().split('\n'),
  );
  const dom = await lookUp(client);
  assert.deepEqual(domains, [dom]);
  assert.deepEqual(await client.call('DOMAIN_LOOKUP_BY_UUID', { uuid: dom.uuid }), { dom });
  assert.deepEqual(await client.call('DOMAIN_LOOKUP_BY_ID', { id: dom.id }), { dom });
  assert.deepEqual(await client.call('DOMAIN_GET_OS_TYPE', { dom }), { type: 'linux' });
  assert.equal((await client.call('DOMAIN_GET_SCHEDULER_TYPE', { dom })).type, 'fair');
  assert.ok((await client.call('CONNECT_GET_MAX_VCPUS', { type: 'test' })).max_vcpus > 0);
  const { xml } = await client.call('DOMAIN_GET_XML_DESC', { dom, flags: 0 });
  assert.equal(xml, (await virsh(address(), 'dumpxml', 'test')).out);
  assert.equal(await errorName(client.call('DOMAIN_LOOKUP_BY_NAME', { name: 'x' })), 'NO_DOMAIN');
});

void test(
  'a domain is defined, started, saved, restored, stopped and forgotten',
  { skip },
  async () => {
    await using client = await open();
    const xml = (
      await client.call('DOMAIN_GET_XML_DESC', { dom: await lookUp(client), flags: 0 })
    ).xml
      .replace('<name>test</name>', '<name>second</name>')
      .replace(/<uuid>.*<\/uuid>/, '')
      .replace(/ id='\d+'/, '');
    const { dom } = await client.call('DOMAIN_DEFINE_XML_FLAGS', { xml, flags: 0 });
    assert.equal(dom.id, -1);
    const started = (await client.call('DOMAIN_CREATE_WITH_FLAGS', { dom, flags: 0 })).dom;
    assert.ok(started.id > 0);
    const running = { dom: started, flags: 0 };
    assert.equal((await client.call('DOMAIN_GET_STATE', running)).state, 1);
    await client.call('DOMAIN_SET_MEMORY_FLAGS', { ...running, memory: 1_048_576n });
    assert.equal((await client.call('DOMAIN_GET_INFO', running)).memory, 1_048_576n);
    await client.call('DOMAIN_MANAGED_SAVE', running);
    assert.equal((await client.call('DOMAIN_HAS_MANAGED_SAVE_IMAGE', { dom, flags: 0 })).result, 1);
    await client.call('DOMAIN_CREATE', { dom });
    await client.call('DOMAIN_DESTROY', { dom });
    assert.equal(await errorName(client.call('DOMAIN_DESTROY', { dom })), 'OPERATION_INVALID');
    const { snap } = await client.call('DOMAIN_SNAPSHOT_CREATE_XML', {
      dom,
      xml_desc: '<domainsnapshot><name>s1</name></domainsnapshot>',
      flags: 0,
    });
    assert.equal(snap.name, 's1');
    const list = { dom, need_results: 1, flags: 0 };
    const { snapshots } = await client.call('DOMAIN_LIST_ALL_SNAPSHOTS', list);
    assert.deepEqual(
      snapshots.map(({ name }) => name),
      ['s1'],
    );
    await client.call('DOMAIN_SNAPSHOT_DELETE', { snap, flags: 0 });
    await client.call('DOMAIN_UNDEFINE_FLAGS', { dom, flags: 0 });
    assert.equal(await errorName(lookUp(client, 'second')), 'NO_DOMAIN');
  },
);

void test(
  'statistics, parameters and processors come as libvirtd sends them',
  { skip },
  async () => {
    await using client = await open();
    const dom = await lookUp(client);
    const { retStats } = await client.call('CONNECT_GET_ALL_DOMAIN_STATS', {
      doms: [],
      stats: 0,
      flags: 0,
    });
    assert.equal(retStats[0]?.dom.name, 'test');
    assert.equal(paramNumber(paramsByName(retStats[0].params).get('state.state')), 1);
    const scheduler = await client.call('DOMAIN_GET_SCHEDULER_PARAMETERS', { dom, nparams: 1 });
    assert.deepEqual(
      scheduler.params.map(({ field }) => field),
      ['weight'],
    );
    const vcpus = await client.call('DOMAIN_GET_VCPUS', { dom, maxinfo: 2, maplen: 2 });
    assert.equal(vcpus.info.length, 2);
    assert.equal(vcpus.cpumaps.length, 4);
    const memory = await client.call('DOMAIN_MEMORY_STATS', { dom, maxStats: 16, flags: 0 });
    assert.ok(memory.stats.length > 0);
    const cells = await client.call('NODE_GET_CELLS_FREE_MEMORY', { startCell: 0, maxcells: 2 });
    assert.equal(cells.cells.length, 2);
    await client.call('DOMAIN_SET_METADATA', {
      dom,
      type: 0,
      metadata: 'what it is for',
      key: null,
      uri: null,
      flags: 0,
    });
    const described = await client.call('DOMAIN_GET_METADATA', {
      dom,
      type: 0,
      uri: null,
      flags: 0,
    });
    assert.equal(described.metadata, 'what it is for');
  },
);

void test(
  'networks, pools, volumes, devices and interfaces are listed and looked up',
  { skip },
  async () => {
    await using client = await open();
    const all = { need_results: 1, flags: 0 };
    const { nets } = await client.call('CONNECT_LIST_ALL_NETWORKS', all);
    const { pools } = await client.call('CONNECT_LIST_ALL_STORAGE_POOLS', all);
    const { devices } = await client.call('CONNECT_LIST_ALL_NODE_DEVICES', all);
    const { ifaces } = await client.call('CONNECT_LIST_ALL_INTERFACES', all);
    const names = (things: readonly { readonly name: string }[]): string[] =>
      things.map(({ name }) => name);
    const listed = async (...args: string[]): Promise<string[]> =>
      (await virsh(address(), ...args)).out.split(/\s+/).filter((word) => word !== '');
    assert.deepEqual(names(nets), await listed('net-list', '--all', '--name'));
    assert.deepEqual(names(pools), await listed('pool-list', '--all', '--name'));
    // Its test driver does not take the flags of virsh's nodedev-list.
    assert.ok(names(devices).includes('computer'));
    assert.ok((await listed('iface-list', '--all')).includes(ifaces[0]?.name ?? '-'));
    const [pool] = pools;
    assert.ok(pool);
    const { vol } = await client.call('STORAGE_VOL_CREATE_XML', {
      pool,
      xml: '<volume><name>v1</name><capacity>1048576</capacity></volume>',
      flags: 0,
    });
    assert.equal((await client.call('STORAGE_VOL_GET_INFO', { vol })).capacity, 1_048_576n);
    assert.equal((await client.call('STORAGE_VOL_GET_PATH', { vol })).name, vol.key);
    assert.deepEqual(await client.call('STORAGE_VOL_LOOKUP_BY_KEY', { key: vol.key }), { vol });
    await client.call('STORAGE_VOL_DELETE', { vol, flags: 0 });
    assert.equal(await errorName(client.call('STORAGE_VOL_GET_INFO', { vol })), 'NO_STORAGE_VOL');
    // The old calls, which old clients make.
    const { num } = await client.call('CONNECT_NUM_OF_DOMAINS', {});
    assert.equal((await client.call('CONNECT_LIST_DOMAINS', { maxids: num })).ids.length, num);
  },
);

void test('events of changes made by another client arrive in order', { skip }, async () => {
  await using client = await open();
  await using other = await open();
  const dom = await lookUp(client);
  const subscription = await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  const networks = await client.subscribe('NETWORK_EVENT_LIFECYCLE');
  await other.call('DOMAIN_SUSPEND', { dom });
  await other.call('DOMAIN_RESUME', { dom });
  const { net } = await other.call('NETWORK_LOOKUP_BY_NAME', { name: 'default' });
  await other.call('NETWORK_DESTROY', { net });
  await other.call('NETWORK_CREATE', { net });
  const seen: number[] = [];
  for await (const { msg } of subscription) {
    assert.equal(msg.dom.uuid, dom.uuid);
    seen.push(msg.event);
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen, [3, 4], 'suspended, resumed');
  const changes: number[] = [];
  for await (const { event } of networks) {
    changes.push(event);
    if (changes.length === 2) break;
  }
  assert.deepEqual(changes, [3, 2], 'stopped, started');
  await Promise.all([subscription.close(), networks.close()]);
});

void test(
  'a stream is read to its end, finished, or aborted, and the connection goes on',
  { skip },
  async () => {
    await using client = await open();
    const dom = await lookUp(client);
    const args = { dom, screen: 0, flags: 0 };
    const first = await client.open('DOMAIN_SCREENSHOT', args);
    assert.equal(first.ret.mime, 'image/png');
    const pieces: Buffer[] = [];
    for await (const part of first.stream.parts())
      if (part.kind === 'data') pieces.push(part.bytes);
    await first.stream.finish();
    assert.equal(Buffer.concat(pieces).subarray(1, 4).toString(), 'PNG');
    const second = await client.open('DOMAIN_SCREENSHOT', args);
    await second.stream[Symbol.asyncDispose]();
    const third = await client.open('DOMAIN_SCREENSHOT', args);
    await third.stream.finish();
    assert.deepEqual(await lookUp(client), dom);
  },
);

void test(
  'keepalive keeps a silent connection, with pings in both directions',
  { skip },
  async () => {
    await using client = await open({ keepalive: { intervalMs: 30, count: 3 } });
    const before = Date.now();
    const subscription = await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
    const silence = AbortSignal.timeout(400);
    await new Promise((resolve) => silence.addEventListener('abort', resolve));
    assert.ok(Date.now() - before >= 390);
    await subscription.close();
    assert.equal((await client.call('CONNECT_GET_TYPE', {})).type, 'TEST');
  },
);

void test('libvirtd ending is heard by whoever waits', { skip }, async () => {
  const own = await startLibvirtd();
  const client = await connectLibvirt(`test+unix:///default?socket=${own.socket}`);
  const subscription = await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  const reading = assert.rejects(
    async () => {
      for await (const _ of subscription);
    },
    (error) => isFault(error, 'unavailable'),
  );
  await own[Symbol.asyncDispose]();
  await reading;
  assert.equal((await client.closed)?.code, 'unavailable');
});

void test('FED-34 TLS with client certificates, as libvirtd demands it', { skip }, async () => {
  await using authority = await makeAuthority('admin');
  const { cert, key } = await authority.issue('localhost', 'DNS:localhost,IP:127.0.0.1');
  const pki = join(authority.folder, 'server');
  await mkdir(pki);
  await writeFile(join(pki, 'cert.pem'), cert);
  await writeFile(join(pki, 'key.pem'), key);
  const port = await findFreePort();
  await using own = await startLibvirtd(
    [
      'listen_tls = 1',
      'listen_addr = "127.0.0.1"',
      `tls_port = "${port}"`,
      `cert_file = "${join(pki, 'cert.pem')}"`,
      `key_file = "${join(pki, 'key.pem')}"`,
      `ca_file = "${join(authority.folder, 'cacert.pem')}"`,
      'tls_no_sanity_certificate = 1',
      'tls_allowed_dn_list = ["CN=admin"]',
    ],
    ['--listen'],
  );
  await untilOpen({ host: '127.0.0.1', port });
  const tls = { ca: authority.ca, ...authority.client };
  const remote = `test+tls://localhost:${port}/default`;
  {
    await using client = await connectLibvirt(remote, { tls });
    assert.equal((await client.call('CONNECT_IS_SECURE', {})).secure, 1);
  }
  const stranger = await authority.issue('stranger', 'DNS:stranger');
  await assert.rejects(
    connectLibvirt(remote, { tls: { ca: authority.ca, ...stranger } }),
    (error) => isFault(error, 'unauthenticated') && error.facts['component'] === 'certificate',
    own.log(),
  );
});
