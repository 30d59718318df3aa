import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';
import { isFault } from '#lib';
import { readExactly } from '#rfb';
import { unlockScreen } from './unlock-screen.ts';

const { signal } = new AbortController();
const text = async (stream: Duplex, length: number): Promise<string> =>
  (await readExactly(stream, length, signal)).toString('latin1');

/** A screen with the password "secret", which knows one challenge and its answer. */
async function serve(screen: Duplex, result: readonly number[]): Promise<string> {
  screen.write('RFB 003.008\n');
  await readExactly(screen, 12, signal);
  screen.write(Buffer.from([2, 16, 2]));
  assert.equal(await text(screen, 1), '\x02');
  screen.write(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'));
  const answer = (await readExactly(screen, 16, signal)).toString('hex');
  screen.write(Buffer.from(result));
  return answer;
}

void test('a screen is given its password, and whoever looks is asked for nothing', async () => {
  const [near, far] = duplexPair();
  const served = serve(far, [0, 0, 0, 0]);
  const viewer = await unlockScreen(near, 'secret', signal);
  assert.equal(await served, 'ee22539f33a5983ec12f9c2edbc995dd');
  assert.equal(await text(viewer, 12), 'RFB 003.008\n');
  viewer.write('RFB 003.008\n');
  assert.equal(await text(viewer, 2), '\x01\x01');
  viewer.write('\x01');
  assert.equal(await text(viewer, 4), '\0\0\0\0');
  // From here on it is the screen that speaks.
  viewer.write('init');
  assert.equal(await text(far, 4), 'init');
  far.write('picture');
  assert.equal(await text(viewer, 7), 'picture');
  viewer.destroy();
  await assert.rejects(readExactly(far, 1, signal), (error) => isFault(error, 'unavailable'));
});

void test('a screen that does not take the password says why', async () => {
  const [near, far] = duplexPair();
  const served = serve(far, [0, 0, 0, 1, 0, 0, 0, 3, 98, 97, 100]);
  await assert.rejects(unlockScreen(near, 'other', signal), (error) => {
    assert.ok(isFault(error, 'unauthenticated'));
    assert.equal((error.cause as Error).message, 'bad');
    return true;
  });
  await served;
});
