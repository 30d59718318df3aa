/** What is told of networks that were found other than they were left. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { spec } from '../../testing/network-place.ts';
import { Mends, wrongsOf, type Cable } from './mends.ts';
import type { Call, NetworkPlan } from './plan.ts';

const wired = spec(1, { type: 'bridged', adapter: 'eno1' });
const up: Call = ['link', 'set', 'dev', 'gbr0', 'up'];
const plan = (...calls: readonly Call[]): NetworkPlan => ({
  bridge: 'gbr0',
  ownBridge: 'gbr0',
  calls,
  down: [],
  degraded: [],
});

function listening(): {
  readonly mends: Mends;
  readonly told: string[];
  readonly clock: { nowMs: number };
} {
  const told: string[] = [];
  const clock = { nowMs: 0 };
  const mends = new Mends(({ name }, what) => told.push(`${name}: ${what}`), {
    now: () => clock.nowMs,
    sleep: () => Promise.resolve(),
  });
  return { mends, told, clock };
}

void suite('what was mended', () => {
  void test('calls that were made already say what has happened since', () => {
    const cases: readonly (readonly [Call[], string[]])[] = [
      [
        [['address', 'add', '10.1.1.1/24', 'dev', 'gbr0']],
        ['its address 10.1.1.1/24 was taken away'],
      ],
      [
        [['address', 'del', '10.9.9.9/24', 'dev', 'gbr0']],
        ['its bridge had the address 10.9.9.9/24'],
      ],
      [
        [['link', 'set', 'dev', 'eno1', 'master', 'gbr0'], up],
        ['eno1 was not in its bridge', 'gbr0 was set down'],
      ],
      [
        [['link', 'set', 'dev', 'gbr0', 'address', '52:47:5a:00:00:01']],
        ['settings of gbr0 were changed'],
      ],
      [
        [['link', 'add', 'link', 'eno1', 'name', 'gnew-1', 'type', 'vlan', 'id', '7'], up],
        ['its VLAN was deleted'],
      ],
      [
        [
          ['link', 'add', 'name', 'gnew-1', 'type', 'bridge', 'forward_delay', '0'],
          ['link', 'set', 'dev', 'gnew-1', 'alias', 'gantry'],
          ['link', 'set', 'dev', 'gnew-1', 'name', 'gbr0'],
          ['address', 'add', '10.1.1.1/24', 'dev', 'gbr0'],
          up,
        ],
        ['its bridge was deleted'],
      ],
    ];
    for (const [calls, wrongs] of cases) assert.deepEqual(wrongsOf(calls), wrongs);
  });

  void test('what is made or asked for is no wrong: the first time, with other settings, in another part', () => {
    const { mends, told } = listening();
    const round = (
      network: typeof wired,
      part: 'serves' | 'takes-part',
      one: NetworkPlan,
    ): void => {
      mends.carried(network, part, one);
      mends.tell([network]);
    };
    round(wired, 'serves', plan(up));
    round({ ...wired, promiscuous: true }, 'serves', plan(up));
    round({ ...wired, promiscuous: true }, 'takes-part', plan(up));
    round(wired, 'serves', { bridge: 'br-own', calls: [up], down: [], degraded: [] });
    round(wired, 'serves', plan(up));
    mends.tell([]);
    round(wired, 'serves', plan(up));
    assert.deepEqual(told, []);
    round(wired, 'serves', plan(up));
    assert.deepEqual(told, ['net-1: gbr0 was set down']);
  });

  void test('a cable that somebody pulled out is a wrong, one that moves or comes is none', () => {
    const { mends, told } = listening();
    const cable = (bridge: string | null, ...calls: readonly Call[]): Cable => {
      return { key: 'vm/0', tap: 'gtap0', network: wired.id, bridge, calls };
    };
    const plugIn: Call = ['link', 'set', 'dev', 'gtap0', 'master', 'gbr0', 'up'];
    for (const cables of [
      [cable('gbr0', plugIn)],
      [cable('gbr1', plugIn)],
      [],
      [cable('gbr1', plugIn)],
    ]) {
      mends.plugged(cables);
      mends.tell([wired]);
    }
    assert.deepEqual(told, []);
    mends.plugged([cable('gbr1', plugIn)]);
    mends.tell([wired]);
    assert.deepEqual(told, ['net-1: gtap0 was not in its bridge']);
  });

  void test('what is undone again and again is told once a minute, with how often', () => {
    const { mends, told, clock } = listening();
    for (let time = 0; time < 61; time += 1) {
      clock.nowMs = time * 1_000;
      mends.note(wired.id, 'its rules were changed');
      mends.tell([wired]);
    }
    assert.deepEqual(told, [
      'net-1: its rules were changed',
      'net-1: its rules were changed, and 59 times more since that was told',
    ]);
    clock.nowMs += 3_600_000;
    mends.note(wired.id, 'its rules were changed');
    mends.note(wired.id, 'its service had ended');
    mends.tell([wired]);
    assert.equal(told[2], 'net-1: its rules were changed; its service had ended');
  });
});
