/** Networks of hypervisors: nobody waits long for one, and what it told last is told as long as it says nothing else. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Host, HypervisorNetwork } from '#api';
import type { Coordinator } from '../context.ts';
import { hostNetworks, type HostLists } from './host-lists.ts';

const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f';
const lab = { name: 'lab', uuid, active: true, persistent: true, autostart: false };

function host(status: Host['status'] = 'ready', extensions = ['networks']): Host {
  const facts = { foreign: {}, extensions: extensions.map((name) => ({ name, of: 'host' })) };
  return { id: 'h1', name: 'h1', status, facts } as unknown as Host;
}

/** Answers one by one, as the test lets them. */
class Hypervisor {
  readonly answers: ((output: string) => void)[] = [];
  nowMs = 0;
  readonly networks: HostLists<HypervisorNetwork>;

  constructor() {
    const call = (): Promise<{ output: string }> =>
      new Promise((resolve) => this.answers.push((output) => resolve({ output })));
    const coordinator = {
      links: { call },
      clock: { now: () => this.nowMs },
      inventory: { document: () => ({}) },
    };
    this.networks = hostNetworks(coordinator as unknown as Coordinator);
  }

  answer(told: unknown): void {
    const answer = this.answers.shift();
    assert.ok(answer, 'nothing was asked');
    answer(JSON.stringify(told));
  }
}

async function patience(t: TestContext, asked: Promise<unknown>): Promise<unknown> {
  t.mock.timers.tick(1_000);
  return await asked;
}

test('one that answers is asked once for all who ask, and again after its answer has aged', async () => {
  const there = new Hypervisor();
  const asked = [there.networks.of(host()), there.networks.of(host())];
  there.answer([lab]);
  assert.deepEqual(await Promise.all(asked), [[lab], [lab]]);
  assert.deepEqual(await there.networks.of(host()), [lab]);
  assert.equal(there.answers.length, 0);
  there.nowMs += 2_001;
  const again = there.networks.of(host());
  there.answer([]);
  assert.deepEqual(await again, []);
});

test(
  'one that is slow is told of as it was, and its answer serves the next',
  { timeout: 10_000 },
  async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const there = new Hypervisor();
    assert.deepEqual(await patience(t, there.networks.of(host())), []);
    there.answer([lab]);
    assert.deepEqual(await there.networks.of(host()), [lab]);
    there.nowMs += 2_001;
    assert.deepEqual(await patience(t, there.networks.of(host())), [lab]);
  },
);

test('one that is away has its networks, inactive, and one that talks nonsense those that it had', async () => {
  const there = new Hypervisor();
  const asked = there.networks.of(host());
  there.answer([lab]);
  await asked;
  assert.deepEqual(await there.networks.of(host('unreachable')), [{ ...lab, active: false }]);
  there.networks.outdate('h1');
  const odd = there.networks.of(host());
  there.answer([{ name: 7 }]);
  assert.deepEqual(await odd, [lab]);
  assert.deepEqual(await there.networks.of(host('ready', [])), []);
});

test('what was asked before a change is not told after it', async () => {
  const there = new Hypervisor();
  const early = there.networks.of(host());
  there.networks.outdate('h1');
  const late = there.networks.of(host());
  assert.equal(there.answers.length, 2);
  there.answer([lab]);
  there.answer([]);
  await early;
  assert.deepEqual(await late, []);
  assert.deepEqual(await there.networks.of(host()), []);
});
