import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { describeDriver } from './driver-name.ts';
import { socketCandidates } from './socket-path.ts';
import { parseUri } from './uri.ts';

function componentOf(address: string): unknown {
  try {
    parseUri(address);
  } catch (error) {
    assert.ok(isFault(error), String(error));
    return error.facts['component'];
  }
  return undefined;
}

void test('FED-21 an address is driver, transport, user, host, port, path and parameters', () => {
  const uri = parseUri('qemu+ssh://root@h1.example:2222/system?keyfile=/k&x=1');
  assert.equal(uri.driver, 'qemu');
  assert.equal(uri.transport, 'ssh');
  assert.equal(uri.user, 'root');
  assert.equal(uri.host, 'h1.example');
  assert.equal(uri.port, 2222);
  assert.equal(uri.path, '/system');
  assert.equal(uri.params.keyfile, '/k');
  assert.equal(uri.name, 'qemu:///system?x=1');
  assert.equal(parseUri('lxc+tcp://[fe80::1%25eth0]:99/').host, 'fe80::1%eth0');
  for (const address of ['', 'qemu', 'qemu:/system', 'qemu://h:x/', 'qemu+://h/', '://h/#f']) {
    assert.equal(componentOf(address), 'address', address);
  }
});

void test('FED-22 drivers of today are known, and those that libvirt dropped are refused as such', () => {
  const today =
    'xen lxc vbox openvz esx qemu test hyperv vpx gsx vmwareplayer vmwarews bhyve ch vz';
  for (const name of today.split(' ')) assert.equal(describeDriver(name).status, 'current', name);
  for (const name of ['xenapi', 'uml', 'one', 'phyp']) {
    assert.equal(describeDriver(name).status, 'gone');
    assert.throws(
      () => parseUri(`${name}:///system`),
      (error) => isFault(error, 'unsupported') && error.message.includes(name),
    );
  }
  assert.equal(describeDriver('nonsense').status, 'unknown');
});

void test('FED-23 lxe is answered with lxc', () => {
  assert.throws(
    () => parseUri('lxe:///'),
    (error) => isFault(error, 'invalid') && /lxc/.test(error.hint ?? ''),
  );
});

void test('FED-24 remote, and an address without driver, let the other side choose', () => {
  assert.equal(parseUri('remote+ssh://h1/').name, '');
  assert.equal(parseUri('://h1/').name, '');
  assert.equal(parseUri('remote://h1/?name=qemu%3A%2F%2F%2Fsystem').name, 'qemu:///system');
});

void test('FED-25 all transports are recognised, others refused by name', () => {
  for (const name of ['unix', 'tcp', 'tls', 'ssh', 'libssh', 'libssh2', 'ext']) {
    assert.equal(parseUri(`qemu+${name}://h1/system`).transport, name);
  }
  assert.equal(componentOf('qemu+carrier://h1/system'), 'transport');
});

void test('SEC-69 FED-26 without a transport it is unix without a host and tls with one', () => {
  assert.equal(parseUri('qemu:///system').transport, 'unix');
  assert.equal(parseUri('qemu://h1/system').transport, 'tls');
});

void test('FED-29 the ports are 22, 16509 and 16514, and any other can be given', () => {
  assert.equal(parseUri('qemu+ssh://h/').port, 22);
  assert.equal(parseUri('qemu+tcp://h/').port, 16_509);
  assert.equal(parseUri('qemu+tls://h/').port, 16_514);
  assert.equal(parseUri('qemu+tls://h:1/').port, 1);
  assert.equal(parseUri('qemu:///').port, undefined);
  assert.equal(componentOf('qemu+tls://h:0/'), 'port');
  assert.equal(componentOf('qemu+tls://h:65536/'), 'port');
});

void test('FED-30 the path goes to the server as in the hypervisor’s local address', () => {
  assert.equal(parseUri('qemu+tls://u@h:1/session').name, 'qemu:///session');
  assert.equal(parseUri('test+tcp://h/path/file.xml').name, 'test:///path/file.xml');
  assert.equal(parseUri('vpx+ssh://h/dc/host').name, 'vpx:///dc/host');
});

void test('FED-31 the extra parameters are understood, passed on, or refused by name', () => {
  const uri = parseUri(
    'qemu+ssh://h/system?command=/bin/myssh&socket=/s&netcat=ncat&no_tty=1&mode=legacy' +
      '&proxy=netcat&known_hosts=/kh&known_hosts_verify=auto&pkipath=/p&no_verify=1',
  );
  assert.deepEqual(uri.params, {
    command: '/bin/myssh',
    socket: '/s',
    netcat: 'ncat',
    keyfile: undefined,
    knownHosts: '/kh',
    knownHostsVerify: 'auto',
    pkipath: '/p',
    mode: 'legacy',
    proxy: 'netcat',
    noVerify: true,
  });
  assert.equal(uri.name, 'qemu:///system');
  const esx = parseUri('esx+unix:///?transport=http&auto_answer=1&mode=direct');
  assert.equal(esx.name, 'esx:///?transport=http&auto_answer=1');
  for (const key of ['tls_priority', 'sshauth']) {
    assert.equal(componentOf(`qemu+tls://h/system?${key}=x`), key);
  }
  assert.equal(componentOf('qemu+ssh://h/?mode=sideways'), 'mode');
});

void test('passwords, options in disguise and control characters are refused', () => {
  assert.equal(componentOf('qemu+ssh://u:secret@h/'), 'user');
  assert.equal(componentOf('qemu+ssh://-oProxyCommand=x/'), 'host');
  assert.equal(componentOf('qemu+ssh://-l@h/'), 'user');
  assert.equal(componentOf('qemu+ssh://h/?socket=%0a'), 'socket');
  assert.equal(componentOf('qemu+ssh://h/?socket=%zz'), 'socket');
});

void test('whatever is typed is an address or a fault', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 60 }), fc.webUrl(), fc.webUrl({ withQueryParameters: true })),
      (text) => {
        componentOf(text);
      },
    ),
    { numRuns: 300 },
  );
});

void test('a local address finds the socket of the driver’s own daemon, or of the one for all', () => {
  const home = { XDG_RUNTIME_DIR: '/run/user/7' };
  const at = (address: string, access: 'read' | 'write'): readonly string[] =>
    socketCandidates(parseUri(address), access, home);
  assert.deepEqual(at('qemu:///system', 'write'), [
    '/run/libvirt/virtqemud-sock',
    '/run/libvirt/libvirt-sock',
  ]);
  assert.deepEqual(at('qemu:///system?mode=legacy', 'read'), ['/run/libvirt/libvirt-sock-ro']);
  assert.deepEqual(at('lxc:///?mode=direct', 'write'), ['/run/libvirt/virtlxcd-sock']);
  assert.deepEqual(at('qemu:///session?mode=legacy', 'read'), ['/run/user/7/libvirt/libvirt-sock']);
  assert.deepEqual(at('qemu:///system?socket=/x', 'write'), ['/x']);
});
