/** Lists and statistics that are kept tell at once what has changed. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MachineRecord, VmState } from '#api';
import { present } from '#lib';
import { connectLibvirt, type Client } from '#libvirt';
import type { VmDocument } from '../documents.ts';
import { sample } from '../inventory/testing/documents.ts';
import { FakeAgent, load, makeDefinition, makeRecord, makeReport } from '../testing/fake-agent.ts';
import type { Json } from '../store/store.ts';
import { Stage } from '../testing/stage.ts';

/** VIR_CONNECT_LIST_DOMAINS_ACTIVE and INACTIVE. */
const all = 3;
const active = 1;

interface Shown {
  readonly listed: readonly string[];
  readonly active: readonly string[];
  /** Name and state, by each of both ways of asking. */
  readonly states: readonly string[];
  readonly figures: readonly string[];
}

async function ask(client: Client): Promise<Shown> {
  const list = async (flags: number): Promise<readonly string[]> => {
    const asked = { need_results: 1, flags };
    const { domains } = await client.call('CONNECT_LIST_ALL_DOMAINS', asked);
    return domains.map(({ name, id }) => `${name} ${id > 0}`).toSorted();
  };
  const stats = async (groups: number, field: string): Promise<readonly string[]> => {
    const asked = { doms: [], stats: groups, flags: 0 };
    const { retStats } = await client.call('CONNECT_GET_ALL_DOMAIN_STATS', asked);
    return retStats
      .map(({ dom, params }) => {
        const param = params.find((one) => one.field === field);
        return `${dom.name} ${param === undefined ? '-' : String(param.value)}`;
      })
      .toSorted();
  };
  return {
    listed: await list(all),
    active: await list(active),
    states: await stats(1, 'state.state'),
    figures: await stats(0, 'balloon.rss'),
  };
}

test('a vm that starts, stops, comes, goes or is renamed is so in the next answer', async () => {
  await using stage = await Stage.open();
  await using agent = await FakeAgent.join(stage, 'ada');
  const one = makeDefinition('one');
  const two = makeDefinition('two');
  await agent.connect([makeRecord(one), makeRecord(two)]);
  await using client = await connectLibvirt(
    `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`,
  );
  const holds = async (listed: readonly string[], states: readonly string[]): Promise<void> => {
    const expected = { listed, active: listed.filter((text) => text.endsWith('true')), states };
    // Asked twice, so that what is kept is told too.
    for (const shown of [await ask(client), await ask(client)]) {
      const { figures, ...rest } = shown;
      assert.deepEqual(rest, expected);
      assert.equal(figures.length, listed.length);
    }
  };
  const turn = async (state: VmState): Promise<void> => {
    agent.send({ type: 'reports', reports: [makeReport(one, { state })] });
    await stage.until(() => stage.vm('one')?.state === state, `it is ${state}`);
  };
  await stage.until(() => stage.vm('two')?.state === 'off', 'they are there');
  await holds(['one false', 'two false'], ['one 5', 'two 5']);
  await turn('running');
  await holds(['one true', 'two false'], ['one 1', 'two 5']);
  await turn('paused');
  await holds(['one true', 'two false'], ['one 3', 'two 5']);
  await turn('off');
  await holds(['one false', 'two false'], ['one 5', 'two 5']);
  const tell = (...machines: readonly MachineRecord[]): void =>
    agent.send({ type: 'records', machines: [...machines] });
  const three = makeRecord(makeDefinition('three'), 0, { state: 'running' });
  tell(makeRecord(one), makeRecord(two), three);
  await stage.until(() => stage.vm('three')?.state === 'running', 'the third one is there');
  await holds(['one false', 'three true', 'two false'], ['one 5', 'three 1', 'two 5']);
  await stage.coordinator.commit({
    writes: [
      {
        kind: 'vm',
        id: two.id,
        data: {
          ...present(stage.coordinator.inventory.document<VmDocument>('vm', two.id)?.data, 'two'),
          definition: { ...two, name: 'zwei' },
        } as unknown as Json,
      },
    ],
  });
  await holds(['one false', 'three true', 'zwei false'], ['one 5', 'three 1', 'zwei 5']);
  await stage.coordinator.commit({ writes: [{ kind: 'vm', id: one.id, delete: true }] });
  await holds(['three true', 'zwei false'], ['three 1', 'zwei 5']);
  await agent.close();
  await stage.until(() => stage.vm('three')?.state === 'unknown', 'its host is away');
  await holds(['three false', 'zwei false'], ['three 0', 'zwei 0']);
});

test('what a vm takes up is told from its first figure on, and each figure as it is then', async () => {
  await using stage = await Stage.open();
  await using agent = await FakeAgent.join(stage, 'ada');
  const one = makeDefinition('one');
  await agent.connect([makeRecord(one, 0, { state: 'running' })]);
  await using client = await connectLibvirt(
    `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`,
  );
  await stage.until(() => stage.vm('one')?.state === 'running', 'it runs');
  assert.deepEqual((await ask(client)).figures, ['one -']);
  for (const memoryBytes of [5 * 1024 ** 2, 7 * 1024 ** 2]) {
    const told = { ...sample('one', 1), id: one.id, memoryBytes };
    agent.send({ type: 'samples', load, samples: [told] });
    await stage.until(() => stage.vm('one')?.status.memoryBytes === memoryBytes, 'it is told');
    assert.deepEqual((await ask(client)).figures, [`one ${memoryBytes / 1024}`]);
  }
});
