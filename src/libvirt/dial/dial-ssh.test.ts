import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeFault, isFault } from '#lib';
import { connectLibvirt } from '../client/connect.ts';
import { LibvirtServer } from '../server/listen.ts';
import { Fleet } from '../testing/fleet.ts';
import { sshArguments } from './dial-ssh.ts';
import type { Place } from './place.ts';
import { parseUri } from './uri.ts';

const full = { to: { daemon: 'write' }, verify: 'full' } as const;

void test('FED-27 ssh is given the user, the port and what the parameters say, and no terminal', () => {
  const uri = parseUri(
    'qemu+ssh://ann@h1:2222/system?keyfile=/k&known_hosts=/kh&known_hosts_verify=auto',
  );
  const args = sshArguments(uri, full);
  assert.equal(
    args.slice(0, -1).join(' '),
    '-T -e none -o BatchMode=yes -p 2222 -l ann -i /k -o UserKnownHostsFile=/kh ' +
      '-o StrictHostKeyChecking=accept-new -- h1',
  );
  assert.match(
    args.at(-1) ?? '',
    /virt-ssh-helper qemu:\/\/\/system.*nc -U \/run\/libvirt\/libvirt-sock/,
  );
  assert.ok(!sshArguments(parseUri('qemu+ssh://h1/'), full).includes('-l'), 'the current user');
  const readOnly = sshArguments(parseUri('qemu+ssh://h1/system?proxy=native'), {
    to: { daemon: 'read' },
    verify: 'none',
  });
  assert.equal(readOnly.at(-1), 'virt-ssh-helper -r qemu:///system');
  assert.ok(readOnly.includes('StrictHostKeyChecking=no'));
});

void test('other services of the far side are reached by their address or their socket', () => {
  const uri = parseUri('qemu+ssh://ann@h1/system');
  const last = (to: Place, count: number): readonly string[] =>
    sshArguments(uri, { to, verify: 'full' }).slice(-count);
  assert.deepEqual(last({ host: '127.0.0.1', port: 5900 }, 4), [
    '-W',
    '127.0.0.1:5900',
    '--',
    'h1',
  ]);
  assert.deepEqual(last({ host: '::1', port: 5900 }, 4), ['-W', '[::1]:5900', '--', 'h1']);
  assert.deepEqual(last({ path: '/a b' }, 3), ['--', 'h1', `nc -U '/a b'`]);
});

/** A program that stands for ssh: hands the far side's command to a shell, as sshd does. */
const fakeSsh = `#!/bin/sh
while [ "$1" != "--" ]; do shift; done
host=$2
if [ "$host" = locked ]; then echo 'ann@locked: Permission denied (publickey).' >&2; exit 255; fi
exec sh -c "$3"
`;
/** A program that stands for netcat, with a name that a careless shell would split and expand. */
const relay = `#!${process.execPath}
const socket = require('node:net').connect(process.argv[3]);
process.stdin.pipe(socket).pipe(process.stdout);
`;

void test('frames go through ssh to netcat on the socket of the far side, whatever its names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  try {
    const ssh = join(folder, 'ssh');
    const netcat = join(folder, `it's $(touch x) "nc"`);
    const socket = join(folder, 'a b;c');
    await writeFile(ssh, fakeSsh);
    await writeFile(netcat, relay);
    await Promise.all([chmod(ssh, 0o755), chmod(netcat, 0o755)]);
    await using server = new LibvirtServer({ open: new Fleet(['alpha']).open });
    await server.listenUnix({ path: socket, access: 'write' });
    const address = (host: string): string =>
      `fleet+ssh://${host}/all?command=${encodeURIComponent(ssh)}` +
      `&netcat=${encodeURIComponent(netcat)}&socket=${encodeURIComponent(socket)}`;
    {
      await using client = await connectLibvirt(address('h1'));
      assert.deepEqual(await client.call('CONNECT_GET_TYPE', {}), { type: 'FLEET' });
    }
    await assert.rejects(connectLibvirt(address('locked')), (error) => {
      assert.ok(isFault(error));
      assert.match(describeFault(error), /Permission denied/);
      assert.equal(error.facts['component'], 'login');
      return true;
    });
    await assert.rejects(connectLibvirt('fleet+ssh://h1/?command=/nonexistent'), (error) =>
      isFault(error, 'unavailable'),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
