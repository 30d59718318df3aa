/** File systems of a guest that are held still, with an agent of a guest that is made up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import { silentLog } from '#log';
import type { GuestAgent } from '#qemu';
import { HeldClock } from '../../../testing/held-clock.ts';
import type { Observation } from '../../driver.ts';
import { GuestFreeze } from './freeze.ts';

const signal = new AbortController().signal;

interface Scene extends Disposable {
  readonly clock: HeldClock;
  readonly freeze: GuestFreeze;
  readonly seen: Observation[];
  /** What the guest is asked. */
  readonly asked: string[];
  readonly guest: { frozen: boolean; count: number; silent: boolean; refuses: string | undefined };
  readonly agent: GuestAgent;
}

function scene(): Scene {
  const clock = new HeldClock();
  const seen: Observation[] = [];
  const asked: string[] = [];
  const guest: Scene['guest'] = { frozen: false, count: 2, silent: false, refuses: undefined };
  const execute = async (command: string): Promise<unknown> => {
    asked.push(command.replace('guest-fsfreeze-', ''));
    if (guest.silent) throw new Fault('timeout', 'the guest does not answer');
    if (guest.refuses === command) throw new Fault('refused', 'it will not');
    if (command === 'guest-fsfreeze-status') return guest.frozen ? 'frozen' : 'thawed';
    const before = guest.frozen;
    guest.frozen = command !== 'guest-fsfreeze-thaw' && guest.count > 0;
    return before === guest.frozen ? 0 : guest.count;
  };
  const agent = { execute } as unknown as GuestAgent;
  const freeze = new GuestFreeze({
    agent: () => agent,
    occupy: () => ({ [Symbol.dispose]: () => undefined }),
    clock,
    observer: (observation) => seen.push(observation),
    log: silentLog,
  });
  return {
    clock,
    freeze,
    seen,
    asked,
    guest,
    agent,
    [Symbol.dispose]: () => freeze[Symbol.dispose](),
  };
}

const all = { mountPoints: [], limitMs: 60_000 };

test('what is held still is let go at its limit, also by a guest that does not answer then, and that is told once', async () => {
  using at = scene();
  const held = await at.freeze.begin(all, signal);
  assert.deepEqual(held, { state: 'frozen', fileSystems: 2, untilMs: at.clock.now() + 60_000 });
  await at.clock.advance(30_000);
  const later = await at.freeze.begin(all, signal);
  assert.deepEqual([later.fileSystems, later.untilMs], [0, at.clock.now() + 60_000]);
  await at.clock.advance(59_000);
  assert.equal(at.guest.frozen, true);
  at.guest.silent = true;
  await at.clock.advance(5_000);
  assert.deepEqual(at.seen, []);
  at.guest.silent = false;
  await at.clock.advance(10_000);
  assert.deepEqual(at.seen, [{ kind: 'thawed', fileSystems: 2 }]);
  assert.equal(at.guest.frozen, false);
  assert.equal(at.clock.waiting, 0);
});

test('what is let go on request has no end left, nor has that of a machine that is gone', async () => {
  using at = scene();
  await at.freeze.begin(all, signal);
  const done = await at.freeze.end(signal);
  assert.deepEqual(done, { state: 'thawed', fileSystems: 2, untilMs: null });
  assert.equal(at.clock.waiting, 0);
  await at.freeze.begin(all, signal);
  at.freeze[Symbol.dispose]();
  assert.equal(at.clock.waiting, 0);
});

test('who finds file systems held by somebody before gives them an end, and asks no guest that holds none', async () => {
  using at = scene();
  at.guest.frozen = true;
  assert.equal(await at.freeze.holds(at.agent, signal), true);
  await at.clock.advance(599_000);
  assert.equal(at.guest.frozen, true);
  await at.clock.advance(1_000);
  assert.equal(at.guest.frozen, false);
  const before = at.asked.length;
  assert.equal(await at.freeze.holds(at.agent, signal), false);
  assert.equal(at.asked.length, before);
  // Another guest, or another agent in it.
  at.guest.frozen = true;
  at.freeze.forget();
  assert.equal(await at.freeze.holds(at.agent, signal), true);
});

test('a snapshot holds what is not held yet, and nobody else ends that', async () => {
  using at = scene();
  assert.equal(await at.freeze.take(signal), 'taken');
  for (const work of [at.freeze.begin(all, signal), at.freeze.end(signal)])
    await assert.rejects(
      work,
      (error) => isFault(error, 'refused') && /snapshot/.test(error.message),
    );
  at.guest.frozen = false;
  at.freeze.leave();
  await at.freeze.begin(all, signal);
  assert.equal(await at.freeze.take(signal), 'none');
  assert.equal((await at.freeze.end(signal)).fileSystems, 2);
});

test('a guest with nothing to hold goes on as it was', async () => {
  using at = scene();
  at.guest.count = 0;
  const done = await at.freeze.begin(all, signal);
  assert.deepEqual(done, { state: 'thawed', fileSystems: 0, untilMs: null });
  assert.equal(at.clock.waiting, 0);
});

test('a guest that fails to hold them is told to let go of those that it holds', async () => {
  using at = scene();
  at.guest.refuses = 'guest-fsfreeze-freeze';
  await assert.rejects(at.freeze.begin(all, signal), (error) => isFault(error, 'refused'));
  assert.deepEqual(at.asked, ['status', 'freeze', 'thaw']);
  assert.equal(at.clock.waiting, 0);
});
