/** Moves between hosts go on to their end whichever of the three programs is killed on the way (docs/rfd/0030). */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { hashOf, MovingHosts } from './moving-hosts.ts';

suite('moves that are cut off', { skip: withoutQemu, concurrency: 1 }, () => {
  let hosts: MovingHosts;
  before(async () => {
    hosts = await MovingHosts.open();
  });
  after(() => hosts?.[Symbol.asyncDispose]());

  for (const [who, step] of [
    ['ada', 'depart'],
    ['bob', 'carry'],
    ['ada', 'carry'],
    ['coordinator', 'carry'],
    ['coordinator', 'switch'],
    ['bob', 'arrive'],
    ['coordinator', 'arrive'],
    ['ada', 'clear'],
  ] as const)
    void test(`a move goes on to its end although ${who} ends in its step ${step}`, async () => {
      const vm = `${who}-${step}`;
      const { stage, agents } = hosts;
      const file = await hosts.make(vm);
      const hash = hashOf(join(hosts.folder('ada', vm), file));
      const begun = hosts.untilStep(vm, step);
      const answer = await stage.send('POST', `/vms/${vm}/relocate`, { body: { host: 'bob' } });
      assert.equal(answer.status, 202, answer.text);
      const id = await begun;
      if (who === 'coordinator') await stage.restart();
      else {
        await agents[who].end('SIGKILL');
        agents[who].run();
      }
      const ended = await stage.coordinator.operations.wait(id, 120_000);
      assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
      for (const host of ['ada', 'bob'])
        await stage.until(() => stage.host(host)?.status === 'ready', `${host} is ready`, 60_000);
      await hosts.requireOn('bob', vm);
      assert.equal(hashOf(join(hosts.folder('bob', vm), file)), hash);
    });

  void test('a vm is on its first host again where the other one has lost all that had come', async () => {
    const { stage, agents } = hosts;
    const file = await hosts.make('lost');
    const { id: vmId } = hosts.vm('lost');
    const hash = hashOf(join(hosts.folder('ada', 'lost'), file));
    const frozen = hosts.untilStep('lost', 'switch').then((id) => {
      agents.bob.freeze();
      return id;
    });
    const answer = await stage.send('POST', '/vms/lost/relocate', { body: { host: 'bob' } });
    assert.equal(answer.status, 202, answer.text);
    const id = await frozen;
    await hosts.untilStep('lost', 'arrive');
    await agents.bob.end('SIGKILL');
    await rm(join(stage.folder, 'agent-bob', 'arrivals', `${vmId}.json`));
    await rm(hosts.folder('bob', 'lost'), { recursive: true });
    agents.bob.run();
    const ended = await stage.coordinator.operations.wait(id, 120_000);
    assert.deepEqual([ended.state, ended.fault?.code], ['failed', 'not-found']);
    await hosts.requireOn('ada', 'lost');
    assert.equal(hashOf(join(hosts.folder('ada', 'lost'), file)), hash);
    await hosts.do('POST', '/vms/lost/actions/turn-on');
    await hosts.do('POST', '/vms/lost/actions/turn-off');
  });
});
