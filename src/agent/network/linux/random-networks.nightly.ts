/** Ten thousand random operations on the networks of a host, with interruptions: some ten minutes of an idle machine. */
import { suite, test } from 'node:test';
import { Place } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';
import { RandomNetworks } from '../../testing/random-networks.ts';

const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 1_000_000);
const operations = 10_000;
const limitMs = 3_600_000;

if (isInOwnNetwork(import.meta.filename, limitMs))
  void suite('random operations', () => {
    void test(`random operations leave exactly what the documents say (GANTRY_TEST_SEED=${seed})`, async (context) => {
      await using place = await Place.make();
      const done = await new RandomNetworks(place, seed).run(operations, 100);
      context.diagnostic(JSON.stringify(done));
    });
  });
