/** All records of a host against what the store has, told by an agent made of bytes over a real connection. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import type { Event, MachineRecord, Problem, Vm, VmDefinition } from '#api';
import { Fault } from '#lib';
import { FakeAgent, makeDefinition, makeRecord, makeReport } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
let hosts = 0;

before(async () => {
  stage = await Stage.open({ times: { graceMs: 150, reconnectMs: 400, pingIntervalMs: 100 } });
});
after(() => stage[Symbol.asyncDispose]());
beforeEach(async () => {
  await agent?.[Symbol.asyncDispose]();
  hosts += 1;
  agent = await FakeAgent.join(stage, `h${hosts}`);
});

async function events(filter: string): Promise<readonly Event[]> {
  const query = encodeURIComponent(filter);
  const { json } = await stage.send('GET', `/events?limit=1000&sort=seq&filter=${query}`);
  return (json as { items: Event[] }).items;
}

function namesOf(list: readonly Event[]): readonly string[] {
  return list.map(({ name }) => name);
}

describe('records', { timeout: 20_000 }, () => {
  const shown = (name: string): Vm => {
    const vm = stage.vm(name);
    assert.ok(vm !== undefined, name);
    return vm;
  };

  test('HOST-31 EVT-76 vms that are not known are found, under a free name, with events', async () => {
    const one = makeDefinition(`found-${agent.name}`);
    const two = makeDefinition(`found-${agent.name}`);
    agent.handlers['machine.configure'] = ({ id }: { id: string }) => ({
      report: makeReport(id === one.id ? one : two),
    });
    await agent.connect([makeRecord(one), makeRecord(two)]);
    assert.equal(shown(one.name).folder, '/');
    assert.equal(shown(`${one.name} (2)`).id, two.id);
    assert.deepEqual(namesOf(await events(`target.id = ${one.id}`)), [
      'vm.discovered',
      'vm.created',
    ]);
    // The agent learns the name that was chosen.
    await agent.until(
      (message) => message.type === 'call' && (message.params as { id: string }).id === two.id,
    );
  });

  test('FED-16 equal names of two hosts are told apart by host, and a name that can mean both does nothing', async () => {
    const name = `both-${agent.name}`;
    const [first, second] = [makeDefinition(name), makeDefinition(name)];
    await agent.connect([makeRecord(first, 1)]);
    await using other = await FakeAgent.join(stage, `${agent.name}-other`);
    other.handlers['machine.configure'] = () => ({ report: makeReport(second) });
    await other.connect([makeRecord(second, 1)]);
    const [here, there] = [`${name}@${agent.name}`, `${name}@${other.name}`];
    assert.equal(shown(there).id, second.id);
    assert.equal(shown(here).id, first.id);
    const { status, json } = await stage.send('POST', `/vms/${name}/actions/turn-off`);
    assert.equal(status, 404);
    const problem = json as Problem;
    assert.equal(problem.detail, `${name} can be ${here}, ${there}`);
    assert.deepEqual(problem.facts?.['names'], [here, there]);
    const token = await stage.addUser('of-first', [
      { role: 'vm-administrator', objectKind: 'vm', object: first.id },
    ]);
    const seen = (await stage.send('GET', `/vms/${name}`, { token })).json as Problem;
    assert.deepEqual(seen.facts?.['names'], [here]);
    const { json: operations } = await stage.send('GET', '/operations');
    assert.deepEqual((operations as { items: unknown[] }).items, []);
  });

  test('HW-35 vms with equal serial numbers are told as a conflict', async () => {
    const chassis = { assetTag: '1', serialNumber: '0544-5904-3417-7151-3013-2390-69' };
    const bios = { chassis, baseBoard: { serialNumber: null } };
    const make = (name: string): MachineRecord => {
      const definition = makeDefinition(name);
      return makeRecord({ ...definition, hardware: { ...definition.hardware, bios } }, 1);
    };
    await agent.connect([make(`twin-a-${agent.name}`), make(`twin-b-${agent.name}`)]);
    const [conflict] = await events(`name = vm.conflict AND target.name = twin-b-${agent.name}`);
    assert.equal(conflict?.attributes['other'], `twin-a-${agent.name}`);
  });

  test('HOST-31 EVT-76 a known vm that the host no longer has is shown as unknown, with the reason', async () => {
    const definition = makeDefinition(`gone-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    await agent.close();
    await agent.connect([]);
    assert.equal(shown(definition.name).state, 'unknown');
    assert.match(shown(definition.name).status.lastFault?.message ?? '', /no vm gone-/);
    const told = await events(`target.id = ${definition.id} AND attributes.how = vanished`);
    assert.deepEqual(
      told.map(({ actor }) => actor.kind),
      ['external'],
    );
  });

  test('a definition that changed while the host was away is sent when it is back', async () => {
    const definition = makeDefinition(`later-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    await agent.close();
    const { id, version } = shown(definition.name);
    const { inventory } = stage.coordinator;
    const document = inventory.document<{ definition: object; revision: number }>('vm', id)?.data;
    await stage.coordinator.commit({
      conditions: [{ kind: 'vm', id, version }],
      writes: [
        {
          kind: 'vm',
          id,
          data: {
            ...document,
            definition: { ...document?.definition, description: 'new' },
            revision: 2,
          },
        },
      ],
    });
    agent.handlers['machine.configure'] = () => ({ report: makeReport(definition) });
    await agent.connect([makeRecord(definition, 1)]);
    const call = await agent.until(
      (message) => message.type === 'call' && message.method === 'machine.configure',
    );
    assert.ok(call.type === 'call');
    const sent = call.params as { definition: { description: string }; definitionVersion: number };
    assert.equal(sent.definition.description, 'new');
    assert.equal(sent.definitionVersion, 2);
  });

  test('EVT-24 EVT-76 what was changed outside of Gantry is taken over and told as done by external', async () => {
    const definition = makeDefinition(`outside-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    await agent.close();
    agent.handlers['machine.configure'] = () => ({ report: makeReport(definition) });
    await agent.connect([makeRecord({ ...definition, description: 'by hand' }, 1)]);
    assert.equal(shown(definition.name).definition.description, 'by hand');
    const [change] = await events(`target.id = ${definition.id} AND attributes.path = description`);
    assert.equal(change?.actor.kind, 'external');
    assert.equal(change?.attributes['newValue'], 'by hand');
    const found = await events(`target.id = ${definition.id} AND name = vm.discovered`);
    assert.deepEqual(
      found.map(({ attributes }) => attributes['how']),
      ['new', 'changed'],
    );
  });

  test('a store that is an older copy takes newer definitions and generations from the agent', async () => {
    const definition = makeDefinition(`restored-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    await agent.close();
    const newer = { ...definition, description: 'newer' };
    await agent.connect([makeRecord(newer, 7, { generation: 9 })]);
    assert.equal(shown(definition.name).definition.description, 'newer');
    assert.equal(shown(definition.name).generation, 9);
  });

  test('a UUID that two hosts carry stays with the first and is told as a conflict', async () => {
    const definition = makeDefinition(`double-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    await using other = await FakeAgent.join(stage, `other-of-${agent.name}`);
    await other.connect([makeRecord(definition, 1)]);
    assert.equal(shown(definition.name).host, agent.name);
    const [conflict] = await events(`name = vm.conflict AND target.id = ${definition.id}`);
    assert.equal(conflict?.attributes['what'], 'UUID');
  });

  /** The vm while an operation has it that waits for its host, until it is let go. */
  async function heldVm(t: TestContext, name: string) {
    const definition = makeDefinition(name);
    await agent.connect([makeRecord(definition, 1)]);
    const held = Promise.withResolvers<void>();
    t.after(() => held.resolve());
    agent.handlers['machine.configure'] = async () => {
      await held.promise;
      return { report: makeReport(definition) };
    };
    const change = stage.act('PATCH', `/vms/${name}`, { description: 'ours' });
    await agent.until(
      (message) => message.type === 'call' && message.method === 'machine.configure',
    );
    const { skippedRecords } = stage.coordinator;
    const isSkipped = (): boolean => skippedRecords.of(agent.hostId).includes(definition.id);
    const letGo = async (): Promise<void> => {
      held.resolve();
      assert.equal((await change).state, 'done');
    };
    return { definition, isSkipped, letGo };
  }

  test('what a host tells of a vm while an operation has it is read once when that has ended', async (t) => {
    const { definition, isSkipped, letGo } = await heldVm(t, `held-${agent.name}`);
    const byHand = { ...definition, description: 'by hand' };
    agent.handlers['machine.look'] = () => ({ record: makeRecord(byHand, 2) });
    agent.send({ type: 'records', machines: [makeRecord(byHand, 1)] });
    await stage.until(isSkipped, 'it is left to the operation');
    assert.equal(shown(definition.name).definition.description, 'ours');
    assert.equal(agent.calls('machine.look').length, 0);
    await letGo();
    await stage.until(
      () => shown(definition.name).definition.description === 'by hand',
      'what is there now',
    );
    assert.equal(agent.calls('machine.look').length, 1);
    assert.ok(!isSkipped());
  });

  test('a copy that its host tells of before it is whole is left to the operation that makes it', async (t) => {
    const source = makeDefinition(`source-${agent.name}`);
    const name = `copy-${agent.name}`;
    await agent.connect([makeRecord(source, 1)]);
    const asked = Promise.withResolvers<VmDefinition>();
    const held = Promise.withResolvers<void>();
    t.after(() => held.resolve());
    agent.handlers['machine.clone'] = async ({ definition }: { definition: VmDefinition }) => {
      asked.resolve(definition);
      await held.promise;
      return { report: makeReport(definition) };
    };
    const cloning = stage.act('POST', `/vms/${source.name}/clone`, { name });
    const copy = await asked.promise;
    agent.handlers['machine.look'] = () => ({ record: makeRecord(copy, 1) });
    agent.send({ type: 'records', machines: [makeRecord(source, 1), makeRecord(copy, 1)] });
    const { skippedRecords } = stage.coordinator;
    await stage.until(
      () => skippedRecords.of(agent.hostId).includes(copy.id),
      'it is left to the operation',
    );
    assert.equal(stage.coordinator.inventory.vm(copy.id), undefined);
    held.resolve();
    assert.equal((await cloning).state, 'done');
    assert.equal(shown(name).id, copy.id);
    const told = namesOf(await events(`target.id = ${copy.id}`));
    assert.deepEqual(told, ['vm.created', 'vm.clone.not-generalised']);
  });

  test('a vm that vanishes while an operation has it is told as vanished when that has ended', async (t) => {
    const { definition, isSkipped, letGo } = await heldVm(t, `lost-${agent.name}`);
    agent.handlers['machine.look'] = () => {
      throw new Fault('not-found', 'there is no such vm');
    };
    agent.send({ type: 'records', machines: [] });
    await stage.until(isSkipped, 'it is left to the operation');
    assert.equal(shown(definition.name).state, 'off');
    await letGo();
    await stage.until(() => shown(definition.name).state === 'unknown', 'it is gone');
  });
});
