import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringParam, uhyperParam, uintParam } from '#libvirt';
import { readGuestInformation } from './guest-information.ts';

test('what a guest tells through libvirt is bounded, and nothing is made up', () => {
  const told = readGuestInformation([
    stringParam('os.pretty-name', 'Debian GNU/Linux 12'),
    stringParam('hostname', 'web'),
    uintParam('user.count', 1),
    stringParam('user.0.name', 'ann'),
    uintParam('fs.count', 4_000_000_000),
    stringParam('fs.0.mountpoint', '/'),
    stringParam('fs.0.fstype', 'ext4'),
    uhyperParam('fs.0.total-bytes', 1024n),
    uintParam('if.count', 3),
    stringParam('if.0.hwaddr', '00:00:00:00:00:00'),
    uintParam('if.0.addr.count', 1),
    stringParam('if.0.addr.0.addr', '127.0.0.1'),
    stringParam('if.1.hwaddr', '52:54:00:AA:00:01'),
    uintParam('if.1.addr.count', 2),
    stringParam('if.1.addr.0.addr', '10.0.0.5'),
    uintParam('if.1.addr.0.prefix', 24),
    stringParam('if.1.addr.1.addr', 'fe80::1'),
    stringParam('if.2.name', 'without an address of its own'),
  ]);
  assert.deepEqual(
    [told.osName, told.hostName, told.users, told.timezone],
    ['Debian GNU/Linux 12', 'web', ['ann'], null],
  );
  assert.deepEqual(told.addresses, ['10.0.0.5']);
  assert.deepEqual(told.interfaces.at(-1), {
    mac: '52:54:00:aa:00:01',
    addresses: [{ address: '10.0.0.5', prefixLength: 24 }],
  });
  assert.deepEqual(told.fileSystems, [
    { mountPoint: '/', type: 'ext4', totalBytes: 1024, usedBytes: null },
  ]);
  const nothing = readGuestInformation([]);
  assert.deepEqual([nothing.users, nothing.addresses, nothing.osName], [null, [], null]);
});
