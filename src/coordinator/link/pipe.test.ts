import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { pipeSockets, type ByteSocket } from './pipe.ts';

/** One end that the test plays; what was sent to it waits until it is taken. */
class Peer extends EventEmitter implements ByteSocket {
  readonly OPEN = 1;
  readonly CLOSED = 3;
  readonly protocol = '';
  readyState = 1;
  bufferedAmount = 0;
  terminated = false;

  send(data: Buffer | string): void {
    this.bufferedAmount += data.length;
  }

  close(): void {
    this.readyState = 2;
  }

  terminate(): void {
    this.terminated = true;
    this.end();
  }

  end(): void {
    this.readyState = this.CLOSED;
    this.emit('close', 1000);
  }

  pause(): void {}
  resume(): void {}
}

test('what was sent before one end closed goes on as long as the other takes it, and no longer', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [sender, taker] = [new Peer(), new Peer()];
  const joined = pipeSockets(sender, taker);
  sender.emit('message', Buffer.alloc(900_000), true);
  sender.end();
  for (let turn = 0; turn < 5; turn += 1) {
    taker.bufferedAmount -= 100_000;
    t.mock.timers.tick(2_000);
    assert.equal(taker.terminated, false, `it takes ${turn}`);
  }
  t.mock.timers.tick(2_000);
  assert.equal(taker.terminated, true, 'it takes nothing more');
  await joined;
});

test('an end that has taken all and does not close is ended', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [sender, taker] = [new Peer(), new Peer()];
  const joined = pipeSockets(sender, taker);
  sender.end();
  t.mock.timers.tick(2_000);
  assert.equal(taker.terminated, true);
  await joined;
});
