import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { DuplexSocket } from './duplex-socket.ts';
import { pipeSockets } from './pipe.ts';

test('bytes go both ways between two streams, and the end of one is the end of the other', async () => {
  const [near, far] = duplexPair();
  const [machine, hidden] = duplexPair();
  const ends = [new DuplexSocket(far), new DuplexSocket(hidden)] as const;
  const joined = pipeSockets(...ends);
  near.write('typed');
  machine.write('said');
  const [said] = (await once(near, 'data')) as [Buffer];
  const [typed] = (await once(machine, 'data')) as [Buffer];
  assert.deepEqual([String(said), String(typed)], ['said', 'typed']);
  near.end();
  await joined;
  assert.deepEqual(
    ends.map(({ readyState, reason }) => [readyState, reason]),
    [
      [3, ''],
      [3, ''],
    ],
  );
});

test('what was told at the end is known, and text frames are left out', async () => {
  const [near, far] = duplexPair();
  const socket = new DuplexSocket(far);
  socket.send('{"notice":"joined"}');
  socket.send(Buffer.from('bytes'));
  socket.close(1008, 'the right to it has ended');
  let heard = '';
  for await (const bytes of near) heard += String(bytes);
  assert.equal(heard, 'bytes');
  assert.equal(socket.reason, 'the right to it has ended');
});
