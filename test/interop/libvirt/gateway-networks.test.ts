/** Networks for libvirt's clients: Gantry's own, defined, started, changed and taken out, as virsh and language bindings do it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Event, Network, Page } from '#api';
import { GatewayRoom } from './gateway-room.ts';
import { run, virsh, wantsPackage, whyNot } from './tools.ts';

const python = '/usr/bin/python3';
const skip = await whyNot('virsh');
const bindings = await run(python, ['-c', 'import libvirt']);
const noBindings = skip || (bindings.code !== 0 && wantsPackage('python3-libvirt'));

let room: GatewayRoom;
before(async () => {
  if (skip === false) room = await GatewayRoom.open();
});
after(() => room?.[Symbol.asyncDispose]());

const uuid = '5ea3bb4e-52a1-4e6c-9d5a-3c1f6f4a1b11';
/** As programs write it: with what hosts choose by themselves. */
const lan = `<network>
  <name>lan</name><uuid>${uuid}</uuid>
  <forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
  <bridge name='virbr7' stp='on' delay='0'/>
  <mac address='52:54:00:6c:3c:01'/>
  <domain name='lab.test' localOnly='yes'/>
  <ip address='192.168.124.1' netmask='255.255.255.0'><dhcp>
    <range start='192.168.124.128' end='192.168.124.254'/>
    <host mac='52:54:00:aa:00:01' ip='192.168.124.20'/>
  </dhcp></ip>
</network>`;

async function fileOf(text: string): Promise<string> {
  const path = join(room.stage.folder, 'network.xml');
  await writeFile(path, text);
  return path;
}

async function shown(name: string): Promise<Network> {
  const { status, json, text } = await room.stage.send('GET', `/networks/${name}`);
  assert.equal(status, 200, text);
  return json as Network;
}

/** What virsh says against it. */
async function refusal(...words: readonly string[]): Promise<string> {
  const { code, err } = await virsh(room.address(), ...words);
  assert.equal(code, 1, words.join(' '));
  return err;
}

void test(
  'a network that virsh defines is one of Gantry, with the UUID and the addresses that were asked for, from connection to connection',
  { skip },
  async () => {
    await room.say('net-define', await fileOf(lan));
    const made = await shown('lan');
    assert.deepEqual(
      [made.id, made.type, made.domain, made.ipv4?.gateway, made.ipv4?.service, made.reservations],
      [
        uuid,
        'nat',
        'lab.test',
        '192.168.124.1',
        '192.168.124.2',
        [{ mac: '52:54:00:aa:00:01', address: '192.168.124.20' }],
      ],
    );
    assert.deepEqual(
      [made.ipv4?.dhcp?.first, made.ipv4?.dhcp?.last],
      ['192.168.124.128', '192.168.124.254'],
    );
    assert.match(await room.say('net-list', '--all'), /lan +inactive +yes +yes/);
    assert.match(await refusal('net-destroy', 'lan'), /network is not active/);
    await room.say('net-start', 'lan');
    assert.match(await refusal('net-start', 'lan'), /network is already active/);
    assert.match(await room.say('net-list'), /lan +active +yes +yes/);
    await room.say('net-autostart', 'lan');
    assert.match(await refusal('net-autostart', 'lan', '--disable'), /always starts by itself/);
    assert.match(
      await room.say('net-info', 'lan'),
      /Active: +yes\nPersistent: +yes\nAutostart: +yes/,
    );
  },
);

void test(
  'the description that virsh dumps changes nothing when it is defined again, and what it cannot say stays',
  { skip },
  async () => {
    const patch = { dhcpGuard: false, tags: ['test'] };
    const { status, text } = await room.stage.send('PATCH', '/networks/lan', { body: patch });
    assert.equal(status, 200, text);
    const before = await shown('lan');
    const xml = await room.say('net-dumpxml', 'lan');
    await room.say('net-define', await fileOf(xml));
    assert.equal((await shown('lan')).version, before.version);
    const moved = xml.replace("end='192.168.124.254'", "end='192.168.124.250'");
    await room.say('net-define', await fileOf(moved.replace('lab.test', 'lan.test')));
    const { ipv4, domain, dhcpGuard, tags } = await shown('lan');
    assert.deepEqual(
      [ipv4?.dhcp?.last, ipv4?.service, domain, dhcpGuard, tags],
      ['192.168.124.250', '192.168.124.2', 'lan.test', false, ['test']],
    );
  },
);

void test('addresses are reserved one by one, and a range is taken out', { skip }, async () => {
  const update = (...words: readonly string[]): Promise<string> =>
    room.say('net-update', 'lan', ...words, '--live', '--config');
  const host = (mac: string, ip: string): string =>
    `<host mac='52:54:00:aa:00:${mac}' ip='${ip}'/>`;
  await update('add-last', 'ip-dhcp-host', host('02', '192.168.124.21'));
  await update('add-first', 'ip-dhcp-host', host('03', '192.168.124.22'));
  await update('modify', 'ip-dhcp-host', host('01', '192.168.124.30'));
  await update('delete', 'ip-dhcp-host', "<host mac='52:54:00:aa:00:02'/>");
  assert.deepEqual(
    (await shown('lan')).reservations.map(({ mac, address }) => [mac.slice(-2), address]),
    [
      ['03', '192.168.124.22'],
      ['01', '192.168.124.30'],
    ],
  );
  for (const [words, why] of [
    [['add', 'ip-dhcp-host', host('09', '192.168.124.30')], /existing dhcp host entry/],
    [['delete', 'ip-dhcp-host', host('0f', '192.168.124.99')], /couldn't locate/],
    [['add', 'ip-dhcp-range', "<range start='192.168.124.5' end='192.168.124.9'/>"], /one range/],
    [['add', 'dns-host', "<host ip='192.168.124.5'><hostname>a</hostname></host>"], /net-edit lan/],
    [
      ['add', 'ip-dhcp-host', "<host mac='52:54:00:aa:00:08' name='a' ip='192.168.124.8'/>"],
      /no dhcp\/host name/,
    ],
  ] as const)
    assert.match(await refusal('net-update', 'lan', ...words), why);
  for (const mac of ['01', '03'])
    await update('delete', 'ip-dhcp-host', `<host mac='52:54:00:aa:00:${mac}'/>`);
  const range = "<range start='192.168.124.128' end='192.168.124.250'/>";
  await update('delete', 'ip-dhcp-range', range);
  assert.equal((await shown('lan')).ipv4?.dhcp, null);
  await update('add', 'ip-dhcp-range', range);
  assert.equal((await shown('lan')).ipv4?.dhcp?.first, '192.168.124.128');
});

void test('what a network here cannot have is refused, all of it by name', { skip }, async () => {
  for (const [body, why] of [
    [
      "<mtu size='9000'/><bandwidth/><ip address='10.9.0.1' prefix='24'><tftp root='/srv'/></ip>",
      /a network has no mtu, bandwidth, ip\/tftp/,
    ],
    ["<forward mode='route'/>", /no forward mode route/],
    ["<ip family='ipv6' address='fd00::1' prefix='64'/>", /no ip family ipv6/],
    [
      "<forward mode='bridge'/><bridge name='br0'/><ip address='10.9.0.1' prefix='24'/>",
      /physical/,
    ],
    ["<ip address='10.9.0.1'/>", /no netmask or prefix/],
  ] as const) {
    const file = await fileOf(`<network><name>odd</name>${body}</network>`);
    assert.match(await refusal('net-define', file), why);
  }
  const other = lan.replace('<name>lan<', '<name>other<');
  assert.match(await refusal('net-define', await fileOf(other)), /already exists with uuid/);
  const isolated = lan.replace(/<forward.*\n/, '');
  assert.match(await refusal('net-define', await fileOf(isolated)), /is nat and stays so/);
  assert.equal(
    (await virsh(room.address('all', 'libvirt-sock-ro'), 'net-undefine', 'lan')).code,
    1,
  );
  assert.match(await room.say('net-list', '--all', '--name'), /^lan\n+$/);
});

void test(
  'a network that a vm runs on is neither stopped nor taken out, and one that nobody uses is',
  { skip },
  async () => {
    const { id, name } = await room.offVm('h1');
    const adapters = [
      {
        slot: 0,
        model: 'virtio',
        mac: '52:54:00:bb:00:01',
        attachment: { kind: 'network', network: 'lan' },
      },
    ];
    await room.stage.act('PATCH', `/vms/${id}`, { hardware: { adapters } });
    await room.say('net-destroy', 'lan');
    assert.match(await room.say('net-list', '--inactive', '--name'), /^lan\n+$/);
    await room.say('start', name);
    // A vm needs it.
    assert.match(await room.say('net-list', '--name'), /^lan\n+$/);
    assert.match(await refusal('net-destroy', 'lan'), new RegExp(`in use by ${name}`));
    assert.match(await refusal('net-undefine', 'lan'), new RegExp(`in use by .*${name}`));
    await room.say('destroy', name);
    await room.stage.act('PATCH', `/vms/${id}`, { hardware: { adapters: [] } });
    await room.say('net-undefine', 'lan');
    assert.match(await refusal('net-info', 'lan'), /no network with matching name 'lan'/);
  },
);

void test(
  "libvirt's own network default fits, and one without definition goes with its end",
  { skip },
  async () => {
    const words = `<network><name>default</name><forward/><ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>`;
    await room.say('net-create', await fileOf(words));
    const { ipv4 } = await shown('default');
    assert.deepEqual([ipv4?.service, ipv4?.dhcp?.first], ['192.168.122.2', '192.168.122.3']);
    assert.match(await room.say('net-info', 'default'), /Active: +yes\nPersistent: +no/);
    assert.match(await refusal('net-create', await fileOf(words)), /already active as 'default'/);
    await room.say('net-destroy', 'default');
    assert.equal((await room.say('net-list', '--all', '--name')).trim(), '');
  },
);

const script = `
import json, libvirt, sys, threading
libvirt.virEventRegisterDefaultImpl()
libvirt.virEventAddTimeout(50, lambda *a: None, None)
def loop():
    while True: libvirt.virEventRunDefaultImpl()
threading.Thread(target=loop, daemon=True).start()
libvirt.registerErrorHandler(lambda *a: None, None)
conn = libvirt.open(sys.argv[1])
conn.setKeepAlive(5, 3)
seen, enough = [], threading.Event()
def on_event(conn, net, event, detail, opaque):
    seen.append(event)
    if event == libvirt.VIR_NETWORK_EVENT_UNDEFINED: enough.set()
conn.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, on_event, None)
out = []
net = conn.networkDefineXML("<network><name>py</name><ip address='10.66.0.1' prefix='24'/></network>")
out.append([net.isActive(), net.isPersistent(), conn.numOfDefinedNetworks()])
net.create()
net.setAutostart(1)
out.append([net.isActive(), net.autostart(), conn.listNetworks()])
net.destroy()
net.undefine()
out.append(conn.listAllNetworks())
enough.wait(20)
print(json.dumps([out, seen]))
`;

void test(
  'a program on language bindings defines, starts, stops and takes out a network, and hears of it',
  { skip: noBindings },
  async () => {
    const { out, err, code } = await run(python, ['-c', script, room.address()]);
    assert.equal(code, 0, err);
    // Defined, started, stopped, undefined.
    assert.deepEqual(JSON.parse(out), [
      [[0, 1, 1], [1, 1, ['py']], []],
      [0, 2, 3, 1],
    ]);
    const { json } = await room.stage.send('GET', '/events?filter=name%20%3D%20network.created');
    const { items } = json as Page<Event>;
    assert.ok(items.some(({ target, actor }) => target.name === 'py' && actor.kind === 'user'));
  },
);
