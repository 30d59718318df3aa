import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { dialBeside } from './dial-beside.ts';
import type { Place } from './place.ts';
import { parseUri } from './uri.ts';

const never = { signal: new AbortController().signal, unverified: 'refused' } as const;

void test('a service is reached by its port or its socket, one for all addresses by any', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lv-'));
  const [tcp, unix] = [createServer(), createServer()];
  const servers = [tcp, unix];
  try {
    const path = join(folder, 's');
    for (const server of servers) server.on('connection', (socket) => socket.end('hello'));
    tcp.listen(0, '127.0.0.1');
    unix.listen(path);
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const { port } = tcp.address() as AddressInfo;
    const word = async (address: string, place: Place): Promise<string> => {
      const socket = await dialBeside(parseUri(address), place, never);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return chunk.toString();
    };
    assert.equal(await word('qemu:///system', { path }), 'hello');
    assert.equal(await word('qemu:///system', { host: '0.0.0.0', port }), 'hello');
    // The way is that of the address, whatever the place calls its host.
    assert.equal(await word('qemu+tcp://127.0.0.1/system', { host: '192.0.2.1', port }), 'hello');
  } finally {
    for (const server of servers) server.close();
    await rm(folder, { recursive: true });
  }
});

void test('a local hypervisor names no place on other machines', async () => {
  await assert.rejects(
    dialBeside(parseUri('qemu:///system'), { host: '192.0.2.1', port: 5900 }, never),
    (error) =>
      isFault(error, 'unsupported') && /not an address of this machine/.test(error.message),
  );
});

void test('what listens on its own host only is not looked for elsewhere', async () => {
  for (const place of [{ host: '127.0.0.1', port: 5900 }, { host: '::1', port: 1 }, { path: '/s' }])
    await assert.rejects(
      dialBeside(parseUri('qemu+tls://h1/system'), place, never),
      (error) => isFault(error, 'unsupported') && /only on h1 itself/.test(error.message),
    );
});
