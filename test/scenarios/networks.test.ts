/** Networks through the command line, on one coordinator with a simulated host. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Network, Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;
before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
});
after(() => gantry[Symbol.asyncDispose]());

const show = (name: string): Promise<Network> => gantry.json<Network>('network', 'show', name);

test('the network `default` is there after the first start, unused, and is not made again once it was deleted', async () => {
  const up = ['up', '--simulate', '1x1', '--yes', '--listen', gantry.listen];
  const made = await show('default');
  assert.deepEqual([made.type, made.state, made.hosts], ['nat', 'unused', []]);
  assert.notEqual(made.ipv4?.dhcp ?? null, null);
  assert.doesNotMatch(await gantry.must(...up), /network default/);
  assert.equal((await show('default')).id, made.id);
  await gantry.must('network', 'delete', 'default');
  await gantry.must(...up);
  assert.deepEqual(await gantry.json('network', 'list'), []);
});

test('a network is one command, and what is left out has a value that fits', async () => {
  assert.match(
    await gantry.must('network', 'create', 'lab'),
    /network lab with 10\.\d+\.\d+\.0\/24 was created/,
  );
  assert.match(await gantry.must('network', 'list'), /lab +nat +unused +10\./);
  const text = await gantry.must('network', 'show', 'lab');
  for (const line of [/type +nat: its vms reach/, /gateway +10\./, /forged addresses +dropped/])
    assert.match(text, line);
});

test('every setting of a network is one option, and a change leaves the others as they are', async () => {
  const settings =
    '--subnet 10.80.0.0/24 --domain office.test --range 10.80.0.50-10.80.0.99 --lease 600 ' +
    '--wins 10.80.0.8 --reserve 52:47:59:01:02:03=10.80.0.9 --promiscuous on ' +
    '--forward 8080=10.80.0.9:80 --forward 192.0.2.1:53=10.80.0.9:53/udp';
  await gantry.must('network', 'create', 'office', ...settings.split(' '));
  const before = await show('office');
  assert.deepEqual(before.ipv4?.dhcp, {
    first: '10.80.0.50',
    last: '10.80.0.99',
    leaseSeconds: 600,
    renewSeconds: null,
    rebindSeconds: null,
    winsServers: ['10.80.0.8'],
    options: [],
    boot: null,
  });
  assert.deepEqual(
    before.forwards.map(({ protocol, hostAddress, hostPort }) => [protocol, hostAddress, hostPort]),
    [
      ['tcp', null, 8080],
      ['udp', '192.0.2.1', 53],
    ],
  );
  await gantry.must('network', 'set', 'office', '--lease', '1200', '--name', 'floor');
  const changed = await show('floor');
  assert.deepEqual(
    [changed.ipv4?.dhcp?.leaseSeconds, changed.ipv4?.dhcp?.first, changed.promiscuous],
    [1200, '10.80.0.50', true],
  );
  assert.deepEqual(changed.reservations, before.reservations);
  const { code, err } = await gantry.run(['network', 'set', 'floor', '--forward', 'x']);
  assert.equal(code !== 0, true);
  assert.match(err, /--forward x is not PORT=ADDRESS:PORT/);
});

test('further DHCP options, and what vms boot, are options that are shown, kept and taken away', async () => {
  const settings =
    '--dhcp-option 42=10.84.0.5,10.84.0.6 --dhcp-option 252=http://wpad.test/a,b ' +
    '--dhcp-option 43=hex:0102ff --boot pxelinux.0 --boot-server 10.84.0.5';
  await gantry.must('network', 'create', 'farm', ...`--subnet 10.84.0.0/24 ${settings}`.split(' '));
  const shown = await gantry.must('network', 'show', 'farm');
  for (const line of [
    /DHCP option +42: 10\.84\.0\.5,10\.84\.0\.6/,
    /DHCP option +252: http:\/\/wpad\.test\/a,b/,
    /DHCP option +43: hex:0102ff/,
    /boot +pxelinux\.0 of 10\.84\.0\.5/,
  ])
    assert.match(shown, line);
  await gantry.must('network', 'set', 'farm', '--boot-uefi', 'shimx64.efi', '--lease', '900');
  const { options, boot, leaseSeconds } = (await show('farm')).ipv4?.dhcp ?? {};
  assert.deepEqual(
    [options?.map(({ code, kind }) => [code, kind]), boot, leaseSeconds],
    [
      [
        [42, 'addresses'],
        [252, 'text'],
        [43, 'bytes'],
      ],
      { server: '10.84.0.5', file: 'pxelinux.0', uefiFile: 'shimx64.efi' },
      900,
    ],
  );
  for (const [words, answer] of [
    [['--dhcp-option', 'x'], /--dhcp-option x is not CODE=VALUE/],
    [['--dhcp-option', '150=tftp'], /options\/0\/kind: 150 is of addresses/],
  ] as const) {
    const { code, err } = await gantry.run(['network', 'set', 'farm', ...words]);
    assert.notEqual(code, 0);
    assert.match(err, answer);
  }
  await gantry.must('network', 'set', 'farm', '--dhcp-option', 'none', '--boot', 'none');
  const left = (await show('farm')).ipv4?.dhcp;
  assert.deepEqual([left?.options, left?.boot, left?.leaseSeconds], [[], null, 900]);
  await gantry.must('network', 'delete', 'farm');
});

test('IPv6 of a network is one option: a prefix of its own or a chosen one, and forwards into it', async () => {
  await gantry.must('network', 'create', 'six', '--ipv6', 'auto');
  const { ipv6 } = await show('six');
  assert.match(ipv6?.prefix ?? '', /^fd[0-9a-f:]+::\/64$/);
  assert.deepEqual([ipv6?.addressing, ipv6?.outside], ['slaac', 'translated']);
  const chosen =
    '--ipv6 2001:DB8:5:1::/64 --ipv6-outside routed --forward 80=[2001:db8:5:1::80]:80';
  await gantry.must('network', 'set', 'six', ...chosen.split(' '));
  const changed = await show('six');
  assert.deepEqual(
    [changed.ipv6?.prefix, changed.ipv6?.outside, changed.forwards[0]?.address],
    ['2001:db8:5:1::/64', 'routed', '2001:db8:5:1::80'],
  );
  assert.match(await gantry.must('network', 'show', 'six'), /seen outside as +their own addresses/);
  const wrong = await gantry.run(['network', 'set', 'six', '--forward', '80=[fd00::1]:80']);
  assert.match(wrong.err, /is not an address of the network/);
  await gantry.must('network', 'delete', 'six');
});

test('a vm is made on a network, moved to another one and shown with it', async () => {
  await gantry.must('network', 'create', 'one', '--type', 'internal');
  await gantry.must('network', 'create', 'two', '--type', 'internal');
  await gantry.must('vm', 'create', 'web', '--network', 'one', '--start');
  assert.match(await gantry.must('vm', 'show', 'web'), /adapter 0 +virtio .*, network one/);
  assert.match(
    await gantry.must('vm', 'set-adapter', 'web', '0', '--network', 'two', '--link', 'down'),
    /adapter 0 of web was changed/,
  );
  assert.match(await gantry.must('vm', 'show', 'web'), /network two, cable out/);
  assert.deepEqual(await gantry.json('network', 'leases', 'two'), []);
  const { code, err } = await gantry.run(['network', 'delete', 'two']);
  assert.equal(code !== 0, true);
  assert.match(err, /network two is in use by 1 adapter of a vm: web$/m);
  await gantry.must('vm', 'attach-adapter', 'web', '--network', 'one');
  await gantry.must('vm', 'set-adapter', 'web', '0', '--network', 'none', '--optional', 'yes');
  const { definition } = await gantry.json<Vm>('vm', 'show', 'web');
  assert.deepEqual(
    definition.hardware.adapters.map(({ attachment, optional }) => [attachment.kind, optional]),
    [
      ['none', true],
      ['network', false],
    ],
  );
  await gantry.must('network', 'delete', 'two');
});

test('limits and priority of an adapter are options, and one limit leaves the other as it is', async () => {
  await gantry.must('network', 'create', 'narrow', '--type', 'internal');
  await gantry.must('vm', 'create', 'slow', '--network', 'narrow', '--start');
  const set = (...options: string[]): Promise<string> =>
    gantry.must('vm', 'set-adapter', 'slow', '0', ...options);
  assert.match(
    await set('--inbound', '100M', '--priority', 'high'),
    /adapter 0 of slow was changed/,
  );
  await set('--outbound', '1.5M');
  assert.match(
    await gantry.must('vm', 'show', 'slow'),
    /network narrow, inbound 100 Mbit\/s, outbound 1\.5 Mbit\/s, high priority/,
  );
  await set('--inbound', 'none', '--vlan', '100', '--vlan', '200-210');
  const { definition } = await gantry.json<Vm>('vm', 'show', 'slow');
  assert.deepEqual(definition.hardware.adapters[0]?.vlans, [
    { first: 100, last: 100 },
    { first: 200, last: 210 },
  ]);
  assert.deepEqual(definition.hardware.adapters[0]?.bandwidth, {
    inboundBitsPerSecond: null,
    outboundBitsPerSecond: 1_500_000,
  });
  const { code, err } = await gantry.run(['vm', 'set-adapter', 'slow', '0', '--network', 'user']);
  assert.notEqual(code, 0);
  assert.match(err, /adapters\/0\/bandwidth: is kept by a network, not by a user-mode network/);
});

test('firewalls of an adapter and of a network are lines of words, and a wrong one is told with its place', async () => {
  await gantry.must(
    'network',
    'create',
    'walled',
    '--type',
    'internal',
    '--rule',
    'deny out tcp 25',
  );
  await gantry.must('vm', 'create', 'fort', '--network', 'walled', '--start');
  const set = (...options: string[]): Promise<string> =>
    gantry.must('vm', 'set-adapter', 'fort', '0', ...options);
  const rule = 'allow in tcp 22,8000-8080 from 10.80.0.0/24';
  assert.match(await set('--default-in', 'deny', '--rule', rule), /adapter 0 of fort was changed/);
  await set('--address', '10.80.0.9', '--address', 'fd00::9');
  const shown = await gantry.must('vm', 'show', 'fort');
  for (const line of [
    /firewall 0 +allow in tcp 22,8000-8080 from 10\.80\.0\.0\/24/,
    /firewall 0 +else deny in, allow out/,
    /network walled, 10\.80\.0\.9, fd00::9/,
  ])
    assert.match(shown, line);
  await gantry.must('network', 'set', 'walled', '--ip-source-guard', 'on', '--dhcp-guard', 'on');
  const network = await gantry.must('network', 'show', 'walled');
  for (const line of [/IP source guard +on/, /DHCP guard +on/, /firewall +deny out tcp 25/])
    assert.match(network, line);
  const wrong = await gantry.run(['network', 'set', 'walled', '--rule', 'allow in tcp 90-80']);
  assert.match(wrong.err, /firewall\/rules\/0\/ports\/0\/last: is below the first port/);
  await set('--rule', 'none', '--default-in', 'allow');
  assert.doesNotMatch(await gantry.must('vm', 'show', 'fort'), /firewall 0/);
});

test('NET-09 a network is created, exported, added from its definition, configured, renamed, and removed: while it is in use only by force', async () => {
  const settings = '--subnet 10.99.0.0/24 --domain nine.test --reserve 52:47:59:09:09:09=10.99.0.9';
  await gantry.must('network', 'create', 'nine', ...settings.split(' '));
  const text = await gantry.must('network', 'export', 'nine');
  const file = join(mkdtempSync(join(tmpdir(), 'gn-')), 'nine.yaml');
  writeFileSync(file, text);
  const before = await show('nine');
  assert.match(await gantry.must('apply', '-f', file), /0 created, 0 changed, 1 unchanged/);
  await gantry.must('network', 'delete', 'nine');
  assert.match(await gantry.must('apply', '-f', file), /1 created, 0 changed, 0 unchanged/);
  const added = await show('nine');
  assert.deepEqual(
    [added.ipv4, added.domain, added.reservations],
    [before.ipv4, before.domain, before.reservations],
  );
  writeFileSync(file, text.replace('nine.test', 'ten.test'));
  assert.match(await gantry.must('apply', '-f', file), /0 created, 1 changed, 0 unchanged/);
  assert.equal((await show('nine')).domain, 'ten.test');
  writeFileSync(file, text.replace('type: nat', 'type: host-only'));
  assert.match((await gantry.run(['apply', '-f', file])).err, /the type of network nine never/);
  await gantry.must('network', 'set', 'nine', '--name', 'neun', '--lease', '900');
  assert.equal((await show('neun')).ipv4?.dhcp?.leaseSeconds, 900);
  await gantry.must('vm', 'create', 'ninth', '--network', 'neun');
  const { code, err } = await gantry.run(['network', 'delete', 'neun']);
  assert.notEqual(code, 0);
  assert.match(err, /network neun is in use by 1 adapter of a vm/);
  await gantry.must('network', 'delete', 'neun', '--force');
  assert.match(await gantry.must('vm', 'show', 'ninth'), /network [0-9a-f-]+, which is gone/);
  rmSync(dirname(file), { recursive: true });
});
