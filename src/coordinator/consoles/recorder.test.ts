/** Recordings on a volume that fills up. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { isFault, systemClock } from '#lib';
import { keepFreeBytes, Recorder } from './recorder.ts';

test('a recording begins only with space to spare, and ends, readable, before its volume is full', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gr-'));
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const dial = async (): Promise<{ port: WebSocket; agent: WebSocket }> => {
    const port = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [[agent]] = (await Promise.all([once(server, 'connection'), once(port, 'open')])) as [
      [WebSocket],
      unknown,
    ];
    return { port, agent };
  };
  try {
    let free = keepFreeBytes - 1;
    const parts = {
      console: 'serial1',
      path: join(folder, 'one.cast'),
      title: 'web-1: serial1',
      clock: systemClock,
      freeBytes: async () => free,
    } as const;
    const { port, agent } = await dial();
    await assert.rejects(Recorder.start(agent, parts), (error: unknown) =>
      isFault(error, 'exhausted'),
    );
    assert.deepEqual(await readdir(folder), []);
    free = keepFreeBytes;
    const recorder = await Recorder.start(agent, parts);
    port.send(Buffer.from('first'));
    while (!(await readFile(parts.path, 'utf8')).includes('first'));
    free = 0;
    for (let sent = 0; sent < 6; sent += 1) port.send(Buffer.alloc(1024 * 1024, 'x'));
    assert.equal(await recorder.ended, 'disk');
    const [, first = ''] = (await readFile(parts.path, 'utf8')).split('\n');
    assert.match(first, /"o","first"\]$/);
    port.terminate();
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
});
