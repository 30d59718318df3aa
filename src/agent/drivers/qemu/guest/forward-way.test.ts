/** With a real QEMU: a machine whose firmware finds nothing has no network, as one that hangs. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { connectQmp } from '#qemu';
import { forwardWay } from './forward-way.ts';

const program = 'qemu-system-x86_64';
const skip = spawnSync(program, ['--version']).status === 0 ? false : 'QEMU is not installed';
const { signal } = new AbortController();
const hostAddress = '127.0.0.1';
const protocol = 'tcp';

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, hostAddress);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test(
  'a guest that answers nobody is silent, though QEMU takes the connection',
  { skip },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gfw-'));
    const monitor = join(folder, 'qmp');
    const hostPort = await findFreePort();
    const network = `user,id=n0,hostfwd=tcp:${hostAddress}:${hostPort}-:80`;
    const machine = `-nodefaults -display none -m 32 -device virtio-net-pci,netdev=n0,romfile=`;
    const qemu = spawn(program, [
      ...machine.split(' '),
      '-qmp',
      `unix:${monitor},server=on,wait=off`,
      '-netdev',
      network,
    ]);
    try {
      for (let turn = 0; !existsSync(monitor) && turn < 500; turn += 1) await systemClock.sleep(20);
      await using client = await connectQmp(monitor, { timeoutMs: 10_000 });
      const forward = { protocol, hostAddress, hostPort, guestPort: 80 } as const;
      const way = forwardWay([{ ...forward, protocol: 'udp' }, forward], () => client);
      assert.equal(await way?.('first', signal), 'silent');
      // Where nobody takes the connection nothing is known of the guest.
      const elsewhere = { ...forward, hostPort: await findFreePort() };
      assert.equal(await forwardWay([elsewhere], () => client)?.('first', signal), 'unknown');
      assert.equal(
        forwardWay([], () => client),
        undefined,
      );
    } finally {
      qemu.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  },
);
