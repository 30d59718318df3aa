import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OfferedChannels } from './offered-channels.ts';

test('a process that connects when the other host has gone is cut off, as one that is connected by then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'go-'));
  const offered = new OfferedChannels();
  try {
    for (const order of ['connects first', 'is late']) {
      const path = join(folder, 'go');
      const stream = await offered.offer('memory', path, undefined);
      if (order === 'is late') {
        stream.destroy();
        await once(stream, 'close');
      }
      const process = connect(path);
      process.on('error', () => undefined);
      const ended = Promise.withResolvers<void>();
      process.once('close', () => ended.resolve());
      process.write(Buffer.alloc(1 << 20));
      if (order === 'connects first') {
        await once(process, 'connect');
        stream.destroy();
      }
      await Promise.race([ended.promise, once(AbortSignal.timeout(5_000), 'abort')]);
      const isCut = process.destroyed;
      process.destroy();
      assert.ok(isCut, order);
    }
  } finally {
    await offered.end();
    await rm(folder, { recursive: true });
  }
});
