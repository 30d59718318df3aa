import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkSpecSchema, type LinkParams, type NetworkSpec } from '#api';
import { isFault } from '#lib';
import { TestHost } from '../testing/simulated-host.ts';
import { networkVerbs } from './networks.ts';

const specs = Array.from({ length: 4 }, (_, number) =>
  networkSpecSchema.parse({
    id: `20000000-0000-4000-8000-00000000000${number}`,
    name: `net-${number}`,
    type: 'internal',
    ipv4: null,
  }),
);

test('networks that are told in parts are taken whole with the last one, and parts of a telling that broke off are forgotten', async () => {
  await using host = await TestHost.make();
  const { networks } = host.host.driver;
  const configure = networkVerbs(host.host)['network.configure'];
  const tell = async (some: readonly NetworkSpec[], number: number, of: number): Promise<void> => {
    const told: LinkParams<'network.configure'> = {
      networks: [...some],
      spans: [],
      others: 'none',
      part: { number, of },
    };
    await configure(told, { signal: AbortSignal.timeout(5_000), progress: () => undefined });
  };
  const known = async (): Promise<readonly boolean[]> =>
    Promise.all(specs.map(async ({ id }) => (await networks.check(id)).length === 0));
  await tell(specs.slice(0, 1), 1, 2);
  assert.deepEqual(await known(), [false, false, false, false]);
  await tell(specs.slice(1, 2), 1, 2);
  await tell(specs.slice(2), 2, 2);
  assert.deepEqual(await known(), [false, true, true, true]);
  await assert.rejects(
    tell(
      Array.from({ length: 65_537 }, () => specs[0] as NetworkSpec),
      1,
      1,
    ),
    (error) => isFault(error, 'exhausted'),
  );
});
